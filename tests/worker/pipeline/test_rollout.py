"""Policies among people, in every CRM: rolled out by team, held by the brake, paused by reps, waived in a file."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from model.errors import SettingsProblem
from tests.worker.governed import CHECKED, FLAGS, NAME, SCORE, live, measuring, rolled_out
from worker.usecases.connection import check
from worker.usecases.diff import diff
from worker.usecases.digest import digest
from worker.usecases.kpis import kpis
from worker.usecases.rollout.approve import approvals, approve

POLICIES = b"""version: 1
policies:
  - {id: no-amount, title: No amount, applies_to: is_open, flag_if: amount is blank, severity: warning, points: 15,
     fix: Enter the amount, owner: ops, pausable: true}
"""
FILE = "rules.yaml"
EMPTY = {FLAGS: None, SCORE: None, "gate": None, "flag_count": None, "worst_severity": None}
WAIVED = """waivers:
  - {policy: no-amount, deals: ['%s'], until: %s, reason: In court, approved_by: Joan}
"""


@pytest.fixture(autouse=True)
def _reps_may_pause(team):
    team.driver.let_reps_pause()


def not_opened(team, text=POLICIES, **connection):
    return live(team, {FILE: text}, **connection)


def opened(team, to="everyone", text=POLICIES):
    return live(team, rolled_out({FILE: text}, to))


def test_a_policy_starts_observed_and_writes_nothing_until_it_is_rolled_out(team):
    deal = team.deal()
    observing = not_opened(team)
    report = observing.run()
    assert (report.outcomes["written"], report.exit_code, report.findings) == (0, 0, 1)
    assert team.on_record(deal).items() >= EMPTY.items()
    assert observing.verdict(deal)["flags"][0]["excuse"]["why"] == "observed"
    assert "none is rolled out" in report.remarks[0]
    assert opened(team).run().outcomes["written"] == 1
    assert team.shown(deal) == ["no-amount"]


def test_a_rollout_that_is_narrowed_takes_our_fields_off_the_other_records(team):
    deal = team.deal()
    opened(team).run()
    opened(team, "{owners: [Nobody Here]}").run()
    assert team.on_record(deal).items() >= EMPTY.items()
    assert opened(team, "{owners: [Nobody Here]}").run().patches == 0


LATER = b"""  - {id: big, title: Big, applies_to: amount_home > 1000000, flag_if: close_date is blank, severity: info,
     points: 5, fix: Enter the date, owner: ops, rollout: everyone}
