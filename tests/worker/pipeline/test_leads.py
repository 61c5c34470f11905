"""Leads are read where a policy names them, judged, listed, and left alone."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from policies.files import read_policies
from tests.crm_drivers import CRM_DRIVERS
from tests.worker.governed import NAME, governed
from tests.worker.packed import packed, switched_on
from worker.usecases.answers import leads
from worker.usecases.connection import check
from worker.usecases.steps import judge_only, pull_only

HOT, WARM, COLD = 81, 50, 49
PACK = switched_on("leads.yaml")
SLOW = b"""version: 1
policies:
  - {id: slow, title: Not answered within a day, subject: lead, applies_to: is_open,
     flag_if: response_hours > 24 or hours_waiting > 24, severity: warning, points: 5, fix: Call, owner: ops}
  - {id: quiet, title: Quiet for a week, subject: lead, mode: observe, applies_to: is_open,
     flag_if: days_since(last_activity) > 7, severity: info, points: 0, fix: Call, owner: ops}
"""


@pytest.fixture
def pack(crm, tmp_path):
    with packed(tmp_path, crm, PACK) as opened:
        yield opened


@pytest.fixture
def team(crm, tmp_path):
    with packed(tmp_path, crm, SLOW) as opened:
        yield opened


def test_every_policy_of_the_lead_pack_finds_the_gap_it_is_about(pack):
    made = {
        # what is in the fields, whether somebody called within the hour; and what must be found
        name: (pack.driver.lead(name), fields, called, found)
        for name, fields, called, found in (
            ("hot, with an AE, answered", {"lead_score": HOT, "routed_to": "AE"}, True, []),
            ("hot, with an AE, unanswered", {"lead_score": HOT, "routed_to": "AE"}, False, ["hot-lead-unanswered"]),
            ("hot, with an SDR", {"lead_score": HOT, "routed_to": "SDR"}, True, ["hot-lead-unanswered"]),
            ("warm, with an SDR, answered", {"lead_score": WARM, "routed_to": "SDR"}, True, []),
            ("warm, unanswered", {"lead_score": WARM, "routed_to": "SDR"}, False, ["warm-lead-unanswered"]),
            ("warm, with an AE", {"lead_score": WARM, "routed_to": "AE"}, True, ["warm-lead-unanswered"]),
            ("cold, in nurture", {"lead_score": COLD, "routed_to": "Nurture"}, False, []),
            ("cold, with an SDR", {"lead_score": COLD, "routed_to": "SDR"}, False, ["cold-lead-not-in-nurture"]),
            ("fits, accepted", {"fit_confirmed": True, "accepted_on": "2026-11-03"}, False, []),
            ("fits, not accepted", {"fit_confirmed": True}, False, ["lead-not-accepted"]),
            ("no status", {}, False, []),
        )
    }
    for lead, fields, _, _ in made.values():
        pack.says_of_lead(lead, **fields)
    pack.later(minutes=59)
    for lead, _, called, _ in made.values():
        if called:
            pack.driver.call_lead(lead)
    pack.later(hours=3, minutes=2)
    pack.run()
    assert {name: pack.lead_flags(lead) for name, (lead, *_) in made.items()} == {
        name: found for name, (*_, found) in made.items()
    }
    named = {flag for *_, found in made.values() for flag in found}
    assert named == {policy.id for policy in read_policies({"p": PACK}).policies}


def test_a_hot_lead_may_wait_an_hour_and_a_warm_one_four(pack):
    hot, warm = pack.driver.lead("hot"), pack.driver.lead("warm")
    pack.says_of_lead(hot, lead_score=HOT, routed_to="AE")
    pack.says_of_lead(warm, lead_score=WARM, routed_to="SDR")
    pack.later(hours=1)
    pack.run()
    assert pack.lead_flags(hot) == pack.lead_flags(warm) == []
    pack.later(minutes=1)
    pack.run()
    assert (pack.lead_flags(hot), pack.lead_flags(warm)) == (["hot-lead-unanswered"], [])
    pack.later(hours=3)
    pack.run()
    assert pack.lead_flags(warm) == ["warm-lead-unanswered"]


def test_a_flag_says_what_was_measured_since_when_and_what_clears_it(team):
    lead = team.driver.lead()
    team.later(days=2)
    team.run()
    (flag,) = team.lead(lead)["flags"]
    assert (flag["policy"], flag["since"], flag["fix"], flag["shown"]) == ("slow", "2026-11-04", "Call", False)
    assert flag["evidence"]["text"] == "No touch since 3 Nov 2026, past its 24 hours since 4 Nov."
    assert flag["evidence"]["fact"] == "hours_waiting"
    team.later(days=1)
    team.run()
    (later,) = team.lead(lead)["flags"]
    assert (later["since"], later["evidence"]["text"]) == (flag["since"], flag["evidence"]["text"])  # no number ticks


def test_a_late_answer_is_reported_in_hours_and_stays_found(team):
    lead = team.driver.lead()
    team.later(hours=30)
    team.driver.call_lead(lead)
    team.later(minutes=20)
    team.run()
    (flag,) = team.lead(lead)["flags"]
    assert (flag["evidence"]["value"], flag["evidence"]["limit"], flag["since"]) == (30, 24, "2026-11-04")


def test_counts_of_leads_stand_in_the_run(team):
    slow, quick = team.driver.lead("slow"), team.driver.lead("quick")
    given_up = team.driver.lead("given up", status=team.driver.given_up)
    team.driver.call_lead(quick)
    team.later(days=2)
    report = team.run()
    assert report.leads == {
        "leads": 3, "open": 2, "findings": 1, "new": 1, "cleared": 0, "unknown": 0, "dormant": 0
    }  # fmt: skip
    assert report.findings == 0  # those of deals
    team.driver.edit_lead(slow, status=team.driver.given_up)
    team.later(minutes=20)
    assert {name: n for name, n in team.run().leads.items() if n} == {"leads": 3, "open": 1, "cleared": 1}
    assert [lead["id"] for lead in leads(team.services, NAME, flagged=True)] == []
    assert team.lead(given_up)["is_open"] is False


def test_a_converted_lead_is_no_longer_open(team):
    lead = team.driver.lead()
    team.later(days=2)
    team.run()
    assert team.lead_flags(lead) == ["slow"]
    team.driver.convert_lead(lead)
    team.later(minutes=20)
    team.run()
    found = team.lead(lead)
    assert (found["is_converted"], found["is_open"], found["flags"]) == (True, False, [])


def test_leads_that_are_deleted_or_merged_are_listed_no_more(team):
    winner, loser, gone = (team.driver.lead(name) for name in ("winner", "loser", "gone"))
    team.driver.call_lead(loser)
    team.run()
    team.driver.merge_leads(winner, loser)
    team.driver.delete_lead(gone)
    team.later(days=2)
    team.run()
    assert [lead["id"] for lead in leads(team.services, NAME)] == [winner]
    assert team.lead_flags(winner) == []  # the call came with the loser


def test_no_lead_is_ever_written_to(team):
    lead = team.driver.lead()
    team.later(days=2)
    before = team.driver.record_of_lead(lead)
    team.run()
    team.later(days=1)
    team.run(full=True)
    assert team.driver.record_of_lead(lead) == before
    assert team.writes() == []


def test_who_names_no_lead_policy_pays_no_call_and_keeps_no_lead(tmp_path, crm):
    idle = SLOW.replace(b"severity: warning", b"severity: warning, mode: off").replace(b"observe", b"off")
    for folder, text in (("none", b"version: 1\npolicies: []\n"), ("off", idle), ("on", SLOW)):
        (tmp_path / folder).mkdir()
        with packed(tmp_path / folder, crm, text) as team:
            team.driver.lead()
            report = team.run()
            asked = {f"{call['path']} {call.get('query')}" for call in team.driver.calls}
            assert bool(report.leads) is (folder == "on")
            assert bool(leads(team.services, NAME)) is (folder == "on")
            assert any(re.search(r"FROM.Lead|/objects/contacts", one) for one in asked) is (folder == "on")


def test_what_is_pulled_alone_brings_leads_too(team):
    lead = team.driver.lead()
    assert pull_only(team.services, NAME).records
    team.later(hours=25)
    counts = {row["policy"]: row for row in judge_only(team.services, NAME, None)["policies"]}
    assert counts["slow"]["broken"] == 1
    assert team.lead_flags(lead) == ["slow"]


def test_a_verdict_ends_with_the_last_policy_that_names_leads(team):
    lead = team.driver.lead()
    team.later(days=2)
    team.run()
    team.services = replace(team.services, policy_texts=lambda: {"p.yaml": b"version: 1\npolicies: []\n"})
    assert team.run().leads == {}
    assert team.lead_flags(lead) == []


def test_calls_of_our_own_user_are_no_answer(request, tmp_path):
    del request
    with packed(tmp_path, "salesforce", SLOW, integration_users=["bot@acme.example"]) as team:
        from sandbox.salesforce import add_user

        add_user(team.driver.org, "bot@acme.example", "Robot", "Bot", "Standard User")
        lead = team.driver.lead()
        team.driver.call_lead(lead, user="bot@acme.example")
        team.later(days=2)
        team.run()
        assert team.lead_flags(lead) == ["slow"]


def test_where_leads_cannot_be_read_any_more_what_was_found_is_held_and_check_says_what_is_missing(team):
    lead = team.driver.lead()
    team.later(days=2)
    team.run()
    team.driver.hide_leads()
    team.later(days=2)
    report = team.run()
    assert (report.leads["unknown"], report.leads["findings"]) == (2, 0)
    held = team.lead(lead)
    assert [flag["policy"] for flag in held["flags"]] == ["slow"]
    assert held["unknown"]
    missing = [remark.text for remark in check(team.services, NAME) if remark.level == "missing"]
    assert any(text.startswith("A policy names leads, and") for text in missing)


def test_check_names_the_lead_policies_that_are_dormant(request, tmp_path):
    del request
    with governed(tmp_path, "salesforce") as team:
        team.services = replace(team.services, policy_texts=lambda: {"p.yaml": PACK})
        remarks = "\n".join(remark.text for remark in check(team.services, NAME))
        assert "A policy names leads; leads can be read." in remarks
        assert (
            "Policy cold-lead-not-in-nurture is dormant: nothing is mapped for lead_score, routed_to of leads."
            in remarks
        )


def test_another_day_is_judged_from_what_was_known_of_leads_then(team):
    lead = team.driver.lead()
    team.later(days=2)
    team.run()
    then = team.driver.clock.now()
    team.later(minutes=5)
    team.driver.edit_lead(lead, status=team.driver.given_up)
    team.later(days=1)
    team.run()
    assert team.lead_flags(lead) == []
    past = judge_only(team.services, NAME, then + timedelta(minutes=1))["policies"]
    assert next(row for row in past if row["policy"] == "slow")["broken"] == 1
    assert team.lead_flags(lead) == []


def test_what_is_planted_in_a_made_up_crm_is_what_the_judge_finds(request, tmp_path):
    del request
    late = SLOW.replace(b"response_hours > 24 or hours_waiting > 24", b"response_hours > 24").replace(b"slow", b"late")
    waiting = SLOW.replace(b"response_hours > 24 or hours_waiting > 24", b"hours_waiting > 24")
    text = late + waiting.partition(b"policies:\n")[2].partition(b"  - {id: quiet")[0]
    found, planted = {}, {}
    for kind in CRM_DRIVERS:
        (tmp_path / kind).mkdir()
        with packed(tmp_path / kind, kind, text) as team:
            labels = team.driver.seed_leads(200)
            team.run()
            planted[kind] = [tuple(label.values()) for label in labels.values()]
            flags = {lead: team.lead_flags(lead) for lead in labels}
            found[kind] = [("late" in flags[lead], "slow" in flags[lead]) for lead in labels]
    assert found == planted
    assert planted["salesforce"] == planted["hubspot"]
    assert all(planted["hubspot"].count(pair) > 20 for pair in ((True, False), (False, True), (False, False)))


def test_a_lead_policy_holds_where_its_modes_say(tmp_path):
    modes = b"mode: off, modes: [{where: source = 'Web', mode: warn}],\n     "
    text = SLOW.replace(b"title: Not", modes + b"title: Not")
    with packed(tmp_path, "salesforce", text) as team:
        web, other = team.driver.lead("web", source="Web"), team.driver.lead("other", source="Other")
        team.later(days=2)
        team.run()
        assert (team.lead_flags(web), team.lead_flags(other)) == (["slow"], [])


def test_on_a_live_connection_lead_policies_are_judged_without_a_rollout_and_held_by_no_brake(tmp_path):
    with packed(tmp_path, "salesforce", SLOW, sandbox=False) as team:
        leads_ = [team.driver.lead(f"Lead {n}") for n in range(30)]
        team.later(days=2)
        report = team.run()
        assert (report.leads["findings"], report.held, report.exit_code) == (30, 0, 0)
        assert {team.lead(lead)["flags"][0]["mode"] for lead in leads_} == {"warn"}
