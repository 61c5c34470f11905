"""The policies about a subject, and where they apply."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from model.subjects import SUBJECTS
from policies.language import Chain, Condition, FactRef, Stands

if TYPE_CHECKING:
    from model.subjects import Subject
    from policies.files.policy import Policy, PolicySet


def where_it_applies(policy: Policy) -> Condition | None:
    """The policy's `applies_to`; of one about some records of a table only among those."""
    only, own = SUBJECTS[policy.subject].only, policy.applies_to
    if not only:
        return own
    narrow = Condition(only, Stands(FactRef(only, "yes/no")))
    if own is None:
        return narrow
    parts = own.tree.parts if isinstance(own.tree, Chain) and own.tree.word == "and" else (own.tree,)
    return replace(own, text=f"{only} and ({own.text})", tree=Chain("and", (narrow.tree, *parts)))


def about(policies: PolicySet, subject: Subject) -> tuple[Policy, ...]:
    """The policies about records of the subject's table, those that are off everywhere left out."""
    return tuple(p for p in policies.policies if SUBJECTS[p.subject].table == subject.table and is_judged(p))


def is_judged(policy: Policy) -> bool:
    """Whether it is about something that is judged, and not off everywhere."""
    on = policy.mode != "off" or any(case.mode != "off" for case in policy.modes)
    return on and SUBJECTS[policy.subject].judged
