"""What cannot be read is unknown, not broken: nothing is written, no flag is lost, until `hold_unknown` has passed."""

import pytest

from sandbox.salesforce import SYNC
from sandbox.salesforce.events import hide_rows
from tests.worker.governed import CHECKED, NAME
from worker.usecases.answers import deals

pytestmark = pytest.mark.every_crm

ORG = pytest.mark.parametrize("crm", ["salesforce"])
"""Rows that only some users may read: Salesforce has them."""
DECOYS = {"Newsletter", "Sync note"}
VANISHED = "an activity that was read before can no longer be read."
HIDDEN = "the CRM hides an activity of this deal from Sluicegate."


def why(team, deal):
    return {unknown["policy"]: unknown["why"] for unknown in team.verdict(deal)["unknown"]}


def shadowed(team, deal):
    """A meeting ahead, or what is no touch, gives the roll-up its date: it tells nothing of hidden ones."""
    newest = team.sales.row(deal)["LastActivityDate"] or ""
    tasks = team.sales.org.tables["Task"].where("WhatId", deal)
    return newest > "2026-11-03" or newest in {t["ActivityDate"] for t in tasks if t["Subject"] in DECOYS}


@pytest.mark.parametrize("how", ["refused", "hidden"])
def test_an_activity_feed_that_stops_for_36_hours_costs_no_write_and_no_flag(team, how):
    silent = team.deal("Silent for 14 days", amount=10)
    team.later(days=2)
    almost = team.deal("Silent for 12 days, 14 in 30 hours", amount=10)
    team.later(days=12, hours=14)
    team.run()
    assert ("no-activity" in team.shown(silent), "no-activity" in team.shown(almost)) == (True, False)
    before, records = len(team.writes()), team.all_on_record()
    team.driver.stop_activities(how)
    team.driver.call(silent)  # nobody can see it
    for _ in range(3):
        team.later(hours=12)
        report = team.run()
        assert (report.patches, report.exit_code) == (0, 0)
    assert len(team.writes()) == before
    assert team.all_on_record() == records
    reason = why(team, silent)["no-activity"]
    assert reason.startswith("Not judged on silence since ")
    assert reason.endswith(": the activity feed is late.")
    team.driver.faults.clear()
    team.run()
    assert ("no-activity" in team.shown(silent), "no-activity" in team.shown(almost)) == (False, True)


def test_a_feed_that_stays_away_for_a_week_withdraws_its_flags_and_says_so(team):
    deal = team.deal("Silent", amount=10)
    team.later(days=14)
    team.run()
    before = len(team.writes())
    team.driver.stop_activities("hidden")
    team.later(hours=27)
    team.run()
    team.later(days=6, hours=23)
    assert team.run().patches == 0
    assert len(team.writes()) == before
    team.later(hours=2)
    report = team.run()
    assert (report.cleared, report.outcomes["written"]) == (2, 1)  # tasks and meetings are next steps, too
    assert "no-activity" not in team.shown(deal)
    text = ": the activity feed is late; its flag was withdrawn after 7 days"
    assert text in team.on_record(deal)[CHECKED]
    assert text in why(team, deal)["no-activity"]
    assert team.run().patches == 0


def test_a_crm_that_is_out_of_reach_for_a_week_costs_nothing(team):
    team.deal("Silent", amount=10)
    team.later(days=14)
    team.run()
    records, before = team.all_on_record(), len(team.writes())
    team.driver.fault("unavailable", "activities", count=None)
    team.later(days=7)
    report = team.run()
    assert report.exit_code == 3
    assert "is out of order" in report.stopped
    team.driver.faults.clear()
    assert team.run().patches == 0
    assert (team.all_on_record(), len(team.writes())) == (records, before)


@ORG
def test_half_of_all_tasks_made_invisible_are_unknown_activity_and_no_new_flag(team):
    labels = team.seed(150)
    team.run()
    flagged = {deal for deal in labels if "no-activity" in team.shown(deal)}
    hide_rows(team.sales.org, "Task", SYNC, 50)
    team.later(hours=1)
    report = team.run(full=True)
    assert (report.exit_code, report.patches) == (0, 0), "tasks that were planned are not gone, either"
    values = {deal["id"]: {u["policy"]: u["why"] for u in deal["unknown"]} for deal in deals(team.services, NAME)}
    unjudged = {deal for deal in labels if values[deal].get("no-activity", "").endswith((VANISHED, HIDDEN))}
    assert len(unjudged) > 15
    texts = " ".join(values[deal]["no-activity"] for deal in unjudged)
    assert VANISHED in texts
    assert HIDDEN in texts
    assert {deal for deal in labels if "no-activity" in team.shown(deal)} == flagged
    team.later(days=5)  # touches that can be seen grow old; of the others nobody can say
    team.run()
    assert not {deal for deal in unjudged - flagged if "no-activity" in team.shown(deal)}
    assert flagged <= {deal for deal in labels if "no-activity" in team.shown(deal)}


@ORG
def test_deals_with_touches_that_were_never_visible_are_unknown_from_the_first_run_on(team):
    labels = team.seed(150)
    hide_rows(team.sales.org, "Task", SYNC, 50)
    hide_rows(team.sales.org, "Event", SYNC, 50)
    assert team.run().exit_code == 0
    known = {
        deal: label["no_activity_14d"]
        for deal, label in labels.items()
        if "no_activity_14d" in label and not shadowed(team, deal)
    }
    assert not all(known.values())
    assert all(known[deal] for deal in known if "no-activity" in team.shown(deal)), "flagged though it was touched"
    rows = [why(team, deal).get("no-activity", "") for deal in sorted(known)[:40]]
    assert any(text.endswith(HIDDEN) for text in rows)


def test_a_field_hidden_overnight_makes_no_flag_and_takes_none(team):
    full = team.deal("Has an amount", amount=10)
    empty = team.deal("Has none")
    team.run()
    assert ("no-amount" in team.shown(full), "no-amount" in team.shown(empty)) == (False, True)
    team.driver.hide("amount")
    team.later(hours=12)
    for deal in (full, empty):
        team.edit(deal, description="Edited, so that it is read again")
    before, records = len(team.writes()), team.all_on_record()
    report = team.run(full=True)
    assert (report.patches, report.new, report.cleared, report.exit_code) == (0, 0, 0, 0)
    assert why(team, full)["no-amount"].startswith("Amount could not be read")
    assert (team.all_on_record(), len(team.writes())) == (records, before)
    team.driver.show("amount")
    team.later(hours=1)
    assert team.run(full=True).patches == 0
    assert "no-amount" not in why(team, full)
