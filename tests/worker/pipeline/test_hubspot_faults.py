"""What a HubSpot portal refuses by its own rules within a whole run, and what people read of it."""

from __future__ import annotations

import pytest

from sandbox.hubspot import Rule
from sandbox.hubspot.events import (
    archive_stage,
    edit_pipeline,
    hide_property,
    lock,
    merge_deals,
    record_of,
    show_property,
    unlock,
)
from tests.connectors.hubspot.portal import REP
from tests.worker.governed import NAME, governed
from worker.usecases.answers import deals as deals_json


@pytest.fixture
def team(tmp_path):
    with governed(tmp_path, "hubspot") as opened:
        yield opened


def updates(team):
    return sum("deals/batch/update" in call["path"] for call in team.driver.portal.calls)


@pytest.mark.parametrize("traced", [False, True], ids=["400 for all", "207 for each"])
def test_one_poisoned_deal_of_a_hundred_is_parked_with_its_reason_and_tried_again_a_day_later(team, traced):
    portal = team.driver.portal
    portal.settings.traced_updates = traced
    deals = [team.deal(f"Deal {n}", amount=10) for n in range(100)]
    fault = portal.faults.add(
        how="record", status=400, code="VALIDATION_ERROR", message="no good", ids=(deals[41],), count=None
    )
    report = team.run()
    assert (report.exit_code, report.outcomes["written"], report.outcomes["refused"]) == (1, 99, 1)
    assert report.reasons == {"HubSpot refuses it: no good (VALIDATION_ERROR)": 1}
    assert sorted(team.written()) == sorted(set(deals) - {deals[41]})
    assert updates(team) <= (1 if traced else 15)
    tried = fault.struck
    team.later(hours=1)
    assert (team.run().patches, fault.struck) == (0, tried)
    portal.faults.clear()
    team.later(hours=23)
    assert team.run().exit_code == 0
    assert sorted(team.written()) == sorted(deals)


def test_an_option_taken_away_refuses_the_deals_that_need_it_and_costs_few_calls(team):
    option = team.driver.portal.properties["deals"]["sluicegate_worst_severity"]
    option.options = [one for one in option.options if one["value"] != "warning"]
    deals = [team.deal(f"Deal {n}", amount=10) for n in range(60)]
    report = team.run()
    assert report.outcomes["refused"] == len(deals)
    assert "(INVALID_OPTION)" in next(iter(report.reasons))
    assert updates(team) <= 10


def test_a_conditional_rule_is_explained_so_that_an_admin_can_act_and_holds_up_nobody_else(team):
    portal = team.driver.portal
    portal.rules["high value"] = Rule("deals", lambda deal: float(deal.get("amount") or 0) > 1000, ("description",))
    small = [team.deal(f"Small {n}", amount=10) for n in range(20)]
    large = team.deal("Large", amount=5000, description="Renewal")
    record_of(portal, "deals", large).props["description"] = ""
    report = team.run()
    assert (report.exit_code, report.outcomes["refused"], sorted(team.written())) == (1, 1, sorted(small))
    assert "wants description filled in before anything on the deal is saved" in next(iter(report.reasons))
    team.later(minutes=11)
    team.edit(large, description="Renewal")
    team.later(minutes=1)
    assert (team.run().exit_code, team.written()[-1]) == (0, large)


def test_a_merged_deal_is_gone_and_its_survivor_is_judged_on(team):
    winner, loser = team.deal("Winner", amount=10), team.deal("Loser", amount=20)
    team.run()
    before = len(team.writes())
    team.later(hours=1)
    merge_deals(team.driver.portal, REP, winner, loser)
    team.later(days=15)
    report = team.run()
    assert report.exit_code == 0
    assert set(team.written(before)) == {winner}
    assert [deal["name"] for deal in deals_json(team.services, NAME)] == ["Winner"]
    assert team.run(full=True).outcomes["gone"] == 0


def test_a_deal_merged_away_between_pull_and_push_is_noticed_by_its_absence(team):
    winner, loser = team.deal("Winner", amount=10), team.deal("Loser", amount=20)

    def meanwhile(_method, target):
        if "batch/update" in target and record_of(team.driver.portal, "deals", loser).merged_into is None:
            merge_deals(team.driver.portal, REP, winner, loser)
        return False

    team.driver.faults.add(when=meanwhile)
    report = team.run()
    assert (report.outcomes["written"], report.outcomes["gone"]) == (1, 1)
    team.driver.faults.clear()
    team.later(minutes=20)
    team.run()
    assert loser not in team.written()


def test_deals_in_an_archived_stage_are_still_judged_and_written(team):
    deal = team.deal("In an old stage", amount=10, stage="contractsent")
    archive_stage(team.driver.portal, "contractsent")
    team.later(days=15)
    report = team.run()
    assert (report.exit_code, team.written()) == (0, [deal])
    assert "no-activity" in team.shown(deal)


def test_an_edited_pipeline_touches_every_deal_and_writes_none(team):
    team.seed(60)
    team.run()
    before = len(team.writes())
    team.later(hours=1)
    assert edit_pipeline(team.driver.portal, order=5) > 20
    team.later(minutes=1)
    report = team.run()
    assert (report.exit_code, report.patches, team.writes(before)) == (0, 0, [])
    assert report.pulled > 20


def test_a_record_that_stays_busy_is_left_for_the_next_run(team):
    busy, free = team.deal("Busy", amount=10), team.deal("Free", amount=10)
    lock(team.driver.portal, busy)
    report = team.run()
    assert (report.outcomes["retry_later"], team.written()) == (1, [free])
    unlock(team.driver.portal, busy)
    team.later(minutes=11)
    assert (team.run().exit_code, team.written()) == (0, [free, busy])


def test_an_own_property_archived_overnight_is_left_out_and_written_again_when_it_is_back(team):
    deal = team.deal("New", amount=10)
    hide_property(team.driver.portal, "sluicegate_checked")
    report = team.run()
    assert (report.exit_code, team.written()) == (0, [deal])
    show_property(team.driver.portal, "sluicegate_checked")
    team.later(days=15)
    assert team.run().exit_code == 0
    assert team.run().patches == 0
