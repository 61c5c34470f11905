"""What each policy should come to on the Maven CRM files, counted by hand-written SQL: no part of the judge is used."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import duckdb

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from tests.seeds.maven.files import Invention

DAY: Final = "DATE '2017-12-31'"
FILES: Final = ("sales_pipeline", "sales_teams", "products")
CSV_DEALS: Final = """
    CREATE VIEW deals AS SELECT opportunity_id AS id, deal_stage AS stage,
        deal_stage IN ('Prospecting', 'Engaging') AS is_open,
        deal_stage = 'Won' AS is_won, deal_stage = 'Lost' AS is_lost, close_value AS amount, product,
        engage_date AS created, close_date, regional_office AS region, manager
    FROM sales_pipeline JOIN sales_teams USING (sales_agent)"""
CRM_DEALS: Final = """
    CREATE VIEW crm_deals AS SELECT d.* REPLACE (coalesce(d.created, CAST(c.value AS DATE)) AS created,
        coalesce(d.close_date, CAST(e.value AS DATE)) AS close_date)
    FROM deals d LEFT JOIN invented c ON c.id = d.id AND c.field = 'CreatedDate'
        LEFT JOIN invented e ON e.id = d.id AND e.field = 'CloseDate'"""


@dataclass(frozen=True)
class Expected:
    """One policy in SQL over a view of deals; `missing`: for unknown deals, which fact could not be read."""

    applies: str
    broken: str
    unknown: str = "false"
    missing: Mapping[str, str] = field(default_factory=dict)


AGE: Final = f"date_diff('day', created, {DAY})"
BOTH: Final = {
    "past-close-date": Expected("is_open", f"close_date < {DAY}"),
    "no-amount": Expected("is_open", "amount IS NULL OR amount = 0"),
    "engaged-over-90-days": Expected("is_open", f"{AGE} > 90"),
    "engaging-over-200-days": Expected("stage = 'Engaging'", f"{AGE} > 200"),
    "no-start-date": Expected("true", "created IS NULL"),
    "small-win": Expected("is_won", "amount < 100"),
    "slow-win": Expected("is_won", "date_diff('day', created, close_date) > 90"),
    "big-win-at-home": Expected("is_won", "amount >= 5000"),
    "lost-for-nothing": Expected("is_lost", "amount = 0"),
    "unlisted-product": Expected("true", "product NOT IN (SELECT product FROM products)"),
    "closing-this-week": Expected("is_open", f"close_date <= {DAY} + 7"),
}
# Nobody logs anything, so of teams with five open deals or more it is unknown when a deal was last touched.
UNLOGGED: Final = "manager IN (SELECT manager FROM crm_deals WHERE is_open GROUP BY 1 HAVING count(*) >= 5)"
SILENT: Final = f"is_open AND {UNLOGGED}"
# The starter pack's process knows Prospecting (5 days expected), Won and Lost, but no stage Engaging.
NO_STAGE: Final = "is_open AND stage = 'Engaging'"
NOWHERE: Final = Expected("false", "false", NO_STAGE, {"days_in_stage": "true", "stage": "true"})
STANDING: Final = {"days_in_stage": "true", "stage_median_days": "true"}
CRM: Final = BOTH | {
    "west-is-slow": Expected("is_open AND region = 'West'", f"{AGE} > 60"),
    "pushed-often": Expected("is_open", "false"),
    "no-activity": Expected("is_open", f"{AGE} >= 14", SILENT, {"last_activity": "true"}),
    "untouched-60-days": Expected("is_open", f"{AGE} > 60", SILENT, {"last_activity": "true"}),
    "no-next-step": Expected("is_open", "true"),
    "no-contact-role": Expected("is_open", "true"),
    "inactive-owner": Expected("is_open", "false"),
    "stalled-negotiation": NOWHERE,
    "in-qualification-30-days": NOWHERE,
    "over-1-5-median": Expected("is_open", f"{AGE} > 1.5 * 5", NO_STAGE, STANDING),
    "stuck-twice-median": Expected("is_open", f"{AGE} >= 2 * 5", NO_STAGE, STANDING),
    "prospecting-over-expected": Expected("stage = 'Prospecting'", f"{AGE} > 5", NO_STAGE, NOWHERE.missing),
    **{
        f"{stage}-over-expected": NOWHERE
        for stage in ("qualification", "discovery", "demo", "proposal", "negotiation", "closing")
    },
    # No move was made since the policies first ran, so no criterion binds.
    **{
        f"seven-stages/{criterion}": Expected("false", "false")
        for criterion in (
            "prospecting/call-agreed", "qualification/call-dated", "discovery/stakeholders", "discovery/demo-dated",
            "negotiation/next-action-logged",
        )
    },
}  # fmt: skip
"""What an org has and an export has not: histories, activities, contact roles, owners' state and region."""
UNMAPPED: Final = frozenset(
    f"seven-stages/{criterion}"
    for criterion in (
        "qualification/budget", "qualification/authority", "qualification/need", "qualification/timeline",
        "discovery/fit", "discovery/decision-process", "demo/pricing-requested", "proposal/proposal-acknowledged",
        "negotiation/issue-logged", "negotiation/terms-agreed", "negotiation/contract-sent", "closing/kick-off",
        "closing/success-owner", "closing/first-value",
    )
)  # fmt: skip
"""Criteria that ask for fields which neither the files nor the org made of them have."""
DIRT: Final = {
    "product is not in the product list": """SELECT count(*) FROM deals
        WHERE product NOT IN (SELECT product FROM products)""",
    "open deal without account": """SELECT count(*) FROM sales_pipeline
        WHERE deal_stage IN ('Prospecting', 'Engaging') AND account IS NULL""",
    "open deal without engage_date": "SELECT count(*) FROM deals WHERE is_open AND created IS NULL",
    "closed deal without a value": """SELECT count(*) FROM sales_pipeline WHERE deal_stage IN ('Won', 'Lost')
        AND (account IS NULL OR engage_date IS NULL OR close_date IS NULL OR close_value IS NULL)""",
    "close_date before engage_date": "SELECT count(*) FROM deals WHERE close_date < created",
    "rows set aside": "SELECT count(*) - count(DISTINCT opportunity_id) FROM sales_pipeline",
}


