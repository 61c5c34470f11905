"""`runs undo`, on both CRMs: what a run wrote is restored, what people changed is left, and both stay so."""

import random
from dataclasses import dataclass, replace
from typing import Any

import pytest

from model.errors import SettingsProblem
from tests.worker.enforcing import under
from tests.worker.governed import NAME, governed, with_connector
from worker.usecases.rollout.approve import approvals, approve
from worker.usecases.undo import undo

RULES = """version: 1
policies:
  - {id: quiet, title: Open for 14 days, applies_to: is_open, flag_if: days_since(created) >= 14,
     severity: warning, points: 15, fix: Call, owner: ops}
  - {id: no-amount, title: No amount, applies_to: is_open, flag_if: amount is blank, severity: warning, points: 15,
     fix: Enter the amount, owner: ops}
"""


@pytest.fixture
def team(crm, tmp_path):
    with governed(tmp_path, crm) as opened:
        yield under(opened, RULES)


def neglected(team, deals=6, **more):
    """Deals that a first run has scored, and a second one flags."""
    made = [team.deal(f"Deal {n}", amount=100, **more) for n in range(deals)]
    team.run()
    team.later(days=15)
    return made


def test_the_records_that_nobody_changed_are_restored_and_the_next_runs_write_none_of_them(team):
    deals = neglected(team)
    before = team.all_on_record()
    flagged = team.run()
    assert flagged.outcomes["written"] == 6
    edited = deals[:2]
    team.let_reps_edit_ours()
    for deal in edited:
        team.edit(deal, score=99)
    left_alone = {deal: team.on_record(deal) for deal in edited}
    report = undo(team.services, flagged.run_id, by="Joan")
    assert (report.outcomes["written"], sorted(one["deal"] for one in report.left)) == (4, sorted(edited))
    assert {one["why"] for one in report.left} == {"somebody has changed score since"}
    assert report.exit_code == 1
    assert team.all_on_record() == before | left_alone
    for hours in (1, 1, 24):
        team.later(hours=hours)
        again = team.run()
        assert again.outcomes["held"] == 4
        assert {deal: team.on_record(deal) for deal in deals[2:]} == {deal: before[deal] for deal in deals[2:]}
    assert "stay as an undo left them" in " ".join(again.remarks)
    assert again.exit_code == 4


def undone(team, deals=3):
    """A run that flagged deals, and the undo of it."""
    made = neglected(team, deals)
    flagged = team.run()
    team.later(minutes=5)
    return made, flagged, undo(team.services, flagged.run_id, by="Joan")


def test_a_flag_that_was_undone_says_who_did_it_and_what_lets_it_through(team):
    deals, flagged, report = undone(team)
    flag = team.verdict(deals[0])["flags"][0]
    assert (flag["shown"], flag["excuse"]["why"]) == (False, "undone")
    assert flag["excuse"]["text"] == (
        f"Undone by Joan on 18 Nov 2026 (run {report.run_id} undid run {flagged.run_id}); `sluicegate policies approve "
        "quiet --connection acme --up-to 3 --by NAME` lets it through"
    )
    assert team.verdict(deals[0])["undone"] == f"{flag['excuse']['text']}."


def test_one_approval_of_the_policy_lets_the_records_go_on(team):
    deals, _, _ = undone(team)
    team.later(minutes=5)
    approve(team.services, NAME, "quiet", up_to=2, by="Ann")
    assert (team.run().outcomes["held"], team.shown(deals[0])) == (3, [])
    team.later(minutes=5)
    approve(team.services, NAME, "quiet", up_to=3, by="Ann")
    team.later(minutes=5)
    report = team.run()
    assert (report.outcomes["written"], report.outcomes["held"], report.exit_code) == (3, 0, 0)
    assert report.approved == [{"policy": "quiet", "revision": report.approved[0]["revision"], "up_to": 3, "by": "Ann"}]
    assert "quiet" in team.shown(deals[0])
    assert approvals(team.services, NAME)[0]["used"] is not None
    assert "undone" not in team.verdict(deals[0])


def test_an_approval_from_before_the_undo_lets_nothing_through(team):
    neglected(team, 3)
    approve(team.services, NAME, "quiet", up_to=3, by="Ann")
    team.later(minutes=5)
    flagged = team.run()
    team.later(minutes=5)
    undo(team.services, flagged.run_id)
    assert team.run().outcomes["held"] == 3


