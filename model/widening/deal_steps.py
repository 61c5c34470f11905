"""What is joined to deals: money, people, field history, activities, process, stage, next step, in this order."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

import polars as pl

from model.money import with_home
from model.stages import LOST, OPEN, WON, StageNames
from model.wide import Wide
from model.widening import activity_facts, contact_facts, next_step, process_binding, stage_facts, stage_moves
from model.widening.copied_next_steps import copied, steps
from model.widening.field_history import with_field_history
from model.widening.mapped_facts import combined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model.calibration import Calibration
    from model.process import Process
    from model.snapshot import Snapshot
    from model.widening.widening import Widening


def deal_steps(
    w: Widening, processes: Sequence[Process], calibration: Calibration, coverage: pl.DataFrame | None,
    copies: pl.Series | None,
) -> pl.DataFrame:  # fmt: skip
    """Every fact of deals; the moves between stages."""
    shot, setting = w.snapshot, w.setting
    w.add(*_record(shot))
    w.map()
    stand_ins = w.frame.select(name for name in sorted(setting.mapped) if not combined(name))
    w.frame = with_home(w.frame, shot.rates, setting.currency)
    w.frame = contact_facts.with_people(w.frame, shot, setting)
    w.frame = with_field_history(w.frame, shot.field_changes, w.subject)
    teams = activity_facts.coverage([shot]) if coverage is None else coverage
    w.frame = activity_facts.with_activities(w.frame, shot, setting, w.zones, teams)
    w.resolve()
    moves = _with_stages(w, processes, calibration)
    same = copied(steps(shot.deals), setting.filler) if copies is None else copies
    w.frame = next_step.with_next_step(w.frame, setting, w.unread, same)
    w.resolve()
    w.add(*stand_ins, _owner_id="owner_id", _account_id="account_id")
    return moves


def _record(snapshot: Snapshot) -> tuple[pl.Expr, ...]:
    """`_utc_day` of as_of, and `_closed`: OPEN, WON or LOST by the record."""
    rows = "as_of" in snapshot.deals.columns
    utc_day = pl.col("as_of").dt.date() if rows else pl.lit(snapshot.as_of.astimezone(UTC).date())
    closed = pl.when("is_won").then(WON).when("is_closed").then(LOST).otherwise(OPEN)
    return utc_day.alias("_utc_day"), pl.when(~pl.col("is_closed")).then(OPEN).otherwise(closed).alias("_closed")


def _with_stages(w: Widening, processes: Sequence[Process], calibration: Calibration) -> pl.DataFrame:
    """Add which process holds a deal and where it stands in it; the moves between stages."""
    shot, setting = w.snapshot, w.setting
    none = pl.DataFrame(schema=stage_moves.MOVES)
    claimable = Wide(w.frame, shot.as_of, none, w.absent, setting.holidays, setting.weekend)
    w.frame = w.frame.hstack(process_binding.bound(claimable, processes).drop("key"))
    stages = process_binding.in_pipelines(shot.stage_changes, shot.claim_changes)
    names = StageNames.of(processes, setting.kind, shot.crm_stages, shot.deals, stages)
    w.add(_process=names.process_code("process"))
    w.add(_code=names.code("_process"))
    changes = process_binding.rebound(stages, claimable, processes)
    if changes["process"].null_count() < changes.height:
        codes = pl.when(pl.col("process").is_not_null()).then(names.process_code("process"))
        changes = changes.with_columns(process=codes)
    else:
        changes = changes.with_columns(pl.col("process").cast(pl.Int64))
    rows = stage_moves.events(changes, w.frame, names, w.zones)
    w.frame = stage_facts.with_standing(w.frame, rows, names, calibration)
    moves = stage_moves.moves(rows, names, setting, shot.owners)
    return process_binding.as_claimed(moves, claimable, processes, shot.claim_changes)
