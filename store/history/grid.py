"""The grid of days, and binary search of dated events on it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable

ALWAYS: Final = -(2**62)
"""Instant of an event without one: it holds on every day."""
DAY_US: Final = 86_400_000_000


@dataclass(frozen=True)
class Grid:
    """The instants of the days (µs, ascending). A day is an index into them; `size` means after the last."""

    instants: pl.Series

    @property
    def size(self) -> int:
        """How many days."""
        return self.instants.len()

    def first(self, at: pl.Series) -> pl.Series:
        """The first day on or after an instant (µs). Null: it was always so."""
        return self.instants.search_sorted(at.fill_null(ALWAYS), side="left").cast(Int)

    @cached_property
    def utc_days(self) -> pl.Series:
        """The days' UTC dates, as days since 1970."""
        return self.instants // DAY_US

    def from_utc(self, dates: pl.Series) -> pl.Series:
        """The first day with that UTC date (days since 1970) or a later one."""
        return self.utc_days.search_sorted(dates, side="left").cast(Int)

    def code(self, keys: pl.Series, days: pl.Series) -> pl.Series:
        """Deal and day as one number that sorts like both."""
        return keys * (self.size + 1) + days


Int: Final = pl.Int64()
POINTS: Final = pl.Schema({"key": Int, "day": Int})


@dataclass(frozen=True)
class Events:
    """Rows of a table, sorted by deal and instant, each with its day; found by the rows of a past."""

    frame: pl.DataFrame  # has `key` and `day`
    grid: Grid

    @classmethod
    def of(cls, frame: pl.DataFrame, at: str, grid: Grid) -> Events:
        """Events at the instants in the column `at` (µs or Datetime); `frame` is sorted by key and that column."""
        return cls(frame.with_columns(day=grid.first(frame[at].to_physical())), grid)

    @cached_property
    def _codes(self) -> pl.Series:
        return self.grid.code(self.frame["key"], self.frame["day"])

    @property
    def points(self) -> pl.DataFrame:
        """Deals and the days on which an event is first known."""
        return self.frame.select("key", "day")

    def after(self, rows: pl.DataFrame) -> pl.Series:
        """Place of the first event that a row (key, day) does not know yet, as if all deals were one."""
        return self._codes.search_sorted(self.grid.code(rows["key"], rows["day"]), side="right").cast(Int)

    def last(self, rows: pl.DataFrame) -> pl.Series:
        """Place of the last event of the same deal that a row knows; null where there is none."""
        return self._own(self.after(rows) - 1, rows)

    def next(self, rows: pl.DataFrame) -> pl.Series:
        """Place of the first event of the same deal that came later; null where there is none."""
        return self._own(self.after(rows), rows)

    def known(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Every event that a row knows: `row` (its place) and `event` (place), in their order."""
        end = self.after(rows)
        start = self.frame["key"].search_sorted(rows["key"], side="left").cast(Int)
        return paired(start, end)

    def _own(self, places: pl.Series, rows: pl.DataFrame) -> pl.Series:
        places = places.set((places < 0) | (places >= self.frame.height), None)
        return places.set((self.frame["key"].gather(places) != rows["key"]).fill_null(value=True), None)


def paired(start: pl.Series, end: pl.Series) -> pl.DataFrame:
    """Rows (row, event): for each place of `start` the numbers from it up to, but not with, that of `end`."""
    ranges = pl.DataFrame({"start": start, "end": end}).with_row_index("row")
    some = ranges.filter(pl.col("start") < pl.col("end"))
    return some.select(pl.col("row").cast(Int), event=pl.int_ranges("start", "end")).explode(
        "event", empty_as_null=True
    )


def each(keys: pl.Series, days: Iterable[pl.Series]) -> pl.DataFrame:
    """POINTS of deals (null days are none) for each of some series of days."""
    found = [pl.DataFrame({"key": keys, "day": some}).drop_nulls("day") for some in days]
    return pl.concat(found) if found else pl.DataFrame(schema=POINTS)


def days_about(keys: pl.Series, dates: pl.Series, grid: Grid) -> pl.DataFrame:
    """POINTS of every day on which some zone's local date may pass a date (days since 1970)."""
    return each(keys, (grid.from_utc(dates + ahead).set(dates.is_null(), None) for ahead in (-1, 0, 1, 2)))
