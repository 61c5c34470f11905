"""Days of a replay: what passes with the date alone, while nothing is recorded about a deal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import polars as pl

from model.calendars.zones import Zones
from model.facts import FACTS, KNOWN
from model.snapshot import INSTANT
from model.widening.activity_facts import FEWEST_DEALS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import datetime

    from model.wide import Wide

PASSING: Final = frozenset({"days_in_stage", "days_in_visit"})
"""Facts that grow by one with each local day."""
LOGGED: Final = frozenset(
    name for name, fact in FACTS.items()
    if fact.known is not None and "team_logs" in fact.known.meta.root_names()
)  # fmt: skip
"""Facts that are unknown on days on which the owner's team logs almost nothing."""
NOT_APPLICABLE, PASSED, BROKEN, UNKNOWN = range(4)
"""How a rule comes out on a deal-day."""
STRETCHES: Final = pl.Schema({"deal": pl.Int64(), "day": pl.Int64(), "until": pl.Int64(), "state": pl.Int8()})
"""Of one rule: from `day` up to `until` it came out so; sorted, days it does not apply to left out."""
COPIED: Final = "next_step_copied"
"""The fact that may turn because another deal of the owner changes."""
QUIET: Final = ("team", "_activity_unknown")
"""Columns that tell whether a team's silence makes a fact unknown."""
CHUNK: Final = 250_000
"""Deal-days that are held at once."""


