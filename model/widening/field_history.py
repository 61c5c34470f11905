"""Facts over the history of a field: its changes, reduced to one value a deal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from model.helpers.json_values import typed
from model.snapshot import DEALS
from model.widening.left_join import beside

if TYPE_CHECKING:
    from collections.abc import Mapping

    from model.facts import Fact
    from model.subjects import Subject


def with_field_history(frame: pl.DataFrame, changes: pl.DataFrame, subject: Subject) -> pl.DataFrame:
    """The records with a column for each fact over history; `changes`: FIELD_CHANGES of model/snapshot.py."""
    for column in sorted({fact.history for fact in subject.facts.values() if fact.history}):
        facts = {name: fact for name, fact in subject.facts.items() if fact.history == column}
        mine = changes.filter(pl.col("field") == column)
        sides = (typed(mine[side], DEALS[column]).alias(side) for side in ("before", "after"))
        frame = _joined(frame, mine.with_columns(*sides), facts)
    return frame


def _joined(frame: pl.DataFrame, changes: pl.DataFrame, facts: Mapping[str, Fact]) -> pl.DataFrame:
    """A deal without changes has the value of an empty history."""
    values = {name: fact.expression for name, fact in facts.items() if fact.expression is not None}
    unchanged = changes.clear().select(**values).row(0, named=True)
    found = beside(frame, changes.group_by("key").agg(**values))
    return found.with_columns(pl.col(name).fill_null(unchanged[name]) for name in values)
