"""Measure: every KPI over the connection's deals, over all and by each single dimension."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from worker import tabular

if TYPE_CHECKING:
    from model.wide import Wide
    from worker.flows.judge import Judged
    from worker.flows.session import Session


def measure(session: Session, judged: Judged, run_id: int, window: str = "all") -> list[dict[str, Any]]:
    """Measure, keep and return the values as JSON rows (CONTRACT: `kpis`)."""
    rows = values(session, whole(judged), window)
    session.store.keep_kpis(run_id, rows, session.lease)
    return rows


def values(session: Session, wide: Wide | None, window: str = "all") -> list[dict[str, Any]]:
    """KPI values over all deals and by each single dimension; none where there are no deals yet."""
    if wide is None:
        return []
    from kpis.dictionary import DIMS
    from kpis.measure import measure as measure_wide
    from kpis.window import Window

    currency = session.connection.currency
    measured = measure_wide(wide, by=DIMS, window=Window(window), targets=targets(session), currency=currency)
    return [value.json() for value in measured]


def whole(judged: Judged) -> Wide | None:
    """All slices as one frame."""
    from dataclasses import replace

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
    return pl.DataFrame(tabular.targets(session.services.settings.path(path)), schema=TARGETS)
