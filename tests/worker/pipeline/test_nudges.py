"""A deal on which somebody works is read by id, judged and written at once; the next run finds nothing left to do."""

import random
from dataclasses import dataclass, replace
from typing import Any

import pytest

from model.errors import AccessRefused, ConnectionBusy, RetryLater
from store import Occasion
from tests.cases.seam_acts import ACTS, POLICIES
from tests.cases.seams import company
from tests.worker.governed import NAME, AfterThePull, governed, live, measuring, with_connector
from worker.pipeline.nudging import nudge as nudging
from worker.pipeline.nudging.nudge import nudge

CRMS = ("salesforce", "hubspot")
NO_ACTIONS = POLICIES.replace("mode: enforce, actions: [{task: owner}]", "mode: warn").replace(
    "mode: enforce, actions: [{move_back: true}]", "mode: warn"
)
AMOUNT = """version: 1
rollout: everyone
policies:
  - {id: no-amount, title: No amount, applies_to: is_open, flag_if: amount is blank, severity: warning, points: 10,
     fix: Enter the amount, owner: revops}
"""
PLAIN = f"""{AMOUNT}
  - {{id: quiet, title: No activity in 14 days, applies_to: is_open, flag_if: days_since(last_activity) >= 14,
     severity: warning, points: 15, fix: Call, owner: revops}}
  - {{id: alone, title: Nobody on it, applies_to: is_open, flag_if: contact_count < 1, severity: info, points: 2,
     fix: Ask, owner: revops}}
"""
"""Without gates, which cost most of the time."""
NUDGED = {"salesforce": {"look_every_minute": True}, "hubspot": {"webhook_secret": "s"}}


@pytest.fixture(scope="module", params=CRMS)
def calm(request, tmp_path_factory):
    """A team that works on nothing, and its silent deals; each test takes some of them."""
    folder = tmp_path_factory.mktemp(request.param)
    with governed(folder, request.param, activity={"min_coverage": 0}, **NUDGED[request.param]) as made:
        team = under(made, PLAIN)
        yield team, iter(settled(team, deals=16, days=20))


@pytest.fixture
def team(calm):
    return calm[0]


@pytest.fixture
def deals(calm):
    return calm[1]


@pytest.fixture
def acme(tmp_path):
    """One CRM, for what is the same in each."""
    with governed(tmp_path, "salesforce", activity={"min_coverage": 0}, look_every_minute=True) as made:
        yield under(made, PLAIN)


def under(team, policies):
    return replace(team, services=replace(team.services, policy_texts=lambda: {"p.yaml": policies.encode()}))


def settled(team, deals=5, days=0):
    """Deals that runs have judged until nothing was left to do."""
    made = [team.deal(f"Deal {n}") for n in range(deals)]
    team.run()
    team.later(days=days)
    for _ in range(4):
        team.later(minutes=10)
        team.run()
    assert team.reports[-1].judged == 0
    return made


def noted(team, *deals, kind="opportunity"):
    team.later(seconds=5)
    team.services.store.nudges.note(NAME, [(kind, deal) for deal in deals], team.services.clock())


def waiting(team):
    return [one.id for one in team.services.store.nudges.of(NAME, 1000)]


def nudged(team, *deals):
    noted(team, *deals)
    report = nudge(team.services, NAME)
    assert waiting(team) == []
    return report


def test_a_nudge_takes_the_flag_off_and_the_next_one_finds_nothing_new(team, deals):
    deal, cursors, runs = (
        next(deals),
        team.services.store.mirror.cursors(NAME),
        len(team.services.store.runs.latest(NAME)),
    )
    team.driver.contact(deal, "Economic Buyer")
    sent = len(team.writes())
    report = nudged(team, deal)
    assert team.shown(deal) == ["no-amount", "quiet"]
    assert (report.judged, report.deals, report.cleared, report.outcomes["written"]) == (1, 16, 1, 1)
    assert report.calls < 20
    nudged(team, deal)  # our own write moved the deal's stamp
    assert nudged(team, deal) is None
    assert (team.written(sent), team.services.store.mirror.cursors(NAME)) == ([deal], cursors)
    assert len(team.services.store.runs.latest(NAME)) <= runs + 2
    team.later(minutes=10)
    assert (team.run().patches, team.written(sent)) == (0, [deal])


