"""Touches and plans, by local dates, and whether what was read of them can be trusted."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import polars as pl

from model.snapshot import TASK_DAYS
from model.widening.left_join import beside

if TYPE_CHECKING:
    from collections.abc import Iterable

    from model.calendars.zones import Zones
    from model.judging_options import Setting
    from model.snapshot import Snapshot


FEWEST_DEALS: Final = 5
"""Of a team with fewer open deals nobody can say that it logs almost nothing."""


def coverage(parts: Iterable[Snapshot]) -> pl.DataFrame:
    """Per team of owners: team, open_deals, touched (those touched in 30 days) and share (null where too few).

    `parts` are slices that together hold every deal; one is held at a time.
    """
    return team_shares(pl.concat(map(_logged, parts)))


def team_shares(counts: pl.DataFrame) -> pl.DataFrame:
    """`coverage` out of team, open_deals and touched of parts that add up to every deal."""
    by_team = counts.group_by("team").agg(pl.col("open_deals", "touched").sum())
    share = pl.when(pl.col("open_deals") >= FEWEST_DEALS).then(pl.col("touched") / pl.col("open_deals"))
    return by_team.with_columns(share=share).sort("team")


def _logged(part: Snapshot) -> pl.DataFrame:
    """Of the slice's open deals: how many each team owns, and has touched in 30 days."""
    return of_teams(by_owner(open_deals(part)), part.owners)


def open_deals(part: Snapshot) -> pl.DataFrame:
    """key, owner_id and touched (in 30 days) of a slice's open deals."""
    touched = part.activity.select("key", touched=pl.col("touches_30d") > 0)
    deals = beside(part.deals.filter(~pl.col("is_closed")).select("key", "owner_id"), touched)
    return deals.with_columns(pl.col("touched").fill_null(value=False))


def by_owner(deals: pl.DataFrame) -> pl.DataFrame:
    """owner_id, open_deals and touched out of `open_deals`."""
    counts = {"open_deals": pl.len().cast(pl.Int64), "touched": pl.col("touched").sum().cast(pl.Int64)}
    return deals.drop_nulls("owner_id").group_by("owner_id").agg(**counts)


def of_teams(counts: pl.DataFrame, owners: pl.DataFrame) -> pl.DataFrame:
    """team, open_deals and touched out of `by_owner`, for owners with a team."""
    teams = owners.select("team", owner_id="id").drop_nulls("team")
    return counts.join(teams, on="owner_id").select("team", "open_deals", "touched")


def with_activities(
    frame: pl.DataFrame, snapshot: Snapshot, setting: Setting, zones: Zones, teams: pl.DataFrame
) -> pl.DataFrame:
    """`frame` with what was done and planned, and three masks.

    Gives touch_on, meeting_on, task_on (due today or later), task_owner, task_owner_readable, touches_30d,
    `_undated_task`, `_last_touch_id`, `_last_touch_kind`, `_activity_unknown` (why, else null); activity_readable
    (touches), plans_readable (plans; false where the feed is late), team_logs.
    """
    names = snapshot.owners.select(task_owner_id="id", task_owner="name", task_owner_readable=pl.lit(value=True))
    quiet = teams.filter(pl.col("share") < setting.min_coverage)["team"].to_list()
    frame = beside(frame, snapshot.activity).with_columns(
        task_on=_on_local_day("task_due"),
        task_owner_id=_on_local_day("task_owner_id"),
    )
    frame = beside(frame, names, on="task_owner_id")
    frame = frame.with_columns(
        task_owner_readable=pl.col("task_owner_id").is_null() | pl.col("task_owner_readable").fill_null(value=False),
        touch_on=zones.date(frame["last_touch"], frame["_zone"]),
        meeting_on=zones.date(frame["next_meeting"], frame["_zone"]),
        _activity_unknown=_why_unknown(quiet, late="activities" in setting.feeds_late),
    )
    why = pl.col("_activity_unknown")
    return frame.with_columns(
        activity_readable=(~why.is_in(["hidden", "vanished", "possible", "late"])).fill_null(value=True),
        plans_readable=(~why.is_in(["hidden", "vanished", "late"])).fill_null(value=True)
        & ~pl.col("vanished_plan").fill_null(value=False),
        team_logs=(why != "unlogged").fill_null(value=True),
    ).rename({
        "undated_task": "_undated_task", "last_touch_id": "_last_touch_id", "last_touch_kind": "_last_touch_kind",
    }).drop(
        "last_touch", "newest_seen", "vanished_plan", "vanished_touch", "possible_touch", "next_meeting",
        "task_owner_id",
        *(f"{what}_from_{day}" for what in ("task_due", "task_owner_id") for day in TASK_DAYS),
    )  # fmt: skip


def _on_local_day(what: str) -> pl.Expr:
    """Of the task due first on or after the owner's local day."""
    return pl.coalesce(
        pl.when(pl.col("_today") == pl.col("_utc_day") + timedelta(days=distance)).then(f"{what}_from_{day}")
        for day, distance in TASK_DAYS.items()
    )


def _why_unknown(quiet_teams: list[str], *, late: bool) -> pl.Expr:
    """late, hidden (the CRM hints at an activity we cannot read), vanished, possible (a sibling's), or unlogged."""

    def newer(column: str) -> pl.Expr:
        return (pl.col(column) > pl.col("last_touch")).fill_null(pl.col(column).is_not_null())

    hint = pl.col("activity_hint")
    hidden = (hint < pl.col("_today")) & (hint > pl.col("newest_seen")).fill_null(value=True)
    return (
        pl.when(pl.lit(late)).then(pl.lit("late"))
        .when(hidden).then(pl.lit("hidden"))
        .when(newer("vanished_touch")).then(pl.lit("vanished"))
        .when(newer("possible_touch")).then(pl.lit("possible"))
        .when(pl.col("team").is_in(quiet_teams)).then(pl.lit("unlogged"))
    )  # fmt: skip
