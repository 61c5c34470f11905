"""Local dates of many instants in many zones at once: one binary search, whatever the number of zones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cache, cached_property
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, available_timezones

import polars as pl

from model.snapshot import INSTANT

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date as Date  # noqa: N812 - the class has a method of that name

FIRST, LAST = datetime(1980, 1, 1, tzinfo=UTC), datetime(2080, 1, 1, tzinfo=UTC)
SPAN: Final = 1 << 53
"""More than any instant in microseconds, so that zone and instant fit one sorted integer."""


def _offset(instant: str, zone: str) -> pl.Expr:
    local = pl.col(instant).dt.convert_time_zone(zone).dt
    return (local.base_utc_offset() + local.dst_offset()).dt.total_microseconds()


DAY: Final = 86_400_000_000


@cache
def transitions(zone: str) -> tuple[tuple[int, int], ...]:
    """(instant in µs, offset from then on in µs) of a zone's clock changes, sorted, from 1980 to 2080."""
    daily = pl.select(day=pl.datetime_range(FIRST, LAST, "1d")).with_columns(offset=_offset("day", zone))
    changed = daily.filter(pl.col("offset") != pl.col("offset").shift(-1)).select("day")
    quarters = pl.select(after=pl.duration(minutes=pl.int_range(0, 97) * 15))
    near = changed.join(quarters, how="cross").select(at=pl.col("day") + pl.col("after"))
    steps = near.with_columns(offset=_offset("at", zone)).filter(pl.col("offset") != pl.col("offset").shift(1))
    starts = steps["at"].to_physical().to_list()
    return ((0, int(daily["offset"][0])), *zip(starts, steps["offset"].to_list(), strict=True))


@cache
def _known_zones() -> frozenset[str]:
    """Every zone's name; reading them walks the whole folder of the time zone database."""
    return frozenset(available_timezones())


@dataclass(frozen=True)
class Zones:
    """Zones by code; `code` 0 is the connection's own, which also stands in for names nobody knows."""

    names: tuple[str, ...]

    @classmethod
    def of(cls, default: str, names: Iterable[str | None]) -> Zones:
        """The default zone and every known one of `names`."""
        known = {name for name in names if name} & _known_zones()
        return cls((default, *sorted(known - {default})))

    def code(self, name: pl.Expr) -> pl.Expr:
        """The zone's code as Int64; 0 for null and for names nobody knows."""
        codes = {zone: code for code, zone in enumerate(self.names)}
        return name.replace_strict(codes, default=0, return_dtype=pl.Int64)

    def date(self, instants: pl.Series, zones: pl.Series) -> pl.Series:
        """Local dates of instants in the zones with these codes; null stays null."""
        rows = pl.DataFrame([instants.to_physical().alias("at"), zones.alias("zone")])
        return rows.select(self._date).to_series().alias(instants.name)

    @cached_property
    def _date(self) -> pl.Expr:
        """The local date of `at` in the zone with the code `zone`."""
        starts, offsets = map(pl.lit, self._steps)
        at = pl.col("at")
        index = starts.search_sorted((pl.col("zone") * SPAN + at.clip(0)).fill_null(0), side="right") - 1
        return ((at + offsets.gather(index)) // DAY).cast(pl.Int32).cast(pl.Date)

    @staticmethod
    def midnights(zone: str, first: Date, last: Date) -> pl.DataFrame:
        """At (INSTANT): the first instant of each local day of a zone, both ends inclusive."""
        own = ZoneInfo(zone)
        days = (first + timedelta(days=n) for n in range((last - first).days + 1))
        starts = [datetime.combine(day, time(), own).astimezone(UTC) for day in days]
        return pl.DataFrame({"at": starts}, schema={"at": INSTANT})

    @cached_property
    def _steps(self) -> tuple[pl.Series, pl.Series]:
        """Every clock change as zone and instant in one integer, sorted; and the offset from then on in µs."""
        steps = [(code * SPAN + at, offset) for code, name in enumerate(self.names) for at, offset in transitions(name)]
        starts = pl.Series([start for start, _ in steps], dtype=pl.Int64)
        return starts, pl.Series([offset for _, offset in steps], dtype=pl.Int64)

    def today(self, as_of: datetime) -> pl.Series:
        """The local date of `as_of` by zone code."""
        codes = pl.Series(range(len(self.names)), dtype=pl.Int64)
        return self.date(pl.Series([as_of] * len(self.names), dtype=INSTANT), codes)
