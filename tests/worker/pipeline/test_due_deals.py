"""A run of a large connection judges only the deals that changed or are due, and leaves what a run of all leaves."""

import random
from dataclasses import replace
from datetime import date, timedelta

import pytest

from model.calibration import Calibration, Median
from store import Approval
from store.approvals import note_used
from tests.cases.due import differences
from tests.cases.seam_acts import ACTS, POLICIES
from tests.cases.seams import company
from tests.worker.governed import NAME, AfterThePull, governed, with_connector
from worker.usecases.erasure.forget import forget_contact
from worker.usecases.steps import judge_only

CRMS = ("salesforce", "hubspot")
COUNTS = ("deals", "open_deals", "findings", "unknown", "waived", "paused", "new", "cleared")


@pytest.fixture(params=CRMS)
def team(request, tmp_path):
    with governed(tmp_path, request.param) as made:
        yield under(made, POLICIES)


def under(team, policies):
    """The team under these policies."""
    return replace(team, services=replace(team.services, policy_texts=lambda: {"p.yaml": policies.encode()}))


@pytest.mark.parametrize("seed", [2, 4])
def test_a_store_that_judges_partly_equals_one_that_judges_every_deal(seed):
    found, judged = differences(seed, steps=9, deals=22)
    assert found == []
    assert judged["partly"] > 0
    assert judged["looked at"] < judged["deals"] / 2


@pytest.mark.every_crm
def test_whatever_people_do_a_run_writes_what_a_dry_run_of_all_deals_would(crm):
    draw, judged = random.Random(5), []  # noqa: S311 - the same acts every time
    acts = draw.sample(sorted(ACTS[crm]), len(ACTS[crm]))
    with company(crm) as people:
        team = under(people.team, POLICIES.replace("mode: enforce, actions: [{task: owner}]", "mode: warn"))
        for acted in ([], [], acts[:1], acts[1:3], [], acts[3:9], acts[9:], []):
            for name in acted:
                ACTS[crm][name](team, people.deals[name], people.deals)
            team.later(minutes=draw.choice([10, 30, 60]))
            every, report = team.run(dry_run=True), team.run()
            assert (report.patches, report.actions["planned"]) == (every.patches, every.actions["planned"])
            assert [getattr(report, name) for name in COUNTS] == [getattr(every, name) for name in COUNTS]
            judged.append((report.judged, report.deals))
    assert any(some < every for some, every in judged)


def test_a_run_judges_the_deal_that_somebody_edited_and_after_midnight_every_deal(team):
    deals = [team.deal(f"Deal {n}") for n in range(5)]
    team.run()
    team.later(minutes=10)
    team.edit(deals[0], amount=5)  # the first row of a field's history concerns every deal
    team.later(minutes=10)
    for _ in range(3):
        team.run()
        team.later(minutes=10)
    team.edit(deals[3], amount=7)
    team.later(minutes=10)
    report = team.run()
    assert (report.judged, report.deals) == (1, 5)
    team.later(minutes=10)
    assert team.run(full=True).judged == 5
    team.later(hours=24)
    assert team.run().judged == 5


def test_a_new_policy_is_about_every_deal(team):
    for n in range(4):
        team.deal(f"Deal {n}")
    for _ in range(3):
        team.run()
        team.later(minutes=10)
    stricter = POLICIES.replace("contact_count < 1", "contact_count < 9")
    assert under(team, stricter).run().patches == 4


def a_calibration_is_accepted(team):
    day, kept = date(2026, 1, 5), team.services.store.connections
    kept.propose_calibration(NAME, Calibration(day, {("sales", "first"): Median(3.0, 30)}, 2))
    kept.accept_calibration(NAME, day)


CONCERNS_ALL = {
    "a person was forgotten": lambda team: forget_contact(team.services, NAME, "ada@buyer.example"),
    "a calibration was accepted": a_calibration_is_accepted,
    "somebody judged by hand": lambda team: judge_only(team.services, NAME, None),
}


def settled(team):
    """Five deals that nothing happens to, so that a run judges none of them."""
    for n in range(5):
        team.deal(f"Deal {n}")
    for _ in range(4):
        team.run()
        team.later(minutes=10)
    assert team.reports[-1].judged == 0


@pytest.mark.parametrize("what", CONCERNS_ALL)
def test_every_deal_is_judged_after(team, what):
    settled(team)
    CONCERNS_ALL[what](team)
    assert team.run().judged == 5


def test_a_run_remembers_the_description_it_judged_by_and_not_one_that_a_check_keeps_meanwhile(team):
    settled(team)
    kept = team.services.store.connections

    def another():
        kept.keep_description(NAME, replace(kept.description(NAME), zone="Asia/Tokyo"))

    with_connector(team, AfterThePull(team.services.connect(NAME), another)).run()
    team.later(minutes=10)
    assert team.run().judged == 0


def test_an_approval_that_becomes_a_week_old_concerns_every_deal(team):
    settled(team)
    store, now = team.services.store, team.services.clock()
    approval = Approval("quiet", "r1", 9, "ops", now - timedelta(days=8))
    store.approvals.approve(NAME, approval)
    with store.database.writing() as sql:
        note_used(sql, store.database.connection_key(NAME), [approval], now - timedelta(days=6, hours=23))
    for _ in range(2):
        team.run()
        team.later(minutes=10)
    assert team.reports[-1].judged == 0
    team.later(hours=2)
    assert team.run().judged == 5