def test_the_first_run_of_all_can_be_undone_and_one_approval_frees_every_record(team):
    for number in range(3):
        team.deal(f"Deal {number}", amount=100)
    first = team.run()
    report = undo(team.services, first.run_id)
    assert report.exit_code == 0
    assert {value for record in team.all_on_record().values() for value in record.values()} == {None}
    team.later(hours=1)
    assert (team.run().outcomes["written"], team.run().outcomes["held"]) == (0, 3)
    assert "approve undone-records --connection acme --up-to 3" in report.remarks[-1]
    approve(team.services, NAME, "undone-records", up_to=3, by="Ann")
    team.later(hours=1)
    assert team.run().outcomes["written"] == 3


def test_another_revision_of_the_policy_is_not_held(team):
    deals, _, _ = undone(team)
    assert team.run().outcomes["held"] == 3
    assert under(team, RULES.replace("Open for", "Open since")).run().outcomes["written"] == 3
    assert "quiet" in team.shown(deals[0])


def test_an_undo_finds_nothing_the_second_time_and_is_not_undone_itself(team):
    _, flagged, report = undone(team)
    with pytest.raises(SettingsProblem, match=f"Run {flagged.run_id} was undone by run {report.run_id}; nothing"):
        undo(team.services, flagged.run_id)
    with pytest.raises(SettingsProblem, match=f"Run {report.run_id} is itself an undo, of run {flagged.run_id}"):
        undo(team.services, report.run_id)


def test_what_we_wrote_is_taken_back_from_a_paused_connection_too(team):
    neglected(team, deals=1)
    before = team.all_on_record()
    flagged = team.run()
    team.services.store.connections.pause(NAME, "quarter end", team.services.clock())
    assert undo(team.services, flagged.run_id, by="Joan").outcomes["written"] == 1
    assert team.all_on_record() == before


def test_a_run_that_wrote_nothing_and_one_that_is_not_there_have_their_sentences(team):
    neglected(team, 1)
    judged = team.run()
    idle = team.run()
    assert judged.outcomes["written"] == 1
    with pytest.raises(SettingsProblem, match="wrote nothing to the CRM"):
        undo(team.services, idle.run_id)
    for strange in ("99", "x", ""):
        with pytest.raises(SettingsProblem, match=f"There is no run {strange}; .* A dry run leaves no run"):
            undo(team.services, strange)
    settings = team.services.settings.model_copy(update={"connections": {}})
    with pytest.raises(SettingsProblem, match="belongs to the connection 'acme', which the settings do not name"):
        undo(replace(team.services, settings=settings), judged.run_id)


def test_what_a_later_run_has_written_and_what_is_gone_is_left_and_named(team):
    deals = neglected(team, 3)
    flagged = team.run()
    team.edit(deals[0], amount=None)
    team.later(minutes=20)
    later = team.run()
    team.driver.erase(deals[1])
    report = undo(team.services, flagged.run_id)
    why = {one["deal"]: one["why"] for one in report.left}
    assert why[deals[1]] == "it is no longer there"
    assert why[deals[0]].startswith(f"run {later.run_id} has written ")
    assert report.outcomes["written"] == 1


def test_a_dry_run_says_what_would_be_restored_and_changes_nothing(team):
    deals = neglected(team, 3)
    flagged = team.run()
    team.let_reps_edit_ours()
    team.edit(deals[0], score=1)
    before, runs = team.all_on_record(), len(team.services.store.runs.latest())
    report = undo(team.services, flagged.run_id, dry_run=True)
    assert (report.dry_run, [one["deal"] for one in report.left]) == (True, [deals[0]])
    assert report.remarks == ["2 records would be restored, and 1 record would be left."]
    assert (team.all_on_record(), len(team.services.store.runs.latest())) == (before, runs)
    assert team.run().outcomes["held"] == 0


class Killed(BaseException):
    """What no flow catches."""


@dataclass
class Dying:
    """A connector of small batches; the process dies before or after it has sent the n-th one."""

    connector: Any
    nth: int
    sent: bool
    batch_size: int = 2

    def __getattr__(self, name):
        return getattr(self.connector, name)

    def push(self, patches):
        self.nth -= 1
        if self.nth == 0 and not self.sent:
            raise Killed
        outcomes = self.connector.push(patches)
        if self.nth == 0:
            raise Killed
        return outcomes


