"""Every KPI in SQL, written from docs/kpis.md alone: no part of `kpis/` is used.

`POPULATIONS` are the rows that a KPI counts, each with the day that its window and its periods go by. `KPIS` are one
query each: what is summed over the rows of a group.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from math import floor, sqrt
from typing import TYPE_CHECKING, Any, Final

import duckdb
import pandas as pd
from scipy.stats import norm

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FACTS: Final = ("owner", "team", "segment", "pipeline", "process", "region", "source")
PERIODS: Final = ("month", "quarter", "year", "fiscal_quarter", "fiscal_year")
POPULATIONS: Final = {
    "open_deal": "SELECT *, close_date AS day FROM deal WHERE is_open",
    "closed_deal": """SELECT *, CASE WHEN imported THEN close_date ELSE coalesce(closed_on, close_date) END AS day,
        CASE WHEN NOT imported THEN coalesce(closed_on, close_date) - created END AS days
        FROM deal WHERE is_won OR is_lost""",
    "worked_deal": "SELECT * FROM closed_deal_rows WHERE NOT imported",
    "rated_deal": """SELECT *, NULL::DATE AS day, NULL AS days FROM deal WHERE is_open
        UNION ALL BY NAME SELECT * FROM worked_deal_rows""",
    "visit": """
        SELECT deal.* EXCLUDE (stage), m.* EXCLUDE (deal, kind),
            epoch(coalesce(left_moved, TIMESTAMP '{now}') - moved) / 86400 AS days FROM (
            SELECT *, lead(moved) OVER w AS left_moved, lead(day) OVER w AS left_day, lead(kind) OVER w AS left_by,
                row_number() OVER (PARTITION BY deal, stage ORDER BY seq) = 1 AS first_entry,
                max(place) OVER (PARTITION BY deal ORDER BY seq ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)
                    AS furthest_later
            FROM move WINDOW w AS (PARTITION BY deal ORDER BY seq)
        ) AS m JOIN deal ON deal.key = m.deal WHERE m.stage IS NOT NULL AND m.stage <> 'won'""",
    "first_entry": "SELECT * FROM visit_rows WHERE first_entry",
    "left_visit": "SELECT * REPLACE (left_day AS day) FROM visit_rows WHERE left_moved IS NOT NULL",
}
FORWARD: Final = "left_by IN ('forward', 'won')"
WON: Final = "count(*) FILTER (is_won)"


@dataclass(frozen=True)
class Asked:
    """A KPI in SQL: aggregates over the rows of a population. `value` empty: numerator ÷ denominator.

    `samples`: a list for what SQL alone does not give, an interval or a survival. `staged`: too where it is also given
    by stage, always where it is never given without. `default`: the window in place of `all`.
    """

    rows: str
    numerator: str = "NULL"
    denominator: str = "NULL"
    n: str = "count(*)"
    value: str = ""
    only: str = "true"
    interval: str = ""
    samples: str = "NULL"
    windowed: str = "{window}"
    staged: str = ""
    periods: bool = True
    per_day: bool = False


WEIGHTED: Final = "sum(amount * probability)"
WON_VALUE: Final = f"CASE WHEN {WON} = 0 THEN 0 ELSE sum(amount) FILTER (is_won) END"
BY_DAYS: Final = "list(days ORDER BY days)"
KPIS: Final[dict[str, Asked]] = {
    "pipeline_value": Asked(
        "open_deal", "sum(amount)", n="count(amount)", value="sum(amount)", windowed="true", staged="too"
    ),
    "pipeline_value_weighted": Asked(
        "open_deal", WEIGHTED, n="count(amount)", value=WEIGHTED, windowed="true", staged="too"
    ),
    "win_rate_closed": Asked("closed_deal", WON, "count(*)", interval="wilson"),
    "win_rate_closed_by_value": Asked(
        "closed_deal", "coalesce(sum(amount) FILTER (is_won), 0)", "sum(amount)", n="count(amount)",
        interval="by value",
        samples="list((CASE WHEN is_won THEN amount ELSE 0 END, amount)) FILTER (amount IS NOT NULL)",
    ),
    "average_won_value": Asked("closed_deal", "sum(amount)", "count(amount)", n="count(amount)", only="is_won"),
    "days_to_win_mean": Asked("worked_deal", "sum(days)", "count(days)", n="count(days)", only="is_won"),
    "days_to_win_median": Asked(
        "worked_deal", n="count(days)", value="median(days)", interval="median", samples=BY_DAYS, only="is_won"
    ),
    "stage_conversion_ever": Asked(
        "first_entry", "count(*) FILTER (furthest_later > place)", "count(*)", interval="wilson", staged="always"
    ),
    "stage_conversion_first_move": Asked(
        "first_entry", f"count(*) FILTER ({FORWARD})", "count(*)", interval="wilson", staged="always"
    ),
    "stage_conversion_resolved_visits": Asked(
        "visit", f"count(*) FILTER ({FORWARD})", "count(*)", interval="wilson", staged="always",
        only="left_by IN ('forward', 'won', 'lost', 'backward')",
    ),
    "days_in_stage_median": Asked(
        "left_visit", value="median(days)", interval="median", samples=BY_DAYS, staged="too"
    ),
    "days_in_stage_median_km": Asked(
        "visit", value="NULL", interval="kaplan-meier", samples=f"list((days, {FORWARD}))", staged="too"
    ),
    "pipeline_velocity_open_per_day": Asked(
        "rated_deal",
        "count(*) FILTER (is_open) * (count(*) FILTER (is_won) / count(*) FILTER (NOT is_open))"
        " * (sum(amount) FILTER (is_won) / count(amount) FILTER (is_won))",
        "avg(days) FILTER (is_won)", n="count(*) FILTER (is_open)", windowed="is_open OR {window}", periods=False,
        per_day=True,
    ),
    "pipeline_velocity_closed_per_day": Asked(
        "worked_deal", WON_VALUE, "{days}", n="count(amount) FILTER (is_won)",
        periods=False, per_day=True,
    ),
}  # fmt: skip


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


def load(deals: list[dict[str, Any]], moves: list[dict[str, Any]]) -> duckdb.DuckDBPyConnection:
    """DuckDB with the tables `deal` and `move`."""
    db = duckdb.connect()
    db.register("deals", pd.DataFrame(deals))
    db.register("moves", pd.DataFrame(moves))
    db.execute("""CREATE TABLE deal AS SELECT * REPLACE (amount::DECIMAL(28, 6) AS amount, created::DATE AS created,
        probability::DECIMAL(9, 6) AS probability, close_date::DATE AS close_date, closed_on::DATE AS closed_on,
        region::VARCHAR AS region) FROM deals""")
    db.execute("CREATE TABLE move AS SELECT * REPLACE (day::DATE AS day, place::INTEGER AS place) FROM moves")
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
    days = _days(db, window) if asked.per_day else 0
    numerator, denominator = asked.numerator, asked.denominator.format(days=days)
    value = asked.value or f"({numerator}) / nullif({denominator}, 0)"
    listed = "".join(f"{dim}, " for dim in dims)
    found = db.execute(f"""SELECT {listed} {value}, {numerator}, {denominator}, {asked.n}, {asked.samples}
        FROM {asked.rows} WHERE ({asked.only}) AND ({asked.windowed.format(window=window.condition)})
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


def kaplan_meier(visits: Sequence[tuple[float, bool | None]]) -> float | None:
    """The first day at which half or fewer have not left; leaving comes before censoring on the same day."""
    alive, left = 1.0, len(visits)
    for days, event in sorted(visits, key=lambda visit: (visit[0], not visit[1])):
        alive *= 1 - bool(event) / left
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
    asked, found = KPIS[kpi], {}
    for by in groupings:
        without = {"": {"stage"}, "always": set(), "too": set()}[asked.staged] | (
            set() if asked.periods else {*PERIODS}
        )
        if not without & set(by) and (asked.staged != "always" or "stage" in by):
            found |= figures(db, kpi, by, window)
    return found


def rolling(days: int, today: date) -> Window:
    """The window of the last days, that of as_of included."""
    return Window(f"{days}d", today - timedelta(days=days - 1), today)
