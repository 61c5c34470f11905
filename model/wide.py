"""The wide frame: one row a record, one column a fact. What policies and KPIs see, and all they see."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from model.facts import KNOWN
from model.subjects import OPPORTUNITIES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    import polars as pl

    from model.subjects import Subject


@dataclass(frozen=True)
class Wide:
    """A widened snapshot.

    `frame`: `key` (Int64, the store's), `as_of_date` (Date: as_of in the deal owner's zone), `process` (text, null
    where none or several claim the deal), one column per fact (text, choice: String; yes/no: Boolean; number: Int64
    or Float64; money: Decimal(38, 6); date: Date; list: List(String)) and `FACT__known` (Boolean, never null) where
    a fact can be unknown. Null and known is blank. Besides, columns that are no facts start with `_`.
    `dormant`: facts this connection maps no field for; `holidays` of the connection's calendar, sorted.
    `moves`: every stage move of the deals in `frame` (see model/widening/stage_moves.py). `subject`: what its rows are.
    `labels`: mapped facts to what the CRM calls their fields.
    """

    frame: pl.DataFrame
    as_of: datetime
    moves: pl.DataFrame
    dormant: frozenset[str] = frozenset()
    holidays: tuple[date, ...] = ()
    weekend: tuple[int, ...] = (5, 6)
    subject: Subject = OPPORTUNITIES
    labels: Mapping[str, str] = field(default_factory=dict)
    masked: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        """Note which facts have a mask."""
        masked = frozenset(c.removesuffix(KNOWN) for c in self.frame.columns if c.endswith(KNOWN))
        object.__setattr__(self, "masked", masked)

    @cached_property
    def schema(self) -> pl.Schema:
        """The frame's columns and their types; Polars builds a schema anew each time it is asked for one."""
        return self.frame.schema
