"""What a rule measures: the fields by whose change a flag of it can be cleared."""

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
"""What a fact also looks at beside its needs."""


def measured(rule: Rule) -> frozenset[str]:
    """Columns of a deal, mapped facts, `activities` and `contact_roles` that the rule's condition looks at.

    `applies_to` says whose flags these are, and is not measured: who takes a deal out of a rule's reach has not done
    what it asks for. A criterion is also answered by the move back to the stage whose gate was missed.
    """
    fields = {field for fact in rule.condition.facts for field in _fields(fact)}
    return frozenset(fields | ({"stage_name"} if rule.place else set()))


def _fields(fact: str) -> set[str]:
    needs = FACTS[fact].needs if fact in FACTS else ()
    return {fact, *(FED.get(need, need) for need in needs if need != "mapping"), *PLANNED.get(fact, ())}


def meaning_of(rule: Rule, policies: PolicySet) -> str:
    """Changes when the rule could say something else of the same deal."""
    if rule.place is None:
        return rule.revision or revision((rule.condition, rule.applies_to, rule.mode))
    place = rule.place
    own = next(process for process in policies.processes if process.id == place.process.id)
    return revision((place.criterion, place.side, place.stage, place.order, own.applies_to, own.rollout))
