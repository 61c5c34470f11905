"""Answers the queries of `kpi_queries` in DuckDB, by any dimensions and for any window, and adds intervals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from math import floor, sqrt
from typing import TYPE_CHECKING, Any, Final

import duckdb
import pandas as pd
from scipy.stats import norm

from tests.cases.kpi_queries import KPIS, PERIODS, POPULATIONS, Asked

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True)
class Window:
    """A window by its name, as seen from the day of as_of in the connection's zone; `since` None: all days."""

    name: str
    since: date | None
    until: date

    @property
    def condition(self) -> str:
        """SQL over a row's day."""
        return f"day BETWEEN DATE '{self.since}' AND DATE '{self.until}'" if self.since else "true"


@dataclass(frozen=True)
class Figure:
    """One value of the reference; `spread` false: the interval is not compared."""

    value: Any
    numerator: Any
    denominator: Any
    n: int
    low: Any = None
    high: Any = None
    spread: bool = True


def load(**tables: list[dict[str, Any]]) -> duckdb.DuckDBPyConnection:
    """DuckDB with the tables `deal`, `move` and `edit`, the last of which has the changes of close dates."""
    db = duckdb.connect()
    for name, rows in tables.items():
        db.register(name, pd.DataFrame(rows))
    db.execute("""CREATE TABLE deal AS SELECT * REPLACE (amount::DECIMAL(28, 6) AS amount, created::DATE AS created,
        probability::DECIMAL(9, 6) AS probability, close_date::DATE AS close_date, closed_on::DATE AS closed_on,
        today::DATE AS today,
        region::VARCHAR AS region) FROM deals""")
    db.execute("CREATE TABLE move AS SELECT * REPLACE (day::DATE AS day, place::INTEGER AS place) FROM moves")
    db.execute(
        "CREATE TABLE edit AS SELECT deal, seq, day::DATE AS day, before::DATE AS before, after::DATE AS after"
        " FROM edits"
    )
    return db


def prepare(db: duckdb.DuckDBPyConnection, fiscal_year_starts: int, now: str) -> None:
    """The populations as tables, each with its periods; FY2026 is the fiscal year that ends in 2026."""
    shift = f"day + INTERVAL {(13 - fiscal_year_starts) % 12} MONTH"
    for name, sql in POPULATIONS.items():
        db.execute(f"CREATE VIEW {name}_rows AS {sql.format(now=now)}")
        db.execute(f"""CREATE TABLE {name} AS SELECT *, strftime(day, '%Y-%m') AS month,
            year(day) || '-Q' || quarter(day) AS quarter, year(day)::VARCHAR AS year,
            'FY' || year({shift}) || '-Q' || quarter({shift}) AS fiscal_quarter,
            'FY' || year({shift}) AS fiscal_year FROM {name}_rows""")


def figures(
    db: duckdb.DuckDBPyConnection, kpi: str, by: Sequence[str], window: Window
) -> dict[tuple[Any, ...], Figure]:
    """One KPI by these dimensions: members of the group → figure. A stage stands under process and stage."""
    asked = KPIS[kpi]
    dims = list(dict.fromkeys(one for dim in by for one in (("process", "stage") if dim == "stage" else (dim,))))
    given = {"since": window.since or date.min, "until": window.until, "window": window.condition}
    numerator, denominator, only, rows = (
        text.format(**given, days=_days(db, window))
        for text in (asked.numerator, asked.denominator, f"({asked.only}) AND ({asked.windowed})", asked.rows)
    )
    value = asked.value or f"({numerator}) / nullif({denominator}, 0)"
    found = db.execute(f"""SELECT {"".join(f"{dim}, " for dim in dims)} {value}, {numerator}, {denominator},
        {asked.n}, {asked.samples} FROM {rows} WHERE {only}
        {"GROUP BY " + ", ".join(dims) if dims else ""}""").fetchall()
    return {named(zip(dims, row, strict=False)): _figure(asked, row[len(dims) :]) for row in found}


def _days(db: duckdb.DuckDBPyConnection, window: Window) -> int:
    """Days of the window up to as_of, from the creation of the earliest deal known where that is later."""
    row = db.execute("SELECT min(created) FROM deal").fetchone()
    assert row is not None
    return (window.until - max(window.since or row[0], row[0])).days + 1


