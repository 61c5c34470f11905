"""Days of a replay: facts that change with the date alone, while nothing is recorded about a deal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import polars as pl

from model.calendars.zones import Zones
from model.facts import DAILY, FACTS, KNOWN
from model.snapshot import INSTANT
from model.widening.activity_facts import FEWEST_DEALS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import datetime

    from model.wide import Wide

LOGGED: Final = frozenset(
    name for name, fact in FACTS.items()
    if fact.known is not None and "team_logs" in fact.known.meta.root_names()
)  # fmt: skip
"""Facts that are unknown on days on which the owner's team logs almost nothing."""
NOT_APPLICABLE, PASSED, BROKEN, UNKNOWN = range(4)
"""A rule's answer on a deal-day."""
INTERVALS: Final = pl.Schema({"deal": pl.Int64(), "day": pl.Int64(), "until": pl.Int64(), "state": pl.Int8()})
"""One rule's answer from `day` up to `until`. Rows are sorted; days to which the rule does not apply are left out."""
COPIED: Final = "next_step_copied"
"""The fact that can change because another deal of the owner changes."""
SILENCE: Final = ("team", "_activity_unknown")
"""Columns that decide whether a silent team makes a fact unknown."""
CHUNK: Final = 250_000
"""Deal-days held in memory at once."""


@dataclass(frozen=True)
class Days:
    """Rows of a replay and the days for which each holds.

    `wide`: a row for each span of days without a record, as of its first day; `rows`: deal, day, until, in the same
    order; `dates`: local dates by zone and day (zone × days + day); `zone`: each row's zone; `silent`: the teams and
    days of `silent_days`; `shared`: SHARED of model/widening/copied_next_steps.py.
    """

    wide: Wide
    rows: pl.DataFrame
    size: int
    dates: pl.Series
    zone: pl.Series
    silent: pl.DataFrame
    shared: pl.DataFrame

    @classmethod
    def of(  # noqa: PLR0917 - widened rows and what changes without a record
        cls, wide: Wide, rows: pl.DataFrame, instants: Sequence[datetime], owners: pl.DataFrame, zone: str,
        silent: pl.DataFrame, shared: pl.DataFrame,
    ) -> Days:  # fmt: skip
        """Days of widened rows; `owners` are OWNERS, `zone` the connection's, `silent` and `shared` as above."""
        zones = Zones.of(zone, owners["zone"])
        theirs = owners.select("id", code=zones.code(pl.col("zone")))
        code = wide.frame.select(id="_owner_id").join(theirs, on="id", how="left", maintain_order="left")["code"]
        every = pl.Series(list(instants) * len(zones.names), dtype=INSTANT)
        places = pl.int_range(len(zones.names), eager=True)
        by_zone = pl.DataFrame({"z": places}).select(pl.col("z").repeat_by(len(instants)).explode(empty_as_null=True))
        dates = zones.date(every, by_zone["z"].cast(pl.Int64))
        return cls(wide, rows, len(instants), dates, code.fill_null(0), silent, shared)

    def silence_matters(self, facts: Collection[str]) -> bool:
        """Whether a silent team makes some of these facts unknown on days without a record."""
        return not self.silent.is_empty() and not LOGGED.isdisjoint(facts)

    def ignoring_silence(self) -> Days:
        """The same days as if no team were ever silent."""
        return replace(self, silent=self.silent.clear())

    def copies_matter(self, facts: Collection[str]) -> bool:
        """Whether another deal can change one of these facts."""
        return COPIED in facts and not self.shared.is_empty()

    def may_change(self, facts: Collection[str]) -> bool:
        """Whether some of these facts can change on days without a record of the deal."""
        return self.silence_matters(facts) or self.copies_matter(facts)

    def change_days(self, facts: Collection[str]) -> list[pl.DataFrame]:
        """Days within a row on which they can change: row, ahead (days after the row's first)."""
        silent_rows = [self.silence_changes()] if self.silence_matters(facts) else []
        return [*silent_rows, self.copy_changes()] if self.copies_matter(facts) else silent_rows

    def copy_changes(self) -> pl.DataFrame:
        """Days on which the row's next step starts or stops being copied: row, ahead."""
        changes = pl.concat([self.shared.select("deal", change=side) for side in ("day", "until")]).unique()
        rows = self.rows.select("deal", "day", "until").with_row_index("row")
        met = rows.join(changes, on="deal").filter(pl.col("change").is_between("day", "until", closed="none"))
        return met.select(pl.col("row").cast(pl.Int64), ahead=pl.col("change") - pl.col("day"))

    def silence_changes(self) -> pl.DataFrame:
        """Days within a row on which its team falls silent or logs again: row, ahead (days after the row's first)."""
        flip = pl.col("day") != pl.col("day").shift(1) + 1
        starts = self.silent.sort("team", "day").filter(flip.over("team").fill_null(value=True))
        ends = self.silent.with_columns(pl.col("day") + 1).join(self.silent, on=["team", "day"], how="anti")
        changes = pl.concat([starts, ends]).rename({"day": "change"})
        rows = self.rows.select("day", "until", self.wide.frame["team"]).with_row_index("row")
        met = rows.join(changes, on="team").filter(pl.col("change").is_between("day", "until", closed="none"))
        return met.select(pl.col("row").cast(pl.Int64), ahead=pl.col("change") - pl.col("day"))

    def every_day(self) -> Iterator[pl.DataFrame]:
        """Pieces (row, day, until) of one day each, some at a time."""
        lengths = self.rows.select(n=pl.col("until") - pl.col("day"))["n"]
        part = (lengths.cum_sum() - lengths) // CHUNK
        rows = self.rows.select("day", "until").with_row_index("row")
        for number in part.unique().sort():
            days = rows.filter(part == number).select(pl.col("row").cast(pl.Int64), day=pl.int_ranges("day", "until"))
            yield days.explode("day", empty_as_null=True).with_columns(until=pl.col("day") + 1)

    def on(self, pieces: pl.DataFrame, facts: Collection[str], more: Collection[str] = ()) -> tuple[Wide, pl.DataFrame]:
        """The wide frame on the first day of some pieces, with the columns of `facts` and `more`; deal, day, until."""
        row = pieces["row"]
        zone = self.zone.gather(row) * self.size
        today = self.dates.gather(zone + pieces["day"])
        passed = (today - self.dates.gather(zone + self.rows["day"].gather(row))).dt.total_days()
        schema = self.wide.frame.schema
        asked = {c for name in {*facts, *(SILENCE if self.silence_matters(facts) else ())}
                 for c in (name, name + KNOWN) if c in schema}  # fmt: skip
        frame = self.wide.frame.select("key", "process", *(c for c in [*asked, *more] if c not in {"key", "process"}))
        frame = frame[row].with_columns(as_of_date=today, _day=pieces["day"])
        frame = frame.with_columns(pl.col(fact) + passed for fact in DAILY & asked)
        if self.silence_matters(facts):
            frame = self._with_silence(frame, LOGGED & asked)
        dates = pieces.select("day", "until", deal=self.rows["deal"].gather(row))
        if self.copies_matter(asked):
            frame = self._with_copies(frame, dates)
        return replace(self.wide, frame=frame), dates

    def _with_copies(self, frame: pl.DataFrame, dates: pl.DataFrame) -> pl.DataFrame:
        """Mark next steps that another deal of the owner also has that day as copied."""
        places = dates.select("deal", "day").with_row_index("place")
        met = places.join(self.shared, on="deal", suffix="_on").filter(
            pl.col("day").is_between("day_on", "until", closed="left")
        )
        here = pl.int_range(frame.height, dtype=pl.UInt32, eager=True).is_in(met["place"].implode())
        known = (pl.col(COPIED + KNOWN) | here) if COPIED + KNOWN in frame.columns else pl.lit(value=True)
        return frame.with_columns(
            pl.when(here).then(pl.lit(value=True)).otherwise(pl.col(COPIED)).alias(COPIED), known.alias(COPIED + KNOWN)
        )

    def _with_silence(self, frame: pl.DataFrame, facts: Collection[str]) -> pl.DataFrame:
        silent = self.silent.select("team", _day="day", _silent=pl.lit(value=True))
        silent_rows = frame.select("team", "_day").join(silent, on=["team", "_day"], how="left", maintain_order="left")
        as_logged = silent_rows["_silent"].is_null() | frame["_activity_unknown"].is_not_null()  # one reason is enough
        return frame.with_columns((pl.col(fact + KNOWN) & as_logged).alias(fact + KNOWN) for fact in facts)


