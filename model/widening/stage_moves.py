"""Moves, visits and spells: stage history as integers, never row by row.

A move is a change of stage (rows that repeat the stage are dropped); a visit is a stay in a stage, which leaving for
under two days by local dates does not break; a spell runs from creation or re-opening.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from model.snapshot import INSTANT, columns
from model.stages import LOST, OPEN, UNSAID, WON

if TYPE_CHECKING:
    from model.calendars.zones import Zones
    from model.judging_options import Setting
    from model.stages import StageNames

MOVES: Final = columns({
    "key": pl.Int64,
    "at": INSTANT,
    "on": pl.Date,  # local day in the owner's zone
    "process": pl.String,  # the process that bound the deal after the move
    "from_stage": pl.String,  # a process's stage id; null: creation, lost, or a stage no process knows
    "to_stage": pl.String,
    "to_name": pl.String,  # the CRM's label of the stage that it went to
    "from_order": pl.Int64,  # from 1; Won's is the last
    "to_order": pl.Int64,
    "kind": pl.String,  # one of KINDS
    "actor": pl.String,  # one of ACTORS
    "ours": pl.Boolean,  # made by our own user
    "actor_name": pl.String,  # the name of the user who acted, where it is known
})  # fmt: skip
"""One row a move, sorted by key and time; the first of a deal is its creation."""

KINDS: Final = ("created", "forward", "backward", "lost", "won", "reopened", "process", "unknown")
ACTORS: Final = ("integration", "automation", "user", "unknown")
UNBROKEN: Final = 2
"""Days: time away shorter than this breaks no visit."""
CREATED, FORWARD, BACKWARD, WAS_LOST, WAS_WON, REOPENED, PROCESS, UNKNOWN = range(8)


def events(changes: pl.DataFrame, deals: pl.DataFrame, names: StageNames, zones: Zones) -> pl.DataFrame:
    """Moves as integers: key, at, on, actor_id, process, code, state, ends, order, first, kind, `_today`.

    `changes`: STAGE_CHANGES with `process` (code; null: the deal's). `deals`: key, pipeline, stage_name, `_process`
    (code), `_code` (place in `names.meanings`), `_zone`, `_closed` (OPEN, WON or LOST by the record), `_today`.
    """
    ends = names.lookup("ends", deals["_code"], pl.Int64)
    deals = deals.select(
        "key", "_process", "_zone", "_today", "pipeline", "stage_name",
        _closed=pl.when(ends.is_in([OPEN, UNSAID])).then("_closed").otherwise(OPEN),
        deal=pl.int_range(pl.len()),
    )  # fmt: skip
    rows = changes.join(deals.select("key", "deal"), on="key", how="inner", maintain_order="left")
    rows = rows.with_columns(
        pl.coalesce("process", deals["_process"].gather(rows["deal"])),
        pl.coalesce("pipeline", deals["pipeline"].gather(rows["deal"])),
    ).with_columns(code=names.code("process"))
    rows = rows.select(
        "key", "at", "actor_id", "process", "code", "deal",
        state=names.lookup("state", rows["code"], pl.Int64),
        closed=_closed_by_record(rows, deals),
    ).filter(_new("key") | (pl.col("state") != pl.col("state").shift(1)))  # fmt: skip
    closed = pl.col("closed")
    ends = names.lookup("ends", rows["code"], pl.Int64)
    return (
        rows.drop("deal", "closed")
        .with_columns(
            ends=rows.select(pl.when(closed != OPEN).then(closed).otherwise(ends))["closed"],
            order=names.lookup("order", rows["code"], pl.Int64),
            on=zones.date(rows["at"], deals["_zone"].gather(rows["deal"])),
            first=_new("key"),
            _today=deals["_today"].gather(rows["deal"]),
        )
        .with_columns(kind=_kind())
    )


def _new(column: str) -> pl.Expr:
    return (pl.col(column) != pl.col(column).shift(1)).fill_null(value=True)


def _closed_by_record(rows: pl.DataFrame, deals: pl.DataFrame) -> pl.Expr:
    """What the record says of a closed deal's present stage where no list says how the stage ends; else OPEN."""
    if (deals["_closed"] == OPEN).all():
        return pl.lit(OPEN, pl.Int64)
    own = pl.col("stage_name") == deals["stage_name"].gather(rows["deal"])
    return pl.when(own).then(deals["_closed"].gather(rows["deal"])).otherwise(OPEN).cast(pl.Int64)


def _kind() -> pl.Expr:
    ends, order, process = pl.col("ends"), pl.col("order"), pl.col("process")
    closed = ends.is_in([WON, LOST])
    return (
        pl.when("first").then(CREATED)
        .when(ends == LOST).then(WAS_LOST)
        .when(closed.shift(1) & ~closed).then(REOPENED)
        .when((process != process.shift(1)) & order.is_not_null() & order.shift(1).is_not_null()).then(PROCESS)
        .when(ends == WON).then(WAS_WON)
        .when(order > order.shift(1)).then(FORWARD)
        .when(order < order.shift(1)).then(BACKWARD)
        .otherwise(UNKNOWN)
    )  # fmt: skip


def moves(rows: pl.DataFrame, names: StageNames, setting: Setting, owners: pl.DataFrame) -> pl.DataFrame:
    """The frame MOVES from `events`."""
    before = pl.col("first").not_()
    ids = pl.Series([*(process.id for process in names.processes), None], dtype=pl.String)
    kinds = pl.Series(KINDS)
    rows = rows.with_columns(to_stage=names.lookup("stage", rows["code"], pl.String))
    return rows.select(
        "key", "at", "on",
        ids.gather(rows["process"]).alias("process"),
        pl.when(before).then(pl.col("to_stage").shift(1)).alias("from_stage"), "to_stage",
        names.lookup("label", rows["code"], pl.String).alias("to_name"),
        pl.when(before).then(pl.col("order").shift(1)).alias("from_order"), pl.col("order").alias("to_order"),
        kinds.gather(rows["kind"]).alias("kind"),
        _actor(rows["actor_id"], setting, owners).alias("actor"),
        pl.col("actor_id").is_in(list(setting.our_ids)).fill_null(value=False).alias("ours"),
        _name(rows["actor_id"], owners).alias("actor_name"),
    )  # fmt: skip


def _actor(ids: pl.Series, setting: Setting, owners: pl.DataFrame) -> pl.Series:
    """By the id: an owner's, one that names its kind ("automation:17"), or one that the setting lists."""
    known = dict.fromkeys(owners["id"].drop_nulls(), "user")
    known |= {one: kind for one in ids.unique().drop_nulls() if (kind := one.partition(":")[0]) in ACTORS}
    known |= dict.fromkeys(setting.automation_ids, "automation")
    known |= dict.fromkeys(setting.integration_ids | setting.our_ids, "integration")
    codes = ids.cast(pl.Enum(list(known)), strict=False).to_physical().cast(pl.Int64).fill_null(len(known))
    return pl.Series([*known.values(), "unknown"], dtype=pl.String).gather(codes)


def _name(ids: pl.Series, owners: pl.DataFrame) -> pl.Series:
    """The name of each id that is an owner's."""
    named = owners.select("id", "name").drop_nulls("id").unique("id", keep="last", maintain_order=True)
    codes = ids.cast(pl.Enum(named["id"]), strict=False).to_physical().cast(pl.Int64).fill_null(named.height)
    return pl.concat([named["name"], pl.Series([None], dtype=pl.String)]).gather(codes)


def stays(rows: pl.DataFrame) -> pl.DataFrame:
    """Where each deal of `events` stands now: one row a key that has history.

    Gives key, `_state`, `_ends`, `_first_at` (instant of the first row), `first_code`, `stage_since`, `days_in_stage`,
    `days_in_visit`, `reopened_on`, `closed_on`, `_at_creation` (the visit began when the deal was created).
    """
    rows = _spells(rows.select("key", "at", "on", "code", "state", "ends", "first", "kind", "_today"))
    here = rows.filter(
        (pl.col("spell") == pl.col("spell").filter("last").gather(pl.col("deal")))
        & (pl.col("state") == pl.col("state").filter("last").gather(pl.col("deal"))),
    )
    gap = (pl.col("on") - pl.col("left_on").shift(1)).dt.total_days()
    same = ~_new("key") & (gap < UNBROKEN)
    stay = (pl.col("left_on") - pl.col("on")).dt.total_days() + pl.when(same).then(gap).otherwise(0)
    here = here.with_columns(
        total=stay.cum_sum(),
        stage_since=pl.when(~same).then("on").forward_fill(),
        _at_creation=pl.when(~same).then("first").forward_fill(),
    ).filter("last")
    ended = pl.col("ends").is_in([WON, LOST])
    return here.select(
        "key", "stage_since", "_at_creation", "_first_at", "first_code", "reopened_on",
        _state="state", _ends="ends",
        days_in_stage=pl.col("total") - pl.col("total").shift(1, fill_value=0),
        days_in_visit=(pl.col("_today") - pl.col("stage_since")).dt.total_days(),
        closed_on=pl.when(ended).then("on"),
    )  # fmt: skip


def _spells(rows: pl.DataFrame) -> pl.DataFrame:
    last = (pl.col("key") != pl.col("key").shift(-1)).fill_null(value=True)
    starts = pl.col("first") | (pl.col("kind") == REOPENED)
    return rows.with_columns(
        last=last,
        spell=starts.cum_sum(),
        deal=pl.col("first").cum_sum().cast(pl.Int64) - 1,
        left_on=pl.when(last).then("_today").otherwise(pl.col("on").shift(-1)),
        reopened_on=pl.when(pl.col("first").not_() & starts).then("on"),
    ).with_columns(
        reopened_on=pl.when(starts).then(pl.struct("reopened_on")).forward_fill().struct.field("reopened_on"),
        _first_at=pl.col("at").filter("first").gather(pl.col("deal")),
        first_code=pl.col("code").filter("first").gather(pl.col("deal")),
    )