def _figure(asked: Asked, row: tuple[Any, ...]) -> Figure:
    value, numerator, denominator, n, samples = row
    low = high = None
    spread = True
    if asked.interval == "wilson" and denominator:
        low, high = wilson(int(numerator), int(denominator))
    if asked.interval == "median":
        low, high = around_median([one for one in samples or [] if one is not None])
    if asked.interval == "by value":
        spread = len(samples or []) > DRAWN_UP_TO
        low, high = around_share(samples or []) if spread else (None, None)
    if asked.interval == "skip":
        spread = False
    if asked.interval == "aalen-johansen":
        value = aalen_johansen(samples or [])
    if asked.interval == "kaplan-meier":
        value = kaplan_meier(samples or [])
    return Figure(value, numerator, denominator, n, low, high, spread)


DRAWN_UP_TO: Final = 200
"""Up to so many deals the interval by value is drawn with a seed that no page tells."""


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Wilson's score interval at 95 %."""
    z, share = norm.ppf(0.975), hits / n
    centre, spread = share + z * z / (2 * n), z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return (centre - spread) / (1 + z * z / n), (centre + spread) / (1 + z * z / n)


def around_median(ordered: Sequence[float]) -> tuple[float | None, float | None]:
    """The order statistics of the rank ⌊(n + 1 − 1.96 √n) ÷ 2⌋ from either end."""
    n = len(ordered)
    rank = floor((n + 1 - norm.ppf(0.975) * sqrt(n)) / 2)
    return (ordered[rank - 1], ordered[n - rank]) if rank >= 1 else (None, None)


def around_share(pairs: Sequence[tuple[Any, Any]]) -> tuple[float, float]:
    """The linearised variance of Σ part ÷ Σ whole."""
    n, whole = len(pairs), float(sum(whole for _, whole in pairs))
    share = float(sum(part for part, _ in pairs)) / whole
    squares = sum((float(part) - share * float(of)) ** 2 for part, of in pairs)
    half = norm.ppf(0.975) * sqrt(squares * n / (n - 1)) / whole
    return max(0.0, share - half), min(1.0, share + half)


def aalen_johansen(visits: Sequence[tuple[float, bool, bool | None]]) -> float | None:
    """The first day at which half or more have gone on, where every other end competes."""
    alive, gone_on, left = 1.0, 0.0, len(visits)
    for days in sorted({days for days, *_ in visits}):
        here = [(ended, forward) for at, ended, forward in visits if at == days]
        gone_on += alive * sum(bool(forward) for _, forward in here) / left
        alive *= 1 - sum(ended for ended, _ in here) / left
        left -= len(here)
        if gone_on >= 0.5 - 1e-12:
            return days
    return None


def kaplan_meier(visits: Sequence[tuple[float, bool]]) -> float | None:
    """The first day at which half or fewer have not left; leaving comes before censoring on the same day."""
    alive, left = 1.0, len(visits)
    for days, event in sorted(visits, key=lambda visit: (visit[0], not visit[1])):
        alive *= 1 - event / left
        left -= 1
        if alive <= 0.5 + 1e-12:
            return days
    return None


def named(dims: Iterable[tuple[str, Any]]) -> tuple[tuple[str, Any], ...]:
    """The dimensions of a group in one order."""
    return tuple(sorted(dims, key=lambda dim: dim[0]))


def groupings(facts: Iterable[str]) -> Iterable[tuple[str, ...]]:
    """All deals, and each dimension."""
    yield ()
    yield from ((dim,) for dim in (*facts, "stage", *PERIODS))


def every(
    db: duckdb.DuckDBPyConnection, kpi: str, groupings: Sequence[tuple[str, ...]], window: Window
) -> dict[tuple[Any, ...], Figure]:
    """One KPI by all groupings that it has."""
    found: dict[tuple[Any, ...], Figure] = {}
    for by in filter(KPIS[kpi].takes, groupings):
        found |= figures(db, kpi, by, window)
    return found


def rolling(days: int, today: date) -> Window:
    """The window of the last days, that of as_of included."""
    return Window(f"{days}d", today - timedelta(days=days - 1), today)
