"""Time is an argument: what --as-of means, and what another day's verdict may do."""

from datetime import UTC, datetime

import pytest

from model.errors import SettingsProblem
from tests.worker.governed import governed, live, rolled_out
from worker.cli.run import instant


@pytest.mark.parametrize(
    ("text", "zone", "means"),
    [
        ("2026-11-22", "UTC", datetime(2026, 11, 22, 12, tzinfo=UTC)),
        ("2026-11-22", "America/New_York", datetime(2026, 11, 22, 17, tzinfo=UTC)),
        ("2026-11-22", "Pacific/Auckland", datetime(2026, 11, 21, 23, tzinfo=UTC)),
        ("2026-11-22T08:00:00Z", "America/New_York", datetime(2026, 11, 22, 8, tzinfo=UTC)),
        ("2026-11-22T08:00:00+02:00", "UTC", datetime(2026, 11, 22, 6, tzinfo=UTC)),
    ],
)
def test_a_date_is_noon_of_that_day_in_the_connections_zone(text, zone, means):
    assert instant(text, zone) == means


def test_what_is_no_date_is_refused_in_a_sentence():
    with pytest.raises(SettingsProblem, match="'soon' is no date or instant"):
        instant("soon")


def test_another_day_may_lie_ahead_and_a_sandbox_is_written(tmp_path):
    with governed(tmp_path) as team:
        deal = team.deal("One", amount=5)
        report = team.run(as_of=instant("2026-11-30", "America/New_York"))
        assert report.outcomes["written"] == 1
        assert "no-activity" in team.flags(deal)


def test_another_days_verdict_never_reaches_live_records(tmp_path):
    with governed(tmp_path) as sandbox:
        team = live(sandbox, rolled_out(sandbox.services.policy_texts()))
        team.deal("One", amount=5)
        report = team.run(as_of=instant("2026-11-30"))
        assert report.dry_run
        assert report.patches == 1
        assert team.writes() == []