def test_a_logged_call_leads_to_its_deal_and_a_call_that_is_gone_to_the_deal_that_had_it(team, deals):
    deal = next(deals)
    team.driver.call(deal)
    if team.driver.kind == "hubspot":
        noted(team, f"call:{max(team.driver.portal.shelves['calls'].rows)}", kind="activity")
        nudge(team.services, NAME)
    else:
        nudged(team, deal)
    assert team.shown(deal) == ["no-amount", "alone"]
    (call,) = team.services.store.mirror.activities(NAME, deal)
    assert team.services.store.mirror.deals_with(NAME, [call["id"], "call:1"]) == {deal}


def test_a_deal_that_is_gone_or_of_nobody_here_writes_nothing(team, deals):
    deleted, erased = next(deals), next(deals)
    sent, known = len(team.writes()), team.services.store.mirror.ids(NAME)
    foreign = "0065g00000XyZzZAAX" if team.driver.kind == "salesforce" else "77001122"
    assert nudged(team, foreign) is None
    team.driver.delete(deleted)
    team.driver.erase(erased)
    nudged(team, deleted, erased, foreign)
    assert team.writes(sent) == []
    assert known.keys() - team.services.store.mirror.ids(NAME).keys() == {deleted, erased}


def test_while_a_run_holds_the_connection_a_nudge_waits_and_then_works(team, deals):
    deal, busy = next(deals), []

    def somebody_works():
        team.driver.contact(deal, "Champion")
        noted(team, deal)
        with pytest.raises(ConnectionBusy):
            nudge(team.services, NAME)
        busy.append(waiting(team))

    with_connector(team, AfterThePull(team.services.connect(NAME), somebody_works)).run()
    assert busy == [[deal]]
    nudge(team.services, NAME)
    assert (team.shown(deal), waiting(team)) == (["no-amount", "quiet"], [])


@dataclass
class Stops:
    """A connector that fails in a way after it has read deals."""

    connector: Any
    error: BaseException

    def __getattr__(self, name):
        return getattr(self.connector, name)

    def whole(self, ids):
        yield from self.connector.whole(ids)
        raise self.error


def failing(team, error):
    return with_connector(team, Stops(team.services.connect(NAME), error))


def test_a_nudge_that_is_killed_after_it_has_read_is_worked_on_again(team, deals):
    deal = next(deals)
    team.driver.contact(deal, "Champion")
    noted(team, deal)
    with pytest.raises(KeyboardInterrupt):
        nudge(failing(team, KeyboardInterrupt()).services, NAME)
    assert (waiting(team), team.shown(deal)) == ([deal], ["no-amount", "quiet", "alone"])
    nudge(team.services, NAME)
    assert team.shown(deal) == ["no-amount", "quiet"]


def test_while_the_crm_is_busy_a_nudge_waits_and_where_it_refuses_the_next_run_says_so(team, deals):
    deal = next(deals)
    noted(team, deal)
    report = nudge(failing(team, RetryLater("busy", 30)).services, NAME)
    assert (report.resumes_at - team.services.clock()).total_seconds() == 30
    assert waiting(team) == [deal]
    with pytest.raises(AccessRefused):
        nudge(failing(team, AccessRefused("no right")).services, NAME)
    assert waiting(team) == []


def test_what_is_noted_again_while_it_is_worked_on_waits_for_the_next_nudge(team, deals):
    deal = next(deals)
    again = Stops(team.services.connect(NAME), RuntimeError())
    again.whole = lambda ids: (noted(team, deal), team.services.connect(NAME).whole(ids))[1]
    noted(team, deal)
    nudge(with_connector(team, again).services, NAME)
    assert waiting(team) == [deal]
    team.services.store.nudges.forget(NAME)


def changed_policies(team):
    return under(team, PLAIN.replace("contact_count < 1", "contact_count < 9"))


def sibling_activity(team):
    settings = team.services.settings
    connection = settings.connections[NAME]
    activity = connection.activity.model_copy(update={"roll_up": "contacts"})
    found = settings.model_copy(update={"connections": {NAME: connection.model_copy(update={"activity": activity})}})
    return replace(team, services=replace(team.services, settings=found))


def an_import(team):
    noted(team, *(f"{n}" for n in range(nudging.MOST)))
    return team


