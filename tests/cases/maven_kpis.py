"""KPIs of the Maven CRM files by DuckDB, beside those of the report and of both CRMs.

In the CRMs a deal comes into its first stage on its engage date, and its close is a move in the history. The report has
the same two days and no history.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import duckdb
from typer import echo

from tests.cases import kpi_reference as reference
from tests.cases.kpi_audit import NOT_IN_SQL, Audit, same
from tests.cases.kpi_queries import KPIS
from tests.seeds.maven.files import AS_OF, FIRST, LAST
from worker.pipeline.measuring import KpiQuestion
from worker.usecases.kpis import kpis

if TYPE_CHECKING:
    from worker.wiring import Services

POLICIES: Final = Path(__file__).with_suffix(".yaml")
TODAY: Final = date.fromisoformat(LAST)
SKIPPED: Final = NOT_IN_SQL | {
    "win_rate_proposal", "win_rate_proposal_by_value",
    "pulled_in_value", "pushed_out_value", "push_count", "push_count_mean", "slippage_rate",
    *(kpi for kpi in KPIS if kpi.startswith("open_deals_age_")),
}  # fmt: skip
"""The process of these files has no stage `proposal`, the report no history of the close date, and some deals no day of
creation, which the reference does not leave out."""
BY_INVENTED_DAYS: Final = SKIPPED | {
    "open_deals", "created_deals", "created_value", "win_rate_created", "opportunity_to_close_rate",
}  # fmt: skip
"""Those that go by a day which the CRMs had to invent. Each is compared with SQL, and not among the connections."""
FACTS: Final = ("owner", "team", "region", "product", "process")
GROUPINGS: Final = (*reference.groupings(FACTS), ("team", "stage"), ("product", "quarter"))
WINDOWS: Final = (
    reference.Window("all", None, TODAY),
    reference.rolling(365, TODAY),
    reference.rolling(90, TODAY),
    reference.Window("2017-Q3", date(2017, 7, 1), date(2017, 9, 30)),
    reference.Window("2017-03-05..2017-04-20", date(2017, 3, 5), date(2017, 4, 20)),
)
DEAL: Final = """
    CREATE TABLE deal AS SELECT opportunity_id AS key, sales_agent AS owner, manager AS team, regional_office AS region,
        product, 'maven' AS process, NULL::VARCHAR AS segment, NULL::VARCHAR AS source, NULL::VARCHAR AS pipeline,
        CASE WHEN deal_stage <> 'Lost' THEN lower(deal_stage) END AS stage,
        deal_stage = 'Won' AS is_won, deal_stage = 'Lost' AS is_lost, deal_stage NOT IN ('Won', 'Lost') AS is_open,
        DATE '2017-12-31' AS today,
        close_value::DECIMAL(28, 6) AS amount, {chance} AS probability, {created} AS created, {close} AS close_date,
        CASE WHEN deal_stage IN ('Won', 'Lost') THEN {closed_on} END AS closed_on, false AS imported
    FROM sales_pipeline JOIN sales_teams USING (sales_agent)"""
REPORT: Final = {
    "chance": "NULL::DECIMAL(9, 6)", "created": "engage_date", "close": "close_date", "closed_on": "NULL::DATE",
}  # fmt: skip
CRM: Final = {
    "chance": "CASE deal_stage WHEN 'Prospecting' THEN 0.1 WHEN 'Engaging' THEN 0.5 WHEN 'Won' THEN 1.0 ELSE 0.0 END",
    "created": f"coalesce(engage_date, DATE '{FIRST}')", "close": f"coalesce(close_date, DATE '{LAST}')",
    "closed_on": "close_date",
}  # fmt: skip
"""What the CRMs had to invent for want of a date is in here as well."""
ENTERED: Final = """
    CREATE TABLE move AS SELECT key AS deal, 0 AS seq, created + INTERVAL 12 HOUR AS moved, created AS day,
        CASE WHEN engage_date IS NULL THEN 'prospecting' ELSE 'engaging' END AS stage,
        CASE WHEN engage_date IS NULL THEN 1 ELSE 2 END AS place, 'created' AS kind
    FROM deal JOIN sales_pipeline ON opportunity_id = key
    UNION ALL SELECT key, 1, closed_on + INTERVAL 18 HOUR, closed_on, CASE WHEN is_won THEN 'won' END,
        CASE WHEN is_won THEN 3 END, CASE WHEN is_won THEN 'won' ELSE 'lost' END FROM deal WHERE NOT is_open"""


def database(folder: Path, *, history: bool) -> duckdb.DuckDBPyConnection:
    """The files as tables `deal` and `move`, the latter empty without history."""
    db = duckdb.connect()
    for name in ("sales_pipeline", "sales_teams"):
        db.from_csv_auto(str(folder / f"{name}.csv")).create_view(name)
    db.execute(DEAL.format(**(CRM if history else REPORT)))
    db.execute(ENTERED)
    db.execute("CREATE TABLE edit (deal TEXT, seq INTEGER, day DATE, before DATE, after DATE)")
    if not history:
        db.execute("DELETE FROM move")
    reference.prepare(db, 1, AS_OF.isoformat().removesuffix("+00:00"))
    return db


def measured(services: Services, name: str) -> dict[str, list[dict[str, Any]]]:
    """Window → all values by all groupings, with the process that knows the stages of this set."""
    own = replace(services, policy_texts=lambda: {POLICIES.name: POLICIES.read_bytes()})
    return {window.name: kpis(own, name, KpiQuestion(GROUPINGS[1:], window.name)) for window in WINDOWS}


def against_sql(folder: Path, found: dict[str, list[dict[str, Any]]], *, history: bool) -> int:
    """The number of values that DuckDB gives otherwise; prints them."""
    db, audit = database(folder, history=history), Audit(GROUPINGS, SKIPPED)
    for window in WINDOWS:
        audit.window(found[window.name], db, window)
    audit.show()
    return len(audit.differences)


def among(found: dict[str, dict[str, list[dict[str, Any]]]]) -> int:
    """The number of values that two of the connections give and that are not equal; prints them."""
    (first, one), *others = found.items()
    wrong, compared = 0, 0
    for name, other in others:
        for window, rows in one.items():
            there = {(row["id"], reference.named(row["dims"].items())): row for row in other[window]}
            for row in rows:
                twin = there.get((row["id"], reference.named(row["dims"].items())))
                if twin is None or row["value"] is None or twin["value"] is None or row["id"] in BY_INVENTED_DAYS:
                    continue
                compared += 1
                if not same(row["value"], twin["value"]) or row["n"] != twin["n"]:
                    wrong += 1
                    echo(f"✗ {row['id']} {window} {row['dims']}: {first} {row['value']}, {name} {twin['value']}")
    echo(f"  {compared} values are compared among {', '.join(found)}")
    return wrong