def logged_steps(logged: pl.DataFrame, owners: pl.DataFrame) -> pl.DataFrame:
    """Changes by team and day in the number of open deals and of touched ones: team, day, deals, touched.

    `logged`: owner_id, day, until, touched (in 30 days) of open deals.
    """
    teams = owners.select("team", owner_id="id").drop_nulls("team")
    mine = logged.join(teams, on="owner_id").with_columns(pl.col("touched").cast(pl.Int64), deals=pl.lit(1, pl.Int64))
    ends = mine.select("team", -pl.col("deals"), -pl.col("touched"), day="until")
    return added([mine.select("team", "deals", "touched", "day"), ends])


def added(steps: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """The sum of the steps of several parts."""
    summed = pl.concat(steps).group_by("team", "day").agg(pl.col("deals", "touched").sum())
    return summed.select("team", "day", "deals", "touched").sort("team", "day")


def silent_days(steps: pl.DataFrame, days: int, min_coverage: float) -> pl.DataFrame:
    """Team and day where under `min_coverage` of the team's open deals were touched in 30 days; no small teams.

    `steps`: `logged_steps` of all deals.
    """
    every = pl.DataFrame({"day": range(days)}, schema={"day": pl.Int64})
    daily = steps.select("team").unique().join(every, how="cross").join(steps, on=["team", "day"], how="left")
    held = daily.sort("team", "day").with_columns(pl.col("deals", "touched").fill_null(0).cum_sum().over("team"))
    share = pl.when(pl.col("deals") >= FEWEST_DEALS).then(pl.col("touched") / pl.col("deals"))
    return held.filter(share < min_coverage).select("team", "day")
