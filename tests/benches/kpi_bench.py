"""KPIs of a million deals and five million moves by owner, team and segment, beside DuckDB's SQL for the same ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl

from kpis.catalogue import SHIPPED
from kpis.dictionary import STAGE
from kpis.measure import measure
from kpis.populations import Source, rows_of
from kpis.question import Question
from kpis.window import Window
from model.facts import KNOWN
from tests.benches.kpi_rows import PROCESS, TODAY, pipeline
from tests.benches.measure import Row, peak_mb, seconds, took

if TYPE_CHECKING:
    from model.wide import Wide

DIMS = ("owner", "team", "segment")
DAYS = 365
BY_DEALS = {
    "pipeline_value": "sum(value) FILTER (is_open)",
    "pipeline_value_weighted": "sum(value::DECIMAL(38,12) * chance::DECIMAL(38,12)) FILTER (is_open)",
    "win_rate_closed": "count(*) FILTER (won) / nullif(count(*) FILTER (won OR lost), 0)",
    "win_rate_closed_by_value": "sum(value) FILTER (won) / nullif(sum(value) FILTER (won OR lost), 0)",
    "average_won_value": "sum(value) FILTER (won) / nullif(count(value) FILTER (won), 0)",
    "days_to_win_mean": "avg(closed_day - created) FILTER (won)",
    "days_to_win_median": "median(closed_day - created) FILTER (won)",
    "pipeline_velocity_open_per_day": """count(*) FILTER (is_open)
        * (count(*) FILTER (won) / count(*) FILTER (won OR lost))
        * (sum(value) FILTER (won) / count(value) FILTER (won)) / avg(closed_day - created) FILTER (won)""",
    "pipeline_velocity_closed_per_day": f"sum(value) FILTER (won) / {DAYS}",
}
"""A KPI over deals of a window, where `won` and `lost` are of that window."""
BY_VISITS = {
    "days_in_stage_median": "median(days) FILTER (departed)",
    "stage_conversion_ever": """count(*) FILTER (entered AND nth = 1 AND later > to_order)
        / nullif(count(*) FILTER (entered AND nth = 1), 0)""",
    "stage_conversion_first_move": """count(*) FILTER (entered AND nth = 1 AND left_by IN ('forward', 'won'))
        / nullif(count(*) FILTER (entered AND nth = 1), 0)""",
    "stage_conversion_resolved_visits": """count(*) FILTER (entered AND left_by IN ('forward', 'won'))
        / nullif(count(*) FILTER (entered AND left_by IN ('forward', 'won', 'lost', 'backward')), 0)""",
}
MADE = """
    CREATE TABLE visits AS SELECT d.owner, d.team, d.segment, process, to_stage AS stage, to_order, nth, later, left_by,
        left_at, entered, departed, epoch_us(coalesce(left_at, now_at) - "at") / 86400000000 AS days
    FROM (SELECT *, lead("at") OVER deal AS left_at, lead(entered) OVER deal AS departed,
            lead(kind) OVER deal AS left_by,
            row_number() OVER (PARTITION BY key, process, to_order ORDER BY seq) AS nth,
            max(CASE kind WHEN 'won' THEN 999999 ELSE coalesce(to_order, 0) END) OVER (PARTITION BY key, process
                ORDER BY seq ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS later
        FROM moves WINDOW deal AS (PARTITION BY key ORDER BY seq)) JOIN deals d USING (key)
    WHERE to_order IS NOT NULL AND kind NOT IN ('won', 'lost') AND to_stage <> 'won'"""


def run(share: float, *, times: int, folder: str) -> list[Row]:
    """Rows and KPIs from the wide frame, timed together; then the same from two tables of DuckDB."""
    deals = int(1_000_000 * share)
    wide, window = pipeline(deals), Window(f"{DAYS}d")
    names = {*BY_DEALS, *BY_VISITS}
    asked = Question(
        by=[*((dim,) for dim in DIMS), *((dim, STAGE) for dim in DIMS)], window=window,
        kpis={name: SHIPPED[name] for name in names},
    )  # fmt: skip
    with took() as own:
        found = measure(rows_of([Source(wide, (PROCESS,))]), asked)
    own_peak = peak_mb()
    with took() as whole:
        every = measure(rows_of([Source(wide, (PROCESS,))]), Question(by=[(dim,) for dim in DIMS], window=window))
    db = tables(wide, Path(folder), window)
    with took() as peer:
        expected = by_sql(db)
    differ(found, expected)
    what = f"{len(names)} KPIs of {deals:,} deals, {wide.moves.height:,} moves, by owner, team, segment, and stage"
    ratio = own.wall / peer.wall
    return [
        Row(what, f"{own.wall:.2f} s", "", None, own.cpu, own_peak),
        Row("DuckDB, the same values", f"{peer.wall:.2f} s", cpu=peer.cpu),
        Row("  ratio of times", f"{ratio:.2f} ×", "< 0.5 ×", ratio < 0.5),
        seconds(f"all {len({value.id for value in every})} KPIs, {len(every):,} values", whole, 60, memory=2048),
        Row(f"  ({len(expected):,} values are asserted to be equal)", ""),
    ]  # fmt: skip


def tables(wide: Wide, folder: Path, window: Window) -> duckdb.DuckDBPyConnection:
    """The deals and moves as tables of DuckDB, in memory."""
    first, last = window.days(TODAY)
    known = [pl.when(pl.col(name + KNOWN)).then(name).alias(name) for name in ("amount_home", "owner", "close_date")]
    closed = pl.coalesce("closed_on", "close_date")
    inside = closed.is_between(first, last)
    wide.frame.with_columns(known).select(
        "key", *DIMS, "is_open", "created", value="amount_home", chance=pl.col("probability").cast(pl.Decimal(38, 6)),
        closed_day=closed, won=pl.col("is_won") & inside, lost=pl.col("is_lost") & inside,
    ).write_parquet(folder / "deals.parquet")  # fmt: skip
    inside = pl.col("on").is_between(first, last)
    wide.moves.with_row_index("seq").with_columns(entered=inside).write_parquet(folder / "moves.parquet")
    db = duckdb.connect()
    for name in ("deals", "moves"):
        db.execute(f"CREATE TABLE {name} AS SELECT * FROM '{folder / name}.parquet'")
    return db


def by_sql(db: duckdb.DuckDBPyConnection) -> dict[tuple[Any, ...], float]:
    """Each value by KPI and group."""
    db.execute(MADE.replace("now_at", "TIMESTAMPTZ '2026-11-20 18:00:00+00'"))
    found: dict[tuple[Any, ...], float] = {}
    for table, kpis, more in (("deals", BY_DEALS, ""), ("visits", BY_VISITS, "process, stage, ")):
        columns = ", ".join(f"{sql} AS {name}" for name, sql in kpis.items())
        groups = ", ".join(f"({more}{dim})" for dim in ("owner", "team", "segment"))
        query = f"SELECT {more}owner, team, segment, grouping_id(owner, team, segment) AS g, {columns} FROM {table} GROUP BY GROUPING SETS ({groups})"  # noqa: E501
        result = db.execute(query)
        names = [column[0] for column in result.description or ()]
        for row in result.fetchall():
            values = dict(zip(names, row, strict=True))
            dim = DIMS[{3: 0, 5: 1, 6: 2}[values["g"]]]
            place = tuple(values[name] for name in ("process", "stage") if name in values)
            found |= {(name, dim, values[dim], *place): values[name] for name in kpis}
    return found


def differ(found: Any, expected: dict[tuple[Any, ...], float]) -> None:
    """Raise AssertionError where a value differs by more than 1e-9 of itself."""
    own = {}
    for value in found:
        dim = next((dim for dim in DIMS if dim in value.dims), None)
        place = tuple(value.dims[name] for name in ("process", "stage") if name in value.dims)
        if dim and bool(place) == (value.id in BY_VISITS):
            own[value.id, dim, value.dims[dim], *place] = value.value
    for key, other in expected.items():
        mine = own.get(key)
        assert (mine is None) == (other is None), (key, mine, other)
        assert mine is None or abs(float(mine) - float(other)) <= 1e-9 * abs(float(other)), (key, mine, other)
