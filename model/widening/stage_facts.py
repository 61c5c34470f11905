"""Where a deal stands in its process: the stage facts, from its record, its history and the calibration."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from model.stages import LOST, StageNames
from model.widening.left_join import beside
from model.widening.stage_moves import stays

if TYPE_CHECKING:
    from model.calibration import Calibration


def with_standing(frame: pl.DataFrame, rows: pl.DataFrame, names: StageNames, calibration: Calibration) -> pl.DataFrame:
    """`frame` (with `_process` and `_code`) with the stage facts that `rows` (`spells.events`) and the record give.

    Adds stage, stage_order, stage_name (the CRM's label), created_in_stage, stage_since, days_in_stage, days_in_visit,
    reopened_on, closed_on, stage_median_days; `_median_source` (calibration or band), `_at_creation`, `_visit_on`; and
    the masks stage_readable, creation_readable, history_reaches_now, visit_readable, spell_readable.
    """
    code, limits = frame["_code"], _limits(names, calibration)
    frame = frame.with_columns(
        names.lookup("stage", code, pl.String).alias("stage"),
        stage_order=names.lookup("order", code, pl.Int64),
        stage_name=names.lookup("label", code, pl.String),
        _now=names.lookup("state", code, pl.Int64),
        _now_ends=names.lookup("ends", code, pl.Int64),
        stage_median_days=pl.Series([days for days, _ in limits], dtype=pl.Float64).gather(code),
        _median_source=pl.Series([source for _, source in limits], dtype=pl.String).gather(code),
    )
    frame = beside(frame, stays(rows))
    born = names.lookup("stage", frame["first_code"], pl.String)
    dated = ~pl.col("unread").str.contains(";created;", literal=True)
    whole = dated & (pl.col("_first_at") <= pl.col("_created_at").fill_null(pl.col("_first_at")) + timedelta(days=1))
    reaches = (pl.col("_state") == pl.col("_now")).fill_null(value=False)
    claimed = pl.col("_process") < len(names.processes)
    return frame.with_columns(
        created_in_stage=born,
        stage_readable=claimed & (pl.col("stage").is_not_null() | (pl.col("_now_ends") == LOST)).fill_null(value=False),
        creation_readable=claimed & whole & born.is_not_null(),
        history_reaches_now=reaches,
        visit_readable=whole | ~pl.col("_at_creation"),
        spell_readable=whole | pl.col("reopened_on").is_not_null(),
        _visit_on=pl.when(reaches & (whole | ~pl.col("_at_creation"))).then("stage_since"),
        _at_creation=pl.col("_at_creation") & reaches & whole,
    ).drop("_code", "_now", "_now_ends", "_state", "_ends", "_first_at", "first_code")


def _limits(names: StageNames, calibration: Calibration) -> list[tuple[float | None, str | None]]:
    """Days and where they come from, in the order of `names.meanings`: the median, else the band's upper end."""
    bands = {
        (code, order): (process.id, stage)
        for code, process in enumerate(names.processes)
        for order, stage in enumerate(process.stages, 1)
    }
    places = [bands.get(divmod(meaning.state, 1000)) if meaning.order else None for meaning in names.meanings]
    return [calibration.limit(*place) if place else (None, None) for place in places]