@pytest.mark.parametrize("sent", [False, True])
def test_a_killed_undo_leaves_what_it_restored_waiting_and_goes_on_when_it_is_asked_again(team, sent):
    neglected(team)
    before = team.all_on_record()
    flagged = team.run()
    dying = with_connector(team, Dying(team.services.connect(NAME), 2, sent))
    with pytest.raises(Killed):
        undo(dying.services, flagged.run_id)
    restored = {deal for deal, record in team.all_on_record().items() if record == before[deal]}
    assert len(restored) == (4 if sent else 2)
    team.later(hours=1)
    assert (team.run().outcomes["written"], team.run().outcomes["held"]) == (0, len(restored))
    report = undo(team.services, flagged.run_id)
    assert (report.outcomes["written"], report.left) == (6 - len(restored), [])
    assert report.remarks[-2].endswith(f"had restored {len(restored)} records of run {flagged.run_id} before.")
    assert team.all_on_record() == before
    assert team.run().outcomes["held"] == 6


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_of_drawn_edits_exactly_the_edited_records_are_left_and_nothing_is_written_afterwards(team, seed):
    draw = random.Random(seed)  # noqa: S311 - a drawn test
    deals = neglected(team, 12)
    before = team.all_on_record()
    flagged = team.run()
    team.let_reps_edit_ours()
    edited = draw.sample(deals, draw.randrange(12))
    for deal in edited:
        name = draw.choice(["score", "flag_count", "top_flag", "next_act"])
        team.edit(deal, **{name: 7 if name in {"score", "flag_count"} else "Mine"})
    for deal in draw.sample(deals, 4):
        team.edit(deal, name=f"Renamed {seed}")
    small = with_connector(team, Dying(team.services.connect(NAME), 0, sent=False, batch_size=draw.randrange(1, 5)))
    as_edited = {deal: team.on_record(deal) for deal in edited}
    report = undo(small.services, flagged.run_id)
    assert (report.outcomes["written"], sorted(one["deal"] for one in report.left)) == (
        12 - len(edited),
        sorted(edited),
    )
    assert team.all_on_record() == before | as_edited
    sent = len(team.writes())
    for _ in range(2):
        team.later(hours=2)
        team.run(full=True)
    restored = {deal for deal in deals if deal not in edited}
    assert restored.isdisjoint(team.written(sent))


def test_a_run_and_the_one_before_it_can_both_be_undone_and_both_wait(team):
    deals = neglected(team, 3)
    scored = team.all_on_record()
    first = team.run()
    for deal in deals:
        team.edit(deal, amount=None)
    team.later(hours=1)
    second = team.run()
    assert second.outcomes["written"] == 3
    team.later(hours=1)
    undo(team.services, second.run_id)
    undo(team.services, first.run_id)
    assert team.all_on_record() == scored
    team.later(hours=1)
    approve(team.services, NAME, "quiet", up_to=3, by="Ann")
    assert (team.run().outcomes["held"], team.all_on_record() == scored) == (3, True)
    approve(team.services, NAME, "no-amount", up_to=3, by="Ann")
    assert team.run().outcomes["written"] == 3
    assert team.shown(deals[0]) == ["quiet", "no-amount"]


def test_flags_that_a_run_cleared_are_put_back_and_stay(team):
    deals = [team.deal(f"Deal {n}") for n in range(3)]
    team.run()
    flagged = team.all_on_record()
    for deal in deals:
        team.edit(deal, amount=5)
    team.later(hours=1)
    clearing = team.run()
    assert clearing.cleared == 3
    undo(team.services, clearing.run_id)
    team.later(hours=1)
    assert (team.run().outcomes["held"], team.all_on_record()) == (3, flagged)
    assert "undone" in team.verdict(deals[0])


def test_a_field_that_may_no_longer_be_written_leaves_the_record(team):
    neglected(team, 2)
    flagged = team.run()
    connector = team.services.connect(NAME)
    described = connector.describe()
    writes = {name: rule for name, rule in described.writes.items() if name != "score"}
    report = undo(
        with_connector(team, Described(connector, replace(described, writes=writes))).services, flagged.run_id
    )
    assert {one["why"] for one in report.left} == {"Sluicegate may not write score any more"}
    assert report.outcomes["written"] == 0


@dataclass
class Described:
    """A connector of which an admin has changed the rights."""

    connector: Any
    description: Any

    def __getattr__(self, name):
        return getattr(self.connector, name)

    def describe(self, **_asked):
        return self.description


ENFORCED = """owner: ops, mode: enforce, actions: [{task: owner}], examples: {
     flagged: [{is_open: true, created: 2026-11-01, as_of: 2026-11-15}],
     clear: [{is_open: true, created: 2026-11-02, as_of: 2026-11-15}]}}
  - {id: no-amount"""


def test_the_tasks_of_the_run_are_taken_back_too(team):
    team.driver.let_us_act()
    owned = {"hubspot_owner_id": team.driver.person("Rita")} if team.driver.kind == "hubspot" else {}
    deals = neglected(under(team, RULES.replace("owner: ops}\n  - {id: no-amount", ENFORCED)), 2, **owned)
    flagged = team.run()
    assert (flagged.actions["done"], flagged.remarks) == (2, [])
    report = undo(team.services, flagged.run_id)
    assert (report.actions["undone"], [task.deleted for task in team.driver.tasks(deals[0])]) == (2, [True])
    team.later(hours=1)
    assert team.run().actions["done"] == 0
