"""Touches and plans on each row. Equals `store.history.touches`, for all days at once."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

import polars as pl

from model.snapshot import ACTIVITY, INSTANT, TASK_DAYS
from store.history.grid import ALWAYS, DAY_US, Events, Grid, Int, days_about, each, paired

if TYPE_CHECKING:
    from collections.abc import Iterator

MONTH: Final = 30 * DAY_US


class Activities:
    """The activities of some deals (raw.ACTIVITIES)."""

    def __init__(self, found: pl.DataFrame, grid: Grid) -> None:
        self.grid = grid
        self.found = found.with_columns(created=pl.col("created").fill_null(ALWAYS)).with_columns(
            known_at=pl.max_horizontal("at", "created"),
            plan=~pl.col("gone") & ~pl.col("possible") & pl.col("counts"),
        )

    def points(self) -> Iterator[pl.DataFrame]:
        """POINTS of every change in the rows."""
        for events in (self.touches, self.recent, self.seen, self.vanished, self.possible):
            yield events.points
        for spans in (self._meetings, self._tasks, self._vanished_plans):
            yield each(spans["key"], [self.grid.first(spans["created"]), self.grid.first(spans["end"])])
        for dated in (self._tasks, self._vanished_plans):
            yield days_about(dated["key"], dated["due"], self.grid)

    def at(self, rows: pl.DataFrame) -> pl.DataFrame:
        """ACTIVITY of rows (key, day), one each; their `key` is the row's place."""
        known = {
            "last_touch": self._last(self.touches, rows), "touches_30d": self._count(rows),
            "newest_seen": self.seen.frame["newest"].gather(self.seen.last(rows)),
            "vanished_touch": self._last(self.vanished, rows), "possible_touch": self._last(self.possible, rows),
        }  # fmt: skip
        place = pl.int_range(rows.height, dtype=Int, eager=True).alias("key")
        frame = pl.DataFrame({"key": place, **known})
        for more in (self._next_meeting(rows), self._next_tasks(rows), self._vanished_ahead(rows)):
            frame = frame.join(more, left_on="key", right_on="row", how="left", maintain_order="left")
        none = {name: pl.lit(None, kind) for name, kind in ACTIVITY.items() if name not in frame.columns}
        return frame.with_columns(**none).with_columns(
            pl.col("touches_30d").fill_null(0),
            pl.col("undated_task", "vanished_plan").fill_null(value=False),
        ).select(pl.col(name).cast(kind) for name, kind in ACTIVITY.items())  # fmt: skip

    def _newest(self, some: pl.Expr) -> Events:
        """Events after which `newest` is the newest instant of the deal's activities that are `some`."""
        rows = self.found.filter(pl.col("held") & pl.col("counts") & some & pl.col("at").is_not_null())
        rows = rows.select("key", "at", "known_at").sort("key", "known_at")
        return Events.of(rows.with_columns(newest=pl.col("at").cum_max().over("key")), "known_at", self.grid)

    @cached_property
    def touches(self) -> Events:
        """After each: the newest touch."""
        return self._newest(pl.col("plan"))

    @cached_property
    def vanished(self) -> Events:
        """After each: the newest touch that can no longer be read."""
        return self._newest(pl.col("vanished") & ~pl.col("possible"))

    @cached_property
    def possible(self) -> Events:
        """After each: the newest one that may belong to a sibling deal."""
        return self._newest(~pl.col("gone") & pl.col("possible"))

    def _last(self, events: Events, rows: pl.DataFrame) -> pl.Series:
        return events.frame["newest"].gather(events.last(rows)).cast(INSTANT)

    @cached_property
    def recent(self) -> Events:
        """After each: `count` touches in the last 30 days. A touch counts from when it is known until 30 days later."""
        rows = self.touches.frame.with_columns(out_at=pl.max_horizontal(pl.col("at") + MONTH, "known_at"))
        ins = rows.select("key", on="known_at", by=pl.lit(1, Int))
        outs = rows.select("key", on="out_at", by=pl.lit(-1, Int))
        steps = pl.concat([ins, outs]).sort("key", "on").with_columns(count=pl.col("by").cum_sum().over("key"))
        return Events.of(steps, "on", self.grid)

    def touched(self, rows: pl.DataFrame) -> pl.Series:
        """Whether a row's deal was touched in the last 30 days."""
        return (self._count(rows) > 0).fill_null(value=False)

    def _count(self, rows: pl.DataFrame) -> pl.Series:
        return self.recent.frame["count"].gather(self.recent.last(rows))

    @cached_property
    def seen(self) -> Events:
        """After each: `newest` is the UTC day of the newest readable activity that is not open."""
        rows = self.found.filter(
            ~pl.col("gone") & pl.col("direct") & (~pl.col("open") | (pl.col("meeting") & pl.col("at").is_not_null()))
        )
        day = pl.max_horizontal(pl.col("at") // DAY_US, "due").cast(pl.Int32).cast(pl.Date)
        since = pl.when(pl.col("open")).then("known_at").otherwise("created")
        steps = rows.select("key", day.alias("day_of"), on=since).sort("key", "on")
        newest = pl.col("day_of").cum_max().over("key").forward_fill().over("key")
        return Events.of(steps.with_columns(newest=newest), "on", self.grid)

    @cached_property
    def _meetings(self) -> pl.DataFrame:
        """Upcoming meetings: key, created, end, at."""
        ahead = pl.col("plan") & pl.col("meeting") & (pl.col("created") < pl.col("at"))
        return self.found.filter(ahead).select("key", "created", "at", "due", end="at")

    @cached_property
    def _tasks(self) -> pl.DataFrame:
        """Pending tasks and calls: key, created, end, due, owner_id."""
        return self._waiting(pl.col("plan"))

    def _waiting(self, some: pl.Expr) -> pl.DataFrame:
        done_later = (pl.col("created") < pl.col("at")).fill_null(value=False)
        waits = pl.col("dated") & (pl.col("open") | done_later)
        return self.found.filter(some & waits).select(
            "key", "created", "due", "owner_id", end=pl.when(~pl.col("open")).then("at").otherwise(2**62),
        )  # fmt: skip

    @cached_property
    def _vanished_plans(self) -> pl.DataFrame:
        """Upcoming plans that can no longer be read: key, created, end, due, meeting."""
        some = pl.col("vanished") & ~pl.col("possible") & pl.col("counts")
        ahead = some & pl.col("meeting") & (pl.col("created") < pl.col("at"))
        meetings = self.found.filter(ahead).select(
            "key", "created", "due", end="at", meeting=pl.lit(value=True),
        )  # fmt: skip
        return pl.concat([meetings, self._waiting(some).drop("owner_id").select(
            "key", "created", "due", "end", meeting=pl.lit(value=False),
        )])  # fmt: skip

    def _covering(self, spans: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
        """Each span on each row (key, day) that lies in it: `row` and the span's columns, and the row's UTC day."""
        codes = self.grid.code(rows["key"], rows["day"])
        ends = [self.grid.code(spans["key"], self.grid.first(spans[at])) for at in ("created", "end")]
        low, high = (codes.search_sorted(end, side="left").cast(Int) for end in ends)
        pairs = paired(low, high)
        return spans[pairs["row"]].with_columns(
            row=pairs["event"], utc_day=self.grid.utc_days.gather(rows["day"].gather(pairs["event"])),
        )  # fmt: skip

    def _next_meeting(self, rows: pl.DataFrame) -> pl.DataFrame:
        return self._covering(self._meetings, rows).group_by("row").agg(next_meeting=pl.col("at").min().cast(INSTANT))

    def _next_tasks(self, rows: pl.DataFrame) -> pl.DataFrame:
        """For each of TASK_DAYS, the task due first on or after it. Ties go to the lowest owner id."""
        due, owner = pl.col("due"), pl.col("owner_id").fill_null("")
        found = self._covering(self._tasks, rows).sort("row", due, owner, nulls_last=True)
        firsts: dict[str, pl.Expr] = {}
        for name, distance in TASK_DAYS.items():
            there = due >= pl.col("utc_day") + distance
            firsts[f"task_due_from_{name}"] = due.filter(there).first().cast(pl.Int32).cast(pl.Date)
            firsts[f"task_owner_id_from_{name}"] = pl.col("owner_id").filter(there).first()
        undated = due.is_null().any()
        return found.group_by("row", maintain_order=True).agg(**firsts, undated_task=undated)

    def _vanished_ahead(self, rows: pl.DataFrame) -> pl.DataFrame:
        found = self._covering(self._vanished_plans, rows)
        ahead = pl.col("meeting") | pl.col("due").is_null() | (pl.col("due") >= pl.col("utc_day") - 1)
        return found.group_by("row").agg(vanished_plan=ahead.any())
