"""What `widen` has to know of a connection beside its records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from model.facts import Fact, FactType

FILLER = ("tbd", "n/a", ".", "-")
"""Texts that say nothing: blank as a next step."""


@dataclass(frozen=True)
class Setting:
    """The judging options of a connection.

    Ids are those of OWNERS and `actor_id`. Facts are names of model/facts.py or mapped ones.
    `mapped`: facts that the connection maps a field for, `types` theirs where they are no standard facts, `when_blank`
    the value of a blank one. `columns`: columns of the subject that the connection offers (None: all); facts that need
    another are dormant. `hidden`: mapped facts that have an unreadable field now, so that nobody knows its type.
    `closed`: statuses of leads that were given up, trimmed and without case. `feeds_late`: feeds too old
    to judge by now. `zone` and the owners' zones are IANA names.
    """

    kind: str
    currency: str = "USD"
    zone: str = "UTC"
    holidays: tuple[date, ...] = ()
    weekend: tuple[int, ...] = (5, 6)  # Monday is 0
    mapped: frozenset[str] = frozenset()
    types: Mapping[str, FactType] = field(default_factory=dict)
    when_blank: Mapping[str, Any] = field(default_factory=dict)
    columns: frozenset[str] | None = None
    hidden: frozenset[str] = frozenset()
    closed: frozenset[str] = frozenset()
    feeds_late: frozenset[str] = frozenset()
    min_coverage: float = 0.3
    our_ids: frozenset[str] = frozenset()
    integration_ids: frozenset[str] = frozenset()
    automation_ids: frozenset[str] = frozenset()
    filler: tuple[str, ...] = FILLER
    buyer_roles: tuple[str, ...] = ("economic buyer", "economic decision maker", "budget holder")
    champion_roles: tuple[str, ...] = ("champion",)

    def type_of(self, fact: str, standard: Mapping[str, Fact]) -> FactType:
        """The type of a fact of this connection, which may be one of the `standard` facts; text where nobody says."""
        return self.types.get(fact) or (standard[fact].type if fact in standard else "text")
