"""Reps edit while a run is under way: their values stay, and our fields are right again a run later."""

from random import Random

import pytest

from tests.worker.governed import NAME, REASONS, SCORE, AfterThePull, with_connector
from worker.usecases.answers import deals as deals_json

pytestmark = pytest.mark.every_crm


@pytest.fixture(autouse=True)
def generous(team):
    team.let_reps_edit_ours()


def open_deals(team):
    return [deal for deal in deals_json(team.services, NAME) if deal["is_open"]]


def active(team, deal):
    return team.driver.owner_works(deal)


def busy_reps(team, deals, wrote):
    """500 edits, 50 of them on our fields, and 20 clones; `wrote`: what reps put into fields of their own."""
    dice = Random(7)  # noqa: S311 - who edits what
    for number, deal in enumerate(dice.sample(deals, 450)):
        values = {"next_step": f"Call number {number} with Ada Ünlü 🐟"} if number % 3 else {"amount": 1000.0 + number}
        team.edit(deal, **values)
        wrote.setdefault(deal, {}).update(values)
    for number, deal in enumerate(dice.sample(deals, 50)):
        team.edit(deal, **({SCORE: number} if number % 2 else {REASONS: "All is well"}))
    for deal in dice.sample([deal for deal in deals if active(team, deal)], 20):
        wrote[team.driver.clone(deal)] = {}


def test_500_edits_and_20_clones_in_the_middle_of_a_run_stay_and_our_fields_are_right(team):
    labels = team.seed(720)
    deals = sorted(labels)
    assert len(deals) > 450
    team.run()
    team.later(days=1)
    wrote, as_left = {}, {}

    def happens():
        busy_reps(team, deals, wrote)
        as_left.update(team.theirs())

    disturbed = with_connector(team, AfterThePull(team.services.connect(NAME), happens))
    assert disturbed.run().exit_code == 0
    assert team.theirs() == as_left
    team.later(minutes=20)
    report = team.run()
    assert report.exit_code == 0
    assert 0 < report.outcomes["overwritten"] <= 50
    assert team.theirs() == as_left
    assert all(team.driver.entered(deal).items() >= result.items() for deal, result in wrote.items())
    assert team.run().patches == 0
    assert team.run(full=True).patches == 0
    assert "All is well" not in {record[REASONS] for record in team.all_on_record().values()}
    for found in open_deals(team):
        assert set(team.shown(found["id"])) == {flag["policy"] for flag in found["flags"] if flag["shown"]}
        assert team.on_record(found["id"])[SCORE] == found["score"]
    for deal, planted in labels.items():
        assert ("past-close-date" in team.shown(deal)) == planted["past_close_date"]
        assert ("pushed-often" in team.shown(deal)) == planted["pushed_often"]


def test_a_clone_loses_the_flags_it_was_cloned_with(team):
    deal = team.deal("Old", amount=10)
    team.later(days=20)
    team.run()
    assert "no-activity" in team.shown(deal)
    twin = team.driver.clone(deal)
    assert "no-activity" in team.shown(twin)
    team.later(minutes=20)
    report = team.run()
    assert (report.outcomes["written"], report.outcomes["overwritten"]) == (1, 0)
    assert "no-activity" not in team.shown(twin)
    assert team.run().patches == 0


def test_an_edit_of_our_field_in_the_middle_of_a_run_is_put_back_once_and_the_next_only_a_day_later(team):
    deal = team.deal("Edited", amount=10)
    team.later(days=15)
    disturbed = with_connector(
        team, AfterThePull(team.services.connect(NAME), lambda: team.edit(deal, top_flag="Mine"))
    )
    disturbed.run()
    right = team.on_record(deal)
    assert right["top_flag"] != "Mine"
    team.later(minutes=20)
    assert team.run().patches == 0
    team.edit(deal, top_flag="Mine")
    team.later(minutes=20)
    assert team.run().outcomes["overwritten"] == 1
    team.edit(deal, top_flag="Mine again")
    for hours in (1, 22):
        team.later(hours=hours)
        assert team.run().patches == 0
    team.later(hours=2)
    assert team.run().outcomes["overwritten"] == 1
    assert team.on_record(deal) == right
