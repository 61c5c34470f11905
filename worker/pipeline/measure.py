"""Measure: every KPI over the connection's deals, over all and by each single dimension."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from policies.reporting.report import exempt_deals
from worker import side_files
from worker.pipeline.entry_evidence import trusting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from model.wide import Wide
    from worker.pipeline.judge import Judged
    from worker.pipeline.session import Session


def measure(session: Session, judged: Judged, run_id: int, window: str = "all") -> list[dict[str, Any]]:
    """Measure, keep and return the values as JSON rows (`kpis` in docs/contract.md)."""
    rows = values(session, judged, window)
    session.store.kpis.keep(run_id, rows, session.lease)
    return rows


def values(session: Session, judged: Judged, window: str = "all") -> list[dict[str, Any]]:
    """KPI values over all deals and by each single dimension; none where there are no deals yet.

    A value that paused or waived deals change also has `without_excused`: its numbers without them.
    """
    wide = whole(judged)
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

    currency = session.connection.currency
    measured = measure_wide(wide, by=DIMS, window=Window(window), targets=targets(session), currency=currency)
    return trusting(session, [value.json() for value in measured])


def whole(judged: Judged) -> Wide | None:
    """All slices as one frame."""
    wides = [part.part.wide for part in judged.parts]
    if len(wides) < 2:  # noqa: PLR2004 - one slice is whole already
        return wides[0] if wides else None
    frame = pl.concat([wide.frame for wide in wides], how="vertical")
    return replace(wides[0], frame=frame, moves=pl.concat([wide.moves for wide in wides]))


def targets(session: Session) -> pl.DataFrame | None:
    """The targets file as a frame; None where there is none."""
    from kpis.targets import TARGETS

    path = session.connection.targets
    if path is None:
        return None
    return pl.DataFrame(side_files.targets(session.services.settings.path(path)), schema=TARGETS)
