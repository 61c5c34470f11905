"""What a CRM's own rules can say of the gates: values that every CRM shares, and why most facts are beyond them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from model.facts import FACTS
from model.widening.mapped_facts import combined

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from model.process import Place
    from model.sync import Description
    from policies.files import PolicySet
    from policies.language import Condition

BY_FEED: Final = {
    "activities": "{name} follows from activities, which the CRM's rules do not see",
    "stage_history": "{name} follows from the history of stages, which the CRM's rules do not see",
    "date_history": "{name} follows from the history of a field, which the CRM's rules do not see",
    "contact_roles": "{name} follows from contacts and their roles, which the CRM's rules do not see",
    "owner_id": "{name} follows from the owner, not by a field of the deal",
    "mapping": "no field is mapped for {name}",
}
"""Feed, column or `mapping` that a fact needs → why no rule can express it; the first that a fact needs counts."""
BY_PROCESS: Final = frozenset({"stage", "stage_order", "stage_median_days", "created_in_stage"})
BESIDE: Final = "{name} is more than the field mapped for it: {meaning}"
NOT_SENT: Final = "Nothing was sent: these are for an admin to set in the CRM by hand, or to leave."


@dataclass(frozen=True)
class Unsaid:
    """A criterion, or a part of it, that no rule of the CRM can express, with every reason."""

    criterion: str
    require: str
    why: tuple[str, ...]


@dataclass(frozen=True)
class Native:
    """What an admin can set: `rules` or `table`, each as JSON has it; what they leave unsaid; what to know of them."""

    rules: tuple[dict[str, Any], ...] = ()
    table: tuple[dict[str, Any], ...] = ()
    unsaid: tuple[Unsaid, ...] = ()
    notes: tuple[str, ...] = ()


def require_of(place: Place) -> Condition:
    """What the criterion asks; every condition is the reader's."""
    return cast("Condition", place.criterion.require)


def judged(places: Iterable[Place], process: str | None) -> Iterator[Place]:
    """The criteria that are judged, of one process where it is named."""
    return (place for place in places if place.criterion.mode != "off" and process in {None, place.process.id})


def asked_of(policies: PolicySet) -> frozenset[str]:
    """Facts that claims and criteria name."""
    claims = [cast("Condition", one.applies_to) for one in policies.processes if one.applies_to]
    criteria = [require_of(place) for place in policies.criteria()]
    return frozenset(name for condition in (*claims, *criteria) for name in condition.facts)


def beyond(name: str, description: Description) -> str:
    """Why a fact is no one field of the deal; empty where it is one."""
    if name in description.types and not combined(name):
        return "" if name in description.sources else f"the field mapped for {name} cannot be read"
    fact = FACTS.get(name)
    if fact is None:
        return BY_FEED["mapping"].format(name=name)
    if combined(name) and name in description.types:
        return BESIDE.format(name=name, meaning=fact.meaning)
    if name in BY_PROCESS:
        return f"{name} follows from the process file"
    needed = "date_history" if fact.history else next((feed for feed in BY_FEED if feed in fact.needs), "")
    if needed:
        return BY_FEED[needed].format(name=name)
    plain = name in description.sources and fact.expression is None
    return "" if plain else f"{name} is worked out from several fields"
