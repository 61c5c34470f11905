"""What a rule measures: the fields that clear its flag when they change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from model.facts import FACTS
from policies.files import revision

if TYPE_CHECKING:
    from policies.files import PolicySet
    from policies.judging.rules import Rule

FED: Final = {"stage_history": "stage_name", "date_history": "close_date"}
"""Feeds that are the history of one column."""
PLANNED: Final = {"has_next_step": ("activities",), "has_economic_buyer": (), "has_champion": ()}
"""What a fact also looks at, besides its needs."""


def measured(rule: Rule) -> frozenset[str]:
    """Columns of a deal, mapped facts, `activities` and `contact_roles` that the rule's condition looks at.

    `applies_to` says which deals the rule is about, and is not measured: a person who takes a deal out of its reach
    has not done what the rule asks for. A criterion is also answered by the move back through the missed gate.
    """
    fields = {field for fact in rule.condition.facts for field in _fields(fact)}
    return frozenset(fields | ({"stage_name"} if rule.place else set()))


def _fields(fact: str) -> set[str]:
    needs = [need for need in FACTS[fact].needs if need != "mapping"] if fact in FACTS else []
    return {fact, *(FED.get(need, need.removesuffix("_history")) for need in needs), *PLANNED.get(fact, ())}


def meaning_of(rule: Rule, policies: PolicySet) -> str:
    """A text that changes when the rule could judge the same deal differently."""
    if rule.place is None:
        return rule.revision or revision((rule.condition, rule.applies_to, rule.mode))
    place = rule.place
    own = next(process for process in policies.processes if process.id == place.process.id)
    return revision((place.criterion, place.side, place.stage, place.order, own.applies_to, own.rollout))