def a_run_that_is_due(team):
    team.services.store.jobs.first_seen(NAME, "incremental", team.services.clock(), team.services.clock(), ended=False)
    return team


def paused(team):
    team.services.store.jobs.end(
        team.services.store.jobs.begin(Occasion(NAME, "incremental", team.services.clock()), team.services.clock(), 40),
        team.services.clock(),
    )
    team.services.store.connections.pause(NAME, "audit", team.services.clock())
    return team


def few_calls_left(team):
    team.services.store.connections.resume(NAME)
    team.later(seconds=30)  # for so long a process goes by the count that it has read
    allowed = team.services.connect(NAME).budget().allowed
    team.services.store.calls.note(NAME, team.services.clock(), "pull", allowed // 2)
    return team


def test_what_a_nudge_cannot_do_is_left_to_the_next_run(acme):
    deal = settled(acme)[0]
    acme.driver.contact(deal, "Champion")
    sent, calls = len(acme.writes()), acme.services.connect(NAME).calls
    for why in (changed_policies, sibling_activity, an_import, a_run_that_is_due, paused, few_calls_left):
        assert nudged(why(acme), deal) is None
        assert (acme.writes(sent), acme.services.connect(NAME).calls) == ([], calls)


def test_a_small_connection_is_judged_as_a_whole_where_most_deals_are_due(acme):
    team = measuring(acme)
    deals = [team.deal(f"Deal {n}") for n in range(4)]
    team.run()
    team.later(hours=20)  # past midnight every deal is due
    team.driver.contact(deals[0], "Champion")
    report = nudged(team, deals[0])
    assert (report.judged, team.shown(deals[0])) == (4, ["no-amount"])
    team.driver.contact(deals[1], "Champion")
    assert nudged(team, deals[1]).judged < 4
    assert team.shown(deals[1]) == ["no-amount"]


def test_where_most_deals_are_due_in_a_large_connection_the_next_run_judges_them(acme):
    deals = settled(acme)
    acme.later(hours=20)
    acme.driver.contact(deals[0], "Champion")
    sent = len(acme.writes())
    assert nudged(acme, deals[0]).remarks == ["What changed concerns every deal; the next run judges them all."]
    assert acme.writes(sent) == []
    assert acme.run().judged == 5
    assert acme.shown(deals[0]) == ["no-amount"]


def test_nudges_count_for_the_brake_and_stop_where_a_rule_is_held(acme):
    acme = live(acme, {"p.yaml": AMOUNT.encode()}, brake=True)
    deals = [acme.deal(f"Deal {n}", amount=5) for n in range(40)]
    acme.edit(deals[0], amount=6)  # the first row of a field's history concerns every deal
    for _ in range(2):
        acme.run()
        acme.later(days=8)
    for _ in range(3):
        acme.run()
        acme.later(minutes=10)
    sent = len(acme.writes())
    for some in (deals[:5], deals[5:10], deals[10:15]):
        for deal in some:
            acme.edit(deal, amount=None)
        nudged(acme, *some)
    assert {deal for deal in deals if "no-amount" in acme.shown(deal)} == set(deals[:10])
    written = len(acme.writes())
    assert acme.run().held > 0
    acme.edit(deals[0], amount=7)
    assert nudged(acme, deals[0]) is None
    assert (written - sent, acme.shown(deals[0])) == (10, ["no-amount"])


@pytest.mark.every_crm
def test_after_a_nudge_a_run_that_reads_and_judges_everything_has_nothing_left_to_write(crm):
    draw, worked = random.Random(3), 0  # noqa: S311 - the same acts every time
    acts = draw.sample(sorted(ACTS[crm]), len(ACTS[crm]))
    with company(crm) as people:
        team = under(people.team, NO_ACTIONS)
        for _ in range(3):
            team.run()
            team.later(minutes=10)
        for some in (acts[:3], acts[3:7], acts[7:]):
            for name in some:
                ACTS[crm][name](team, people.deals[name], people.deals)
            report = nudged(team, *(people.deals[name] for name in some))
            team.later(minutes=2)
            every = team.run(full=True)
            if report is not None and not report.remarks:
                worked += 1
                assert (some, every.patches) == (some, 0)
            team.later(minutes=2)
    assert worked > 0
