"""Local days of pauses and business days, over a change of the clocks and over a holiday week."""

from datetime import UTC, datetime

import pytest

from tests.worker.governed import governed, live, rolled_out

SILENT = b"""version: 1
policies:
  - {id: silent, title: Silent for four business days, applies_to: is_open, flag_if: days_since(last_activity) >= 4,
     calendar: business, severity: warning, points: 15, fix: Call, owner: ops, pausable: true}
"""
FILE = "rules.yaml"


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize("kind", ["salesforce", "hubspot"])
def test_a_pause_ends_with_the_local_day_though_the_clocks_go_back_that_night(tmp_path, kind):
    rules = SILENT.replace(b"flag_if: days_since(last_activity) >= 4", b"flag_if: amount is blank")
    with governed(tmp_path, kind) as sandbox:
        team = live(sandbox, rolled_out({FILE: rules}))
        team.driver.let_reps_pause()
        team.driver.clock.set(at("2026-10-30T15:00:00"))
        deal = team.deal()
        team.edit(deal, pause_until="2026-11-01", pause_reason="Back after the clocks have changed")
        shown = {}
        # New York leaves summer time on Sunday 1 November: midnight is 04:00 UTC before, and 05:00 UTC after
        for now in ("2026-11-01T03:30:00", "2026-11-01T04:30:00", "2026-11-02T04:30:00", "2026-11-02T05:30:00"):
            team.driver.clock.set(at(now))
            team.run()
            shown[now] = team.shown(deal)
    assert list(shown.values()) == [[], [], [], ["silent"]]


HAND = {
    # last call on Monday 23 November 2026; Thursday 26 is Thanksgiving, then comes a weekend
    "2026-11-25": 2, "2026-11-26": 3, "2026-11-27": 3, "2026-11-28": 4, "2026-11-29": 4, "2026-11-30": 4,
    "2026-12-01": 5,
}  # fmt: skip


def test_business_days_over_a_holiday_week_are_those_of_a_hand_table(tmp_path):
    with governed(tmp_path) as sandbox:
        team = live(sandbox, rolled_out({FILE: SILENT}), calendar="US")
        team.driver.clock.set(at("2026-11-23T15:00:00"))
        deal = team.deal()
        team.driver.call(deal)
        shown = {}
        for day in HAND:
            team.driver.clock.set(at(f"{day}T17:00:00"))
            team.run()
            shown[day] = bool(team.shown(deal))
    assert shown == {day: days >= 4 for day, days in HAND.items()}
