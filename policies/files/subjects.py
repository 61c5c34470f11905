"""What policies may be about: opportunities, won deals, leads; and accounts, which nothing judges."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from model.facts import FACTS
from model.lead_facts import LEAD_FACTS
from policies.language import Chain, Condition, FactRef, Stands

if TYPE_CHECKING:
    from collections.abc import Mapping

    from model.facts import Fact
    from policies.files.policy import Policy, PolicySet, Subject

DEALS: Final[frozenset[Subject]] = frozenset({"opportunity", "won deal"})
"""Subjects that are rows of the wide frame of deals."""
WON: Final = Condition("is_won", Stands(FactRef("is_won", "yes/no")))


def where_it_applies(policy: Policy) -> Condition | None:
    """The policy's `applies_to`; of one about won deals only among those that are won."""
    if policy.subject != "won deal":
        return policy.applies_to
    if policy.applies_to is None:
        return WON
    own = policy.applies_to
    parts = own.tree.parts if isinstance(own.tree, Chain) and own.tree.word == "and" else (own.tree,)
    return replace(own, text=f"is_won and ({own.text})", tree=Chain("and", (WON.tree, *parts)))


NO_REPLAY: Final[dict[Subject, str]] = {
    "won deal": "a replay judges deals on the days they were open",
    "lead": "leads have no replay",
}
"""Why policies about a subject are left out of a replay."""


def facts_of(subject: Subject) -> Mapping[str, Fact]:
    """The standard facts of what a policy is about."""
    return LEAD_FACTS if subject == "lead" else FACTS


def about(policies: PolicySet, *subjects: Subject) -> tuple[Policy, ...]:
    """The policies of the set about one of these, those that are off everywhere left out."""
    return tuple(policy for policy in policies.policies if policy.subject in subjects and _judged(policy))


def _judged(policy: Policy) -> bool:
    return policy.mode != "off" or any(case.mode != "off" for case in policy.modes)
