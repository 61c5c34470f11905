"""Measure: every KPI of the connection, over all deals and by each single dimension."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from kpis.entry_evidence import mark_untrusted
from model.facts import KNOWN
from policies.reporting.report import exempt_deals
from worker import side_files
from worker.pipeline.home_currency import home_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from model.wide import Wide
    from worker.pipeline.judge import Judged
    from worker.pipeline.session import Session


def measure(session: Session, judged: Judged, run_id: int, window: str = "all") -> list[dict[str, Any]]:
    """Measure, keep and return the values as JSON rows (`kpis` in docs/contract.md)."""
    rows = values(session, judged, window)
    session.store.kpis.keep(run_id, rows, session.lease)
    return rows


def values(session: Session, judged: Judged, window: str = "all") -> list[dict[str, Any]]:
    """KPI values over all deals and by each single dimension. Empty if there are no deals yet.

    A value that paused or waived deals change also has `without_excused`: its numbers without those deals.
    """
    wide = all_deals(judged)
    if wide is None:
        return []
    rows, out = _values(session, wide, window), exempt(judged)
    if not out:
        return rows
    others = replace(
        wide,
        frame=wide.frame.filter(~pl.col("key").is_in(list(out))),
        moves=wide.moves.filter(~pl.col("key").is_in(list(out))),
    )
    without = {_named(row): row for row in _values(session, others, window)}
    return [_compared(row, without.get(_named(row), NOTHING)) for row in rows]


def exempt(judged: Judged) -> frozenset[int]:
    """Keys of the deals with a pause or a waiver."""
    return frozenset[int]().union(*(exempt_deals(part.report) for part in judged.parts))


NOTHING: Final[Mapping[str, Any]] = {"value": None, "numerator": None, "denominator": None, "n": 0}


def _named(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return row["id"], *row["dims"].items()


def _compared(row: dict[str, Any], without: Mapping[str, Any]) -> dict[str, Any]:
    """The row, and its numbers without the exempt deals where they differ."""
    numbers = {name: without[name] for name in NOTHING}
    return row if numbers.items() <= row.items() else {**row, "without_excused": numbers}


def _values(session: Session, wide: Wide, window: str) -> list[dict[str, Any]]:
    from kpis.dictionary import DIMS
    from kpis.measure import measure as measure_wide
    from kpis.window import Window

    home = home_of(session, session.description())
    measured = measure_wide(
        wide, by=DIMS, window=Window(window), targets=targets(session), currency=home.currency, note=home.short_note
    )
    return with_evidence(session, [value.json() for value in measured])


def with_evidence(session: Session, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """KPI rows, each with what the last evidence at entry holds against it."""
    evidence = session.store.kpis.entry_evidence(session.name)
    return mark_untrusted(rows, evidence["stages"]) if evidence else rows


def all_deals(judged: Judged) -> Wide | None:
    """All slices as one frame; of several only the columns that KPIs read."""
    from kpis.measure import FACTS_READ

    alone = len(judged.parts) == 1
    wides = [part.part.wide if alone else narrowed(part.part.wide, FACTS_READ) for part in judged.parts]
    if len(wides) < 2:  # noqa: PLR2004 - one slice holds all deals
        return wides[0] if wides else None
    frame = pl.concat([wide.frame for wide in wides], how="vertical")
    return replace(wides[0], frame=frame, moves=pl.concat([wide.moves for wide in wides]))


def narrowed(wide: Wide, facts: Collection[str]) -> Wide:
    """The frame with some facts, their masks and what identifies a row."""
    wanted = {"key", "as_of_date", "process", *facts, *(fact + KNOWN for fact in facts)}
    return replace(wide, frame=wide.frame.select(c for c in wide.frame.columns if c in wanted))


def targets(session: Session) -> pl.DataFrame | None:
    """The targets file as a frame, or None."""
    from kpis.targets import TARGETS

    path = session.connection.targets
    if path is None:
        return None
    return pl.DataFrame(side_files.targets(session.services.settings.path(path)), schema=TARGETS)