@dataclass(frozen=True)
class Days:
    """Rows of a replay and the days that each holds for.

    `wide`: a row each stretch on which nothing was recorded, as of its first day; `rows`: deal, day, until, in the same
    order; `dates`: local dates by zone and day (zone × days + day), `zone` each row's zone; `quiet`: the teams and days
    of `quiet_days`; `shared`: SHARED of model/widening/copied_next_steps.py.
    """

    wide: Wide
    rows: pl.DataFrame
    size: int
    dates: pl.Series
    zone: pl.Series
    quiet: pl.DataFrame
    shared: pl.DataFrame

    @classmethod
    def of(  # noqa: PLR0917 - a widened story and what passes beside it
        cls, wide: Wide, rows: pl.DataFrame, instants: Sequence[datetime], owners: pl.DataFrame, zone: str,
        quiet: pl.DataFrame, shared: pl.DataFrame,
    ) -> Days:  # fmt: skip
        """Days of a widened story; `owners` are OWNERS, `zone` the connection's, `quiet` and `shared` as above."""
        zones = Zones.of(zone, owners["zone"])
        theirs = owners.select("id", code=zones.code(pl.col("zone")))
        code = wide.frame.select(id="_owner_id").join(theirs, on="id", how="left", maintain_order="left")["code"]
        every = pl.Series(list(instants) * len(zones.names), dtype=INSTANT)
        places = pl.int_range(len(zones.names), eager=True)
        by_zone = pl.DataFrame({"z": places}).select(pl.col("z").repeat_by(len(instants)).explode(empty_as_null=True))
        dates = zones.date(every, by_zone["z"].cast(pl.Int64))
        return cls(wide, rows, len(instants), dates, code.fill_null(0), quiet, shared)

    def hushes(self, facts: Collection[str]) -> bool:
        """Whether a team's silence makes some of these facts unknown on days on which nothing is recorded."""
        return not self.quiet.is_empty() and not LOGGED.isdisjoint(facts)

    def heard(self) -> Days:
        """The same days as if no team were ever silent."""
        return replace(self, quiet=self.quiet.clear())

    def copies(self, facts: Collection[str]) -> bool:
        """Whether what other deals say may turn one of these facts."""
        return COPIED in facts and not self.shared.is_empty()

    def flips(self, facts: Collection[str]) -> bool:
        """Whether some of these facts may turn on days on which nothing is recorded about the deal."""
        return self.hushes(facts) or self.copies(facts)

    def flip_spots(self, facts: Collection[str]) -> list[pl.DataFrame]:
        """Where they may, while a row holds: row, ahead (days after its first)."""
        hushed = [self.hushed_spots()] if self.hushes(facts) else []
        return [*hushed, self.copied_spots()] if self.copies(facts) else hushed

    def copied_spots(self) -> pl.DataFrame:
        """Where a row's text comes to stand on another deal of the owner, or no longer does."""
        turns = pl.concat([self.shared.select("deal", turn=side) for side in ("day", "until")]).unique()
        rows = self.rows.select("deal", "day", "until").with_row_index("row")
        met = rows.join(turns, on="deal").filter(pl.col("turn").is_between("day", "until", closed="none"))
        return met.select(pl.col("row").cast(pl.Int64), ahead=pl.col("turn") - pl.col("day"))

    def hushed_spots(self) -> pl.DataFrame:
        """Where a row's team falls silent or speaks again while the row holds: row, ahead (days after its first)."""
        flip = pl.col("day") != pl.col("day").shift(1) + 1
        starts = self.quiet.sort("team", "day").filter(flip.over("team").fill_null(value=True))
        ends = self.quiet.with_columns(pl.col("day") + 1).join(self.quiet, on=["team", "day"], how="anti")
        turns = pl.concat([starts, ends]).rename({"day": "turn"})
        rows = self.rows.select("day", "until", self.wide.frame["team"]).with_row_index("row")
        met = rows.join(turns, on="team").filter(pl.col("turn").is_between("day", "until", closed="none"))
        return met.select(pl.col("row").cast(pl.Int64), ahead=pl.col("turn") - pl.col("day"))

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
        asked = {c for name in {*facts, *(QUIET if self.hushes(facts) else ())}
                 for c in (name, name + KNOWN) if c in schema}  # fmt: skip
        frame = self.wide.frame.select("key", "process", *(c for c in [*asked, *more] if c not in {"key", "process"}))
        frame = frame[row].with_columns(as_of_date=today, _day=pieces["day"])
        frame = frame.with_columns(pl.col(fact) + passed for fact in PASSING & asked)
        if self.hushes(facts):
            frame = self._hushed(frame, LOGGED & asked)
        told = pieces.select("day", "until", deal=self.rows["deal"].gather(row))
        if self.copies(asked):
            frame = self._with_copies(frame, told)
        return replace(self.wide, frame=frame), told

    def _with_copies(self, frame: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
        """A text that stands on another deal that day is copied, whatever else is known of it."""
        places = told.select("deal", "day").with_row_index("place")
        met = places.join(self.shared, on="deal", suffix="_on").filter(
            pl.col("day").is_between("day_on", "until", closed="left")
        )
        here = pl.int_range(frame.height, dtype=pl.UInt32, eager=True).is_in(met["place"].implode())
        known = (pl.col(COPIED + KNOWN) | here) if COPIED + KNOWN in frame.columns else pl.lit(value=True)
        return frame.with_columns(
            pl.when(here).then(pl.lit(value=True)).otherwise(pl.col(COPIED)).alias(COPIED), known.alias(COPIED + KNOWN)
        )

    def _hushed(self, frame: pl.DataFrame, facts: Collection[str]) -> pl.DataFrame:
        quiet = self.quiet.select("team", _day="day", _quiet=pl.lit(value=True))
        hushed = frame.select("team", "_day").join(quiet, on=["team", "_day"], how="left", maintain_order="left")
        heard = hushed["_quiet"].is_null() | frame["_activity_unknown"].is_not_null()  # one reason is enough
        return frame.with_columns((pl.col(fact + KNOWN) & heard).alias(fact + KNOWN) for fact in facts)


def logged_steps(logged: pl.DataFrame, owners: pl.DataFrame) -> pl.DataFrame:
    """By team and day how many open deals, and touched ones among them, come or go: team, day, deals, touched.

    `logged`: owner_id, day, until, touched (in 30 days) of open deals.
    """
    teams = owners.select("team", owner_id="id").drop_nulls("team")
    mine = logged.join(teams, on="owner_id").with_columns(pl.col("touched").cast(pl.Int64), deals=pl.lit(1, pl.Int64))
    ends = mine.select("team", -pl.col("deals"), -pl.col("touched"), day="until")
    return added([mine.select("team", "deals", "touched", "day"), ends])


def added(steps: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Steps of some parts as one."""
    summed = pl.concat(steps).group_by("team", "day").agg(pl.col("deals", "touched").sum())
    return summed.select("team", "day", "deals", "touched").sort("team", "day")


def quiet_days(steps: pl.DataFrame, days: int, min_coverage: float) -> pl.DataFrame:
    """Team and day where under `min_coverage` of the team's open deals were touched in 30 days (of few: nobody knows).

    `steps`: `logged_steps` of all deals.
    """
    every = pl.DataFrame({"day": range(days)}, schema={"day": pl.Int64})
    daily = steps.select("team").unique().join(every, how="cross").join(steps, on=["team", "day"], how="left")
    held = daily.sort("team", "day").with_columns(pl.col("deals", "touched").fill_null(0).cum_sum().over("team"))
    share = pl.when(pl.col("deals") >= FEWEST_DEALS).then(pl.col("touched") / pl.col("deals"))
    return held.filter(share < min_coverage).select("team", "day")
