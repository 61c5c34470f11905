"""Past rows: deals over many days, with one row for each span of days without a record of the deal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import polars as pl

from model.facts import FOLLOWED
from model.helpers.json_values import typed
from model.snapshot import CLAIM_CHANGES, DEALS, FIELD_CHANGES, INSTANT, STAGE_CHANGES, Snapshot
from model.widening.copied_next_steps import steps
from store.codec import instant
from store.history.activities import Activities
from store.history.contacts import People
from store.history.deals import Deals
from store.history.grid import Events, Grid, Int, days_about

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date, datetime

    from store.history.raw import Raw

ROWS: Final = pl.Schema({"key": Int, "deal": Int, "day": Int, "until": Int})
"""key: the row's own, which the snapshot uses; deal: the store's key; the days from `day` up to `until`."""


@dataclass(frozen=True)
class PastRows:
    """Deals over some days: `rows` (ROWS), and a snapshot of what was known on each row's first day.

    The snapshot's deals have the column `as_of` (the row's own instant). Nothing but the date changes within a row.
    """

    rows: pl.DataFrame
    snapshot: Snapshot

    def between(self, first: int, end: int) -> PastRows:
        """The rows that begin on the days from `first` up to `end`."""
        rows = self.rows.filter(pl.col("day").is_between(first, end, closed="left"))
        shot, keys = self.snapshot, rows.select("key")
        frames = {
            name: getattr(shot, name).join(keys, on="key", how="semi", maintain_order="left")
            for name in ("records", "stage_changes", "field_changes", "activity", "claim_changes", "roles")
        }
        return replace(self, rows=rows, snapshot=replace(shot, **frames))


@dataclass(frozen=True)
class UnrecordedChanges:
    """Changes of a deal's facts without a record.

    `places`: days (places in the instants) that begin new rows for every deal; None: each day does. `rates`: days of
    new rates, for deals in another currency than `home`. `due`: the mapped fact that is a due date. `claims`: the facts
    by which processes claim deals.
    """

    places: tuple[int, ...] | None = ()
    rates: tuple[date, ...] = ()
    home: str = ""
    due: str | None = None
    claims: tuple[str, ...] = ()


class HistoryBuilder:
    """Builds past rows of some deals, all at once or part by part."""

    def __init__(self, raw: Raw, instants: tuple[datetime, ...], unrecorded: UnrecordedChanges) -> None:
        self.raw, self.instants, self.unrecorded = raw, instants, unrecorded
        self.grid = Grid(pl.Series([instant(at) for at in instants], dtype=Int))
        self.deals = Deals(raw, self.grid)
        self.activities = Activities(raw.activities, self.grid)
        self.people = People(raw.roles, self.grid)

    def parts(self, size: int) -> Iterator[HistoryBuilder]:
        """Builders of `size` deals each."""
        if self.raw.deals.height <= size:
            yield self
            return
        for deals in self.raw.deals.iter_slices(size):
            yield HistoryBuilder(self.raw.only(deals), self.instants, self.unrecorded)

    def logged(self) -> pl.DataFrame:
        """owner_id, day, until, touched (in 30 days) of every open deal: the input to a team's coverage."""
        rows, deals = self._open_rows()
        return rows.select("day", "until", deals["owner_id"], touched=self.activities.touched(rows))

    def steps(self) -> pl.DataFrame:
        """owner_id, next_step, deal, day, until of open deals with a readable owner and next step."""
        rows, deals = self._open_rows()
        found = steps(deals.with_columns(key=pl.int_range(deals.height, dtype=Int)))
        return found.drop("key").hstack(rows[found["key"]].select("day", "until", deal="key"))

    def without_deals(self) -> Snapshot:
        """A snapshot with owners, stages, rates and feeds, but without deals."""
        raw = self.raw
        return Snapshot(
            as_of=self.instants[-1], records=pl.DataFrame(schema=DEALS), owners=raw.owners, feeds=raw.feeds,
            crm_stages=raw.crm_stages, rates=raw.rates,
        )  # fmt: skip

    def deal_outcomes(self) -> pl.DataFrame:
        """How deals stand now: deal, is_won (null: open), ended_at, close_date; `pushed`: the day that first knows of
        the last move of the close date to later (null: none; the number of days where it came after all of them).
        """
        rows = self.raw.deals.select("key", day=pl.lit(self.grid.size, Int))
        moves = self.deals.moves
        return self.raw.deals.select(
            "close_date", deal="key",
            is_won=pl.when("is_closed").then("is_won"),
            ended_at=moves.frame["at"].gather(moves.last(rows)),
        ).join(self._pushed(), on="deal", how="left")  # fmt: skip

    def _pushed(self) -> pl.DataFrame:
        events = self.deals.fields.get("close_date")
        if events is None:
            return pl.DataFrame(schema={"deal": Int, "pushed": Int})
        before, after = (typed(events.frame[side], DEALS["close_date"]) for side in ("before", "after"))
        later = events.frame.filter(after > before)
        return later.group_by(deal="key").agg(pushed=pl.col("day").max())

    def _open_rows(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        rows = self.rows()
        deals = self.deals.at(rows)
        is_open = (~deals["is_closed"]).fill_null(value=False)
        return rows.filter(is_open), deals.filter(is_open)

    def past_rows(self) -> PastRows:
        """What was known of each open deal on each day, as `snapshot` gives it."""
        return self._past_rows(*self._open_rows())

    def at(self, rows: pl.DataFrame) -> PastRows:
        """What was known of deals at instants: `rows` (key, at: INSTANT), of which each instant is one of the grid.

        The snapshot has a row for each of `rows`, in their order; deals that did not exist then have one, too.
        """
        places = rows.select("key", day=self.grid.first(rows["at"].to_physical())).with_columns(until=pl.col("day") + 1)
        return self._past_rows(places, self.deals.at(places))

    def _past_rows(self, rows: pl.DataFrame, deals: pl.DataFrame) -> PastRows:
        place = pl.int_range(rows.height, dtype=Int, eager=True).alias("key")
        known = deals.with_columns(place, as_of=self.grid.instants.gather(rows["day"]).cast(INSTANT))
        return PastRows(
            rows.select(place, deal="key", day="day", until="until"),
            Snapshot(
                as_of=self.instants[-1],
                records=known.select(*DEALS.names(), "as_of"),
                stage_changes=self._moves(rows),
                field_changes=self._field_changes(rows),
                activity=self.activities.at(rows),
                claim_changes=self._claim_changes(rows),
                roles=self.people.at(rows),
                owners=self.raw.owners, crm_stages=self.raw.crm_stages, rates=self.raw.rates, feeds=self.raw.feeds,
            ),
        )  # fmt: skip

    def rows(self) -> pl.DataFrame:
        """Rows (key, day, until) of every deal, sorted; the first begins when the deal is there."""
        bounds = self.deals.bounds()
        points = [
            bounds.select("key", day="start"), *self.deals.points(), *self.activities.points(),
            self.people.events.points, *self._unrecorded_days(bounds),
        ]  # fmt: skip
        rows = pl.concat([frame.select("key", "day") for frame in points]).unique().join(bounds, on="key")
        inside = rows.filter((pl.col("day") >= pl.col("start")) & (pl.col("day") < pl.col("end"))).sort("key", "day")
        following = pl.when(pl.col("key") == pl.col("key").shift(-1)).then(pl.col("day").shift(-1))
        return inside.select("key", "day", until=pl.coalesce(following, "end")).filter(pl.col("day") < self.grid.size)

    def _unrecorded_days(self, bounds: pl.DataFrame) -> Iterable[pl.DataFrame]:
        deals, unrecorded = self.raw.deals, self.unrecorded
        places = range(self.grid.size) if unrecorded.places is None else unrecorded.places
        every = pl.DataFrame({"day": list(places)}, schema={"day": Int})
        yield bounds.select("key").join(every, how="cross")
        hints = deals.drop_nulls("activity_hint")
        yield days_about(hints["key"], hints["activity_hint"].to_physical().cast(Int), self.grid)
        yield self._rate_days()
        if unrecorded.due:
            yield from self._due_date_days(unrecorded.due)

    def _rate_days(self) -> pl.DataFrame:
        """Of deals in another currency (now or once): the days about each new rate."""
        changed = self.raw.changes.filter(pl.col("field") == "currency")["key"].implode()
        foreign = (pl.col("currency") != self.unrecorded.home) | pl.col("key").is_in(changed)
        days = pl.DataFrame({"on": pl.Series(self.unrecorded.rates, dtype=pl.Date).to_physical().cast(Int)})
        pairs = self.raw.deals.filter(foreign).select("key").join(days, how="cross")
        return days_about(pairs["key"], pairs["on"], self.grid)

    def _due_date_days(self, fact: str) -> Iterable[pl.DataFrame]:
        """The days about every due date that the mapped fact ever had."""
        deals = self.raw.deals
        texts = ((deals["key"], deals["facts"]), (self.deals.facts.frame["key"], self.deals.fact_states))
        for keys, facts in texts:
            dates = facts.str.json_path_match(f"$.{fact}").str.to_date("%Y-%m-%d", strict=False)
            yield days_about(keys, dates.to_physical().cast(Int), self.grid)

    def _moves(self, rows: pl.DataFrame) -> pl.DataFrame:
        """STAGE_CHANGES that each row knows."""
        pairs = self.deals.moves.known(rows)
        found = self.deals.moves.frame.drop("key", "day")[pairs["event"]]
        return found.with_columns(key=pairs["row"]).select(STAGE_CHANGES.names())

    def _claim_changes(self, rows: pl.DataFrame) -> pl.DataFrame:
        """CLAIM_CHANGES that each row knows."""
        changes = self.raw.changes.filter(pl.col("field").is_in(self.unrecorded.claims))
        pairs = Events.of(changes, "at", self.grid).known(rows)
        found = changes.select("field", "before", at="at_least")[pairs["event"]].with_columns(key=pairs["row"])
        return found.select(CLAIM_CHANGES.names()).sort("key", "at", maintain_order=True)

    def _field_changes(self, rows: pl.DataFrame) -> pl.DataFrame:
        """FIELD_CHANGES that each row knows."""
        found = [pl.DataFrame(schema=FIELD_CHANGES)]
        for field in sorted(FOLLOWED & self.deals.fields.keys()):
            events = self.deals.fields[field]
            pairs = events.known(rows)
            changes = events.frame.select("at", "before", "after", field=pl.lit(field))[pairs["event"]]
            found.append(changes.with_columns(key=pairs["row"]).select(FIELD_CHANGES.names()))
        return pl.concat(found)


def past_rows_at(raw: Raw, rows: pl.DataFrame, unrecorded: UnrecordedChanges) -> PastRows:
    """What was known of deals at instants: a row for each of `rows` (key, at), in their order."""
    instants = rows["at"].unique().sort().to_list()
    return HistoryBuilder(raw, tuple(instants), unrecorded).at(rows)