"""


def test_a_deal_that_only_observed_policies_judge_stays_empty_and_is_emptied_once_where_it_was_written(team):
    deal = team.deal()
    opened(team).run()
    assert team.shown(deal) == ["no-amount"]
    narrowed = not_opened(
        team, POLICIES.replace(b"pausable: true", b"pausable: true, rollout: {owners: [Nobody Here]}") + LATER
    )
    assert narrowed.run().outcomes["written"] == 1
    assert team.on_record(deal).items() >= EMPTY.items()
    assert (narrowed.verdict(deal)["score"], narrowed.run().patches) == (None, 0)


def test_the_brake_holds_what_would_flag_most_deals_and_one_approval_lets_it_through(team):
    deals = [team.deal(f"Deal {n}") for n in range(25)]
    braked = opened(team)
    report = braked.run()
    assert (report.exit_code, report.outcomes["written"], report.held) == (4, 25, 25)
    assert {team.on_record(deal)[FLAGS] for deal in deals} == {None}
    assert {team.on_record(deal)[SCORE] for deal in deals} == {100}
    assert "no-amount is held: it would flag 25 of 25 open deals at once" in report.remarks[0]
    team.later(hours=1)
    assert (braked.run().exit_code, braked.run().patches) == (4, 0)
    approve(braked.services, NAME, "no-amount", up_to=24, by="Joan")
    assert braked.run().exit_code == 4
    approve(braked.services, NAME, "no-amount", up_to=25, by="Joan")
    report = braked.run()
    assert (report.exit_code, report.outcomes["written"]) == (0, 25)
    assert {team.on_record(deal)[SCORE] for deal in deals} == {85}
    assert [found["up_to"] for found in approvals(braked.services, NAME)] == [25]


def test_new_flags_in_the_week_after_an_approval_are_not_held_for_what_was_approved(team):
    for n in range(25):
        team.deal(f"Deal {n}")
    braked = opened(team)
    approve(described(braked).services, NAME, "no-amount", up_to=25, by="Joan")
    assert braked.run().outcomes["written"] == 25
    for day in range(3):
        late = team.deal(f"Late {day}")
        team.later(days=1)
        assert braked.run().exit_code == 0
        assert team.shown(late) == ["no-amount"]
    for n in range(12):
        team.deal(f"Flood {n}")
    team.later(hours=1)
    assert braked.run().exit_code == 4


def test_a_second_flood_in_the_week_of_an_approval_goes_through_by_the_words_that_the_run_says(team):
    for n in range(25):
        team.deal(f"Deal {n}")
    braked = opened(team)
    approve(described(braked).services, NAME, "no-amount", up_to=25, by="Joan")
    braked.run()
    team.later(days=3)
    flood = [team.deal(f"Flood {n}") for n in range(12)]
    team.later(hours=1)
    assert "--up-to 12 --by NAME" in braked.run().remarks[0]
    approve(braked.services, NAME, "no-amount", up_to=12, by="Joan")
    assert braked.run().exit_code == 0
    assert {tuple(team.shown(deal)) for deal in flood} == {("no-amount",)}


def test_another_title_in_the_week_of_an_approval_is_no_reason_to_hold_what_was_approved(team):
    for n in range(25):
        team.deal(f"Deal {n}")
    approve(described(opened(team)).services, NAME, "no-amount", up_to=25, by="Joan")
    opened(team).run()
    team.later(days=1)
    report = opened(team, text=POLICIES.replace(b"title: No amount", b"title: Amount missing")).run()
    assert (report.exit_code, report.remarks, report.outcomes["written"]) == (0, [], 25)


SILENT = POLICIES.replace(b"amount is blank", b"days_since(last_activity) >= 14")


def test_flags_that_nobody_can_judge_any_more_stay_week_after_week_until_a_person_lets_them_go(team):
    deals = [team.deal(f"Deal {n}") for n in range(25)]
    for deal in deals:
        team.driver.call(deal)
    team.later(days=14)
    braked = described(opened(team, text=SILENT))
    approve(braked.services, NAME, "no-amount", up_to=25, by="Joan")
    braked.run()
    team.later(days=8)
    assert braked.run().exit_code == 0
    team.driver.stop_activities("hidden")
    for hours in (27, 8 * 24, 8 * 24):
        team.later(hours=hours)
        report = braked.run()
        assert (report.exit_code, report.held, report.patches) == (4, 25, 0)
        assert "no-amount is held: it can no longer be judged on 25 of 25 open deals" in report.remarks[0]
    assert {tuple(team.shown(deal)) for deal in deals} == {("no-amount",)}
    approve(braked.services, NAME, "no-amount", up_to=25, by="Joan")
    assert (braked.run().exit_code, team.shown(deals[0])) == (0, [])


def test_another_revision_of_an_approved_policy_is_held_again(team):
    for n in range(25):
        team.deal(f"Deal {n}", next_step="Call")
    braked = opened(team)
    approve(described(braked).services, NAME, "no-amount", up_to=25, by="Joan")
    assert braked.run().exit_code == 0
    team.later(days=8)
    changed = POLICIES.replace(b"amount is blank", b"next_step is not blank")
    assert opened(team, text=changed).run().exit_code == 0  # the flags stand as they stood
    team.later(days=8)
    third = b"applies_to: is_open, flag_if: amount is not blank"
    gone = opened(team, text=POLICIES.replace(b"applies_to: is_open, flag_if: amount is blank", third)).run()
    assert gone.exit_code == 4
    assert "would clear the flags of 25 of 25 open deals" in gone.remarks[0]


def described(team):
    """The team, once its CRM was asked what it offers."""
    team.run(dry_run=True)
    team.services.store.connections.keep_description(NAME, team.services.connect(NAME).describe())
    return team


def test_on_a_sandbox_nothing_is_held_unless_the_connection_says_so(team):
    for n in range(25):
        team.deal(f"Deal {n}")
    free = replace(team, services=replace(team.services, policy_texts=lambda: {FILE: POLICIES}))
    assert free.run(dry_run=True).held == 0
    assert live(free, {FILE: POLICIES}, sandbox=True, brake=True).run().held == 25


def test_a_brake_that_is_switched_on_says_nothing_of_flags_that_stand_already(team):
    for n in range(30):
        team.deal(f"Deal {n}")
    everyone = rolled_out({FILE: POLICIES})
    assert live(team, everyone, brake=False).run().outcomes["written"] == 30
    team.later(days=1)
    report = live(team, everyone, brake=True).run()
    assert (report.exit_code, report.held, report.remarks, report.patches) == (0, 0, [], 0)


def test_a_rep_pauses_a_deal_through_a_local_day_and_not_a_day_longer(team):
    deal = team.deal()
    mine = opened(team)
    mine.run()
    assert team.shown(deal) == ["no-amount"]
    until = (team.driver.clock.now() + timedelta(days=4)).date()
    team.edit(deal, pause_until=until.isoformat(), pause_reason="The buyer is away until then")
    team.later(minutes=20)
    report = mine.run()
    assert (team.shown(deal), team.on_record(deal)[SCORE], report.paused) == ([], 100, 1)
    assert team.on_record(deal)[CHECKED].startswith("Paused until")
    theirs = team.theirs()
    while team.driver.clock.now().date() < until:
        team.later(days=1)
        assert mine.run().patches == 0
    team.later(days=1)
    mine.run()
    assert (team.shown(deal), team.on_record(deal)[SCORE]) == (["no-amount"], 85)
    assert team.theirs() == theirs


def test_a_pause_without_a_reason_does_not_count_and_the_record_says_so(team):
    deal = team.deal()
    until = (team.driver.clock.now() + timedelta(days=10)).date()
    team.edit(deal, pause_until=until.isoformat(), pause_reason=".")
    opened(team).run()
    assert team.shown(deal) == ["no-amount"]
    assert "The pause does not count: it has no reason." in team.on_record(deal)[CHECKED]


def test_a_waived_deal_shows_no_flag_until_its_waiver_ends(team):
    deal, other = team.deal("Waived"), team.deal("Other")
    until = team.driver.clock.now().date() + timedelta(days=1)
    mine = opened(team, text=POLICIES + (WAIVED % (deal, until)).encode())
    report = mine.run()
    assert (team.shown(deal), team.shown(other), report.waived) == ([], ["no-amount"], 1)
    assert "No amount: waived until" in team.on_record(deal)[CHECKED]
    team.later(days=2)
    mine.run()
    assert team.shown(deal) == ["no-amount"]


def test_a_waiver_of_another_connection_excuses_nothing_here(team):
    deal = team.deal()
    elsewhere = (WAIVED % (deal, "2099-01-01")).replace("{policy", "{connection: other, policy").encode()
    opened(team, text=POLICIES + elsewhere).run()
    assert team.shown(deal) == ["no-amount"]


def test_diff_tells_what_the_modes_say_before_anything_is_rolled_out(team):
    team.deal()
    mine = described(not_opened(team))
    mine.run()
    answer = diff(
        mine.services, NAME, {FILE: POLICIES.replace(b"owner: ops", b"owner: ops, mode: observe")}, {FILE: POLICIES}
    )
    assert [row["policy"] for row in answer["gained"]] == ["no-amount"]


@pytest.mark.parametrize("excuse", ["observed", "paused"])
def test_an_excused_deal_gets_no_write_when_nothing_changed(team, excuse):
    deal = team.deal()
    mine = not_opened(team) if excuse == "observed" else opened(team)
    if excuse == "paused":
        until = (team.driver.clock.now() + timedelta(days=20)).date()
        team.edit(deal, pause_until=until.isoformat(), pause_reason="Away")
    mine.run()
    for _ in range(3):
        team.later(days=1)
        assert mine.run().patches == 0


def test_each_kpi_that_a_paused_or_waived_deal_touches_is_given_without_it_too(team):
    waived, paused = team.deal("Waived", amount=1000), team.deal("Paused", amount=200)
    team.deal("Free", amount=30)
    team.edit(waived, amount=None)
    until = (team.driver.clock.now() + timedelta(days=9)).date()
    team.edit(paused, pause_until=until.isoformat(), pause_reason="Away")
    mine = measuring(opened(team, text=POLICIES + (WAIVED % (waived, until)).encode()))
    mine.run()
    rows = {row["id"]: row for row in kpis(mine.services, NAME) if not row["dims"]}
    value = rows["pipeline_value"]
    assert (value["value"], value["without_excused"]["value"]) == ("230", "30")
    assert "without_excused" not in rows["win_rate_closed"]


def test_a_rep_with_many_flags_hears_of_five_deals_the_most_valuable_first(team):
    nothing_next = POLICIES.replace(b"amount is blank", b"next_step is blank")
    deals = {n: team.deal(f"Deal {n}", amount=1000 * (n + 1)) for n in range(12)}
    free = live(team, rolled_out({FILE: nothing_next}), brake=False)
    free.run()
    (rep,) = digest(free.services, NAME)["reps"]
    assert [line["id"] for line in rep["lines"]] == [deals[n] for n in (11, 10, 9, 8, 7)]
    assert (rep["left_out"], {line["route"] for line in rep["lines"]}) == (7, {"daily"})
    assert all(team.shown(deal) == ["no-amount"] for deal in deals.values())
    assert digest(free.services, NAME, rep["owner"].upper())["reps"] == [rep]
    slip = rep["owner"][:-1]
    text = f"has no deal of an owner '{slip}'; did you mean '{rep['owner']}'?"
    with pytest.raises(SettingsProblem, match=re.escape(text)):
        digest(free.services, NAME, slip)


def test_a_rollout_to_a_team_that_nobody_is_in_is_reported_by_the_check(team):
    team.deal(amount=5)
    mine = opened(team, "{teams: [Wset]}")
    mine.run()
    remarks = [remark.text for remark in check(mine.services, NAME)]
    assert "no-amount: rolled out to nobody, for no open deal is of team = 'Wset'." in remarks
