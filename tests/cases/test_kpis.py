"""The audit of KPIs on a small org: `python -m tests.cases.kpis` takes ten times as many deals and every window."""

from dataclasses import replace

import pytest

from tests.cases import kpi_audit, kpis
from tests.cases.kpi_facts import database
from tests.cases.kpi_org import lives
from tests.cases.kpi_queries import KPIS

DEALS = 120
GROUPINGS = ((), ("team",), ("fiscal_quarter",), ("segment", "stage"))


FEW = (
    "pipeline_value", "pipeline_value_weighted", "win_rate_closed", "win_rate_closed_by_value", "average_won_value",
    "days_to_win_mean", "days_to_win_median", "stage_conversion_ever", "stage_conversion_next",
    "stage_conversion_first_move", "stage_conversion_resolved", "stage_conversion_resolved_visits",
    "days_in_stage_median", "days_in_stage_median_km", "pipeline_velocity_open_per_day",
    "pipeline_velocity_closed_per_day", "created_deals", "created_value", "won_deals", "won_value", "lost_deals",
    "lost_value", "push_count", "push_count_mean", "slippage_rate",
)  # fmt: skip
"""The command compares the others as well."""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """The audit of one window, in which a rep is a day ahead of the connection."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kpis, "GROUPINGS", GROUPINGS)
        patch.setattr(kpi_audit, "KPIS", {kpi: KPIS[kpi] for kpi in FEW})
        yield kpis.audit(lives(DEALS), kpis.WINDOWS[3:4], tmp_path_factory.mktemp("org"))


def test_each_value_is_the_one_that_sql_gives_by_the_page_of_kpis(found):
    assert found.differences == []
    assert found.compared["value"] > 5 * len(FEW)


def test_a_number_that_differs_is_reported(found):
    row = {
        "id": "x",
        "dims": {},
        "value": "100",
        "numerator": None,
        "denominator": None,
        "n": 2,
        "low": None,
        "high": None,
    }
    figure = kpis.reference.Figure(100.00001, None, None, 3)
    audit = replace(found, differences=[])
    audit.one("all", row, figure)
    assert [(number, mine) for *_, number, mine, _ in audit.differences] == [("value", "100"), ("n", 2)]


def test_the_org_has_what_makes_figures_go_wrong():
    events = lives(DEALS)
    assert {"reopened", "binned", "close date", "owner"} <= {event.what for event in events}
    db = database(events)
    counts = "count(*) FILTER (imported), count(*) FILTER (amount = 0), count(*) FILTER (NOT priced)"
    assert all(db.execute(f"SELECT {counts}, count(*) FILTER (priced AND amount IS NULL) FROM deal").fetchone())
    twice = "SELECT count(*) FROM move a JOIN move b ON a.deal = b.deal AND a.moved = b.moved AND a.seq < b.seq"
    assert db.execute(twice).fetchone()[0]
