"""`widen`: records, stage history and activities become one frame, a column a fact and its mask.

Each step adds columns to one joined frame: place, mapped, money, people, date moves, activities, binding, standing,
next step; facts with an expression are evaluated as soon as the columns they name are there.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import polars as pl

from model.calendars.zones import Zones
from model.facts import FACTS, KNOWN, Fact
from model.money import with_home
from model.stages import StageNames
from model.wide import Wide
from model.widening import (
    activity_facts,
    contact_facts,
    identity_facts,
    next_step,
    process_binding,
    stage_facts,
    stage_moves,
)
from model.widening.copied_next_steps import copied, steps
from model.widening.left_join import beside
from model.widening.mapped_facts import DTYPES, Unread, combined, with_mapped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model.calibration import Calibration
    from model.judging_options import Setting
    from model.process import Process
    from model.snapshot import Snapshot

FEEDS: Final = frozenset({"activities", "stage_history", "date_history", "contact_roles"})
WHOLE: Final = frozenset({
    "stage_order", "days_in_stage", "days_in_visit", "pushes", "pushes_over_month_end", "touches_30d", "contact_count",
})  # fmt: skip
"""Numbers that are counts (Int64); the other numbers are Float64."""
EXTRA: Final = (
    "_owner_id", "_account_id", "_created_at", "_process_unknown", "_activity_unknown", "_median_source",
    "_last_touch_id", "_last_touch_kind",
)  # fmt: skip
"""Columns of the wide frame that are no facts."""


def widen(
    snapshot: Snapshot,
    processes: Sequence[Process],
    calibration: Calibration,
    setting: Setting,
    coverage: pl.DataFrame | None = None,
    *,
    copies: pl.Series | None = None,
) -> Wide:
    """The wide frame of a snapshot, one row a deal, in the order of its deals.

    `coverage` (activities.coverage) and `copies` (copied.copied) of all deals must be given where `snapshot` is a slice
    of them.
    """
    zones = Zones.of(setting.zone, snapshot.owners["zone"])
    absent = dormant(snapshot, setting)
    teams = activity_facts.coverage([snapshot]) if coverage is None else coverage
    frame = identity_facts.placed(snapshot, zones)
    unread = Unread(frame["unread"])
    frame = with_mapped(frame, setting, unread)
    stand_ins = frame.select(name for name in sorted(setting.mapped) if not combined(name))
    frame = with_home(frame, snapshot.rates, setting.currency)
    frame = contact_facts.with_people(frame, snapshot, setting)
    frame = _with_pushes(frame, snapshot.date_moves)
    frame = activity_facts.with_activities(frame, snapshot, setting, zones, teams)
    frame = _resolved(frame, setting, absent, unread).with_columns(as_of_date="_today")

    none = pl.DataFrame(schema=stage_moves.MOVES)
    claimable = Wide(frame, snapshot.as_of, none, absent, setting.holidays, setting.weekend)
    frame = frame.hstack(process_binding.bound(claimable, processes).drop("key"))
    stages = process_binding.in_pipelines(snapshot.stage_changes, snapshot.claim_changes)
    names = StageNames.of(processes, setting.kind, snapshot.crm_stages, snapshot.deals, stages)
    frame = frame.with_columns(_process=names.process_code("process")).with_columns(_code=names.code("_process"))
    changes = process_binding.rebound(stages, claimable, processes)
    if changes["process"].null_count() < changes.height:
        codes = pl.when(pl.col("process").is_not_null()).then(names.process_code("process"))
        changes = changes.with_columns(process=codes)
    else:
        changes = changes.with_columns(pl.col("process").cast(pl.Int64))
    rows = stage_moves.events(changes, frame, names, zones)
    frame = stage_facts.with_standing(frame, rows, names, calibration)
    same = copied(steps(snapshot.deals), setting.filler) if copies is None else copies
    frame = next_step.with_next_step(frame, setting, unread, same)
    frame = _resolved(frame, setting, absent, unread).with_columns(*stand_ins)
    frame = _finished(frame, setting, absent)
    moves = stage_moves.moves(rows, names, setting, snapshot.owners)
    moves = process_binding.as_claimed(moves, claimable, processes, snapshot.claim_changes)
    return Wide(frame, snapshot.as_of, moves, absent, setting.holidays, setting.weekend)


def dormant(snapshot: Snapshot, setting: Setting) -> frozenset[str]:
    """Standard facts that nothing on this connection can say: no mapped field, and a column or feed it lacks."""
    offered = set(snapshot.feeds) | setting.feeds_late

    def lacks(need: str) -> bool:
        if need in FEEDS:
            return need not in offered
        return need == "mapping" or (setting.columns is not None and need not in setting.columns)

    return frozenset(name for name, fact in FACTS.items() if name not in setting.mapped and any(map(lacks, fact.needs)))


def _with_pushes(frame: pl.DataFrame, date_moves: pl.DataFrame) -> pl.DataFrame:
    before, after = pl.col("before"), pl.col("after")
    later = date_moves.lazy().filter(after > before).with_columns(over=before.dt.month_end() < after)
    counts = later.group_by("key").agg(
        pushes=pl.len().cast(pl.Int64),
        pushes_over_month_end=pl.col("over").sum().cast(pl.Int64),
    ).collect()  # fmt: skip
    return beside(frame, counts)


def _resolved(frame: pl.DataFrame, setting: Setting, absent: frozenset[str], unread: Unread) -> pl.DataFrame:
    """`frame` with every fact and mask whose columns are there by now."""
    waiting = [fact for name, fact in FACTS.items() if name + KNOWN not in frame.columns]
    while ready := [fact for fact in waiting if _needed(fact.name).issubset(frame.columns)]:
        valued = [fact.expression.alias(fact.name) for fact in ready if fact.expression is not None]
        frame = frame.with_columns(valued)
        frame = frame.with_columns(
            _known(fact, frame, setting, absent, unread).alias(fact.name + KNOWN) for fact in ready
        )
        waiting = [fact for fact in waiting if fact not in ready]
    return frame


@cache
def _needed(name: str) -> frozenset[str]:
    """Columns that a standard fact and its mask are made of."""
    fact = FACTS[name]
    asked = set(fact.expression.meta.root_names()) if fact.expression is not None else {name}
    if fact.known is not None:
        asked |= set(fact.known.meta.root_names()) - {name}
    return frozenset(asked)


def _known(fact: Fact, frame: pl.DataFrame, setting: Setting, absent: frozenset[str], unread: Unread) -> pl.Expr:
    if fact.name in absent:
        return pl.lit(value=False)
    said = pl.lit(value=True) if fact.known is None else fact.known.fill_null(value=False)
    if f"mapped_{fact.name}{KNOWN}" in frame.columns and fact.type != "yes/no":
        said &= pl.col(f"mapped_{fact.name}{KNOWN}")
    if fact.partly:
        return said
    late = not setting.feeds_late.isdisjoint(fact.needs)
    return said & pl.lit(unread.readable(*fact.needs)) & pl.lit(not late)


def _finished(frame: pl.DataFrame, setting: Setting, absent: frozenset[str]) -> pl.DataFrame:
    facts = [*FACTS, *sorted(setting.mapped - FACTS.keys())]
    values = [
        (pl.lit(None) if name in absent else pl.col(name)).cast(_dtype(name, setting)).alias(name) for name in facts
    ]
    masks = [
        (pl.lit(value=False) if name in absent else pl.col(name + KNOWN)).alias(name + KNOWN)
        for name in facts if name != "id"
    ]  # fmt: skip
    return frame.rename({"owner_id": "_owner_id", "account_id": "_account_id"}).select(
        "key", "as_of_date", "process", *values, *masks, *EXTRA,
    )  # fmt: skip


def _dtype(name: str, setting: Setting) -> pl.DataType | type[pl.DataType]:
    return pl.Int64() if name in WHOLE else DTYPES[setting.type_of(name)]