class Files:
    """The CSV files as DuckDB reads them, and what the local Salesforce had to invent."""

    def __init__(self, folder: Path, invented: Iterable[Invention] = ()) -> None:
        self._db = duckdb.connect()
        for name in FILES:
            self._db.from_csv_auto(str(folder / f"{name}.csv")).create_view(name)
        self._db.execute("CREATE TABLE invented (id TEXT, field TEXT, value TEXT)")
        dates = [(i.source_id, i.field, i.value) for i in invented if i.field in {"CreatedDate", "CloseDate"}]
        self._db.executemany("INSERT INTO invented VALUES (?, ?, ?)", dates or [("", "", "")])
        self._db.execute(CSV_DEALS)
        self._db.execute(CRM_DEALS)

    def counts(self, view: str, policies: Mapping[str, Expected]) -> dict[str, dict[str, Any]]:
        """Per policy: passed, broken, unknown, not_applicable and missing."""
        return {name: self._count(view, policy) for name, policy in policies.items()}

    def _count(self, view: str, expected: Expected) -> dict[str, Any]:
        case = f"""CASE WHEN {expected.unknown} THEN 'unknown' WHEN NOT ({expected.applies}) THEN 'not_applicable'
            WHEN coalesce({expected.broken}, false) THEN 'broken' ELSE 'passed' END"""
        found = dict(self._db.execute(f"SELECT {case}, count(*) FROM {view} GROUP BY 1").fetchall())
        missing = {
            fact: self.number(f"SELECT count(*) FROM {view} WHERE ({expected.unknown}) AND {why}")
            for fact, why in expected.missing.items()
        }
        kinds = ("passed", "broken", "unknown", "not_applicable")
        return {kind: found.get(kind, 0) for kind in kinds} | {"missing": {f: n for f, n in missing.items() if n}}

    def number(self, sql: str) -> int:
        """The one number that a query gives."""
        row = self._db.execute(sql).fetchone()
        assert row is not None
        return int(row[0])
