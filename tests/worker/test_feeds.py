"""What cannot be read is unknown, not broken: nothing is written, no flag is lost, until `hold_unknown` has passed."""

import pytest

from sandbox.salesforce import SYNC
from sandbox.salesforce.events import hide_field, hide_rows, show_field
from tests.worker.governed import CHECKED, FLAGS, SCORE, governed

STOPPED = {
    "refused queries": {"code": "INSUFFICIENT_ACCESS", "status": 403, "path": r"FROM\+(Task|Event)"},
    "hidden objects": {"code": "NOT_FOUND", "status": 404, "path": "sobjects/(Task|Event)/describe"},
}


@pytest.fixture
def team(tmp_path):
    with governed(tmp_path) as opened:
        yield opened


def call(team, deal):
    team.sales.create("Task", WhatId=deal, Subject="Call", TaskSubtype="Call", Status="Completed")


@pytest.mark.parametrize("fault", STOPPED)
def test_an_activity_feed_that_stops_for_30_hours_costs_no_write_and_no_flag(team, fault):
    silent = team.sales.deal("Silent for 14 days", Amount=10)
    team.later(days=1)
    almost = team.sales.deal("Silent for 13 days", Amount=10)
    team.later(days=13)
    team.run()
    assert ("no-activity" in team.shown(silent), "no-activity" in team.shown(almost)) == (True, False)
    before, records = len(team.writes()), team.all_on_record()
    team.sales.org.faults.add(**STOPPED[fault], count=None)
    call(team, silent)  # nobody can see it
    for _ in range(5):
        team.later(hours=6)
        assert team.run().patches == (1 if team.sales.org.clock.now().day == 18 and False else 0)
    assert len(team.writes()) == before
    assert team.all_on_record() == records
    told = {unknown["policy"]: unknown["why"] for unknown in team.verdict(silent)["unknown"]}
    assert "the activity feed is late" in told["no-activity"]
    team.sales.org.faults.clear()
    team.run()
    assert "no-activity" not in team.shown(silent)
    assert "no-activity" in team.shown(almost)
