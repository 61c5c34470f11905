"""Policies that enforce: tasks once, held when too many, closed with their flag, never a touch, and taken back."""

import pytest

from model.calibration import Calibration
from model.facts import FACTS
from tests.worker.enforcing import BOTH, NO_AMOUNT, enforcing, quiet, under
from tests.worker.governed import NAME, AfterThePull, with_connector
from worker.pipeline.session import Session
from worker.pipeline.slices import parts
from worker.usecases.actions import listed, undo
from worker.usecases.rollout.approve import approve


@pytest.fixture
def team(crm, tmp_path):
    with enforcing(tmp_path, crm) as made:
        yield made


WAIVER = "{{policy: quiet, deals: ['{deal}'], until: 2026-12-31, reason: In court, approved_by: joan}}"


def tasks(team, deal):
    """The tasks that we made on a deal."""
    return [task for task in team.driver.tasks(deal) if task.by_us]


def owned(team):
    """A deal of the rep's; where nobody is named HubSpot gives it to nobody."""
    return {"hubspot_owner_id": team.driver.person("Rita")} if team.driver.kind == "hubspot" else {}


def neglected(team, name="Neglected", days=15):
    deal = team.deal(name, amount=5, **owned(team))
    team.later(days=days)
    return deal


def did(report):
    return {kind: count for kind, count in report.actions.items() if count}


def test_an_enforced_flag_makes_one_task_for_the_owner_and_a_second_run_none(team):
    deal = neglected(team)
    report = team.run()
    assert (report.exit_code, did(report)) == (0, {"planned": 1, "done": 1})
    (task,) = tasks(team, deal)
    assert task.title == "No activity in 14 days: Log a call or mail, or close the deal"
    assert "Never touched since it was created or re-opened on 3 Nov 2026, over the limit of 14 days" in task.text
    assert task.by_us
    for days in (0, 1, 30):
        team.later(days=days)
        assert did(team.run()) == {}
    assert len(tasks(team, deal)) == 1


def test_a_flag_that_only_warns_does_nothing(team):
    deal = neglected(team)
    assert did(under(team, quiet(mode="warn")).run()) == {}
    assert did(under(team, quiet(mode="observe")).run()) == {}
    assert tasks(team, deal) == []


def test_the_task_is_closed_when_the_flag_ends(team):
    deal = neglected(team)
    team.run()
    team.driver.call(deal)
    team.later(minutes=20)
    assert did(team.run()) == {"closed": 1}
    (task,) = tasks(team, deal)
    assert task.done
    assert did(team.run()) == {}


def test_a_flag_that_rises_again_has_a_task_anew(team):
    deal = neglected(team)
    team.run()
    team.driver.call(deal)
    team.later(minutes=20)
    team.run()
    team.later(days=15)
    assert did(team.run()) == {"planned": 1, "done": 1}
    assert [task.done for task in tasks(team, deal)] == [True, False]


@pytest.mark.parametrize("ends", ["closed", "warns", "named no more", "waived", "gone"])
def test_whatever_ends_the_flag_closes_the_task(team, ends):
    deal = neglected(team)
    team.run()
    if ends == "closed":
        team.edit(deal, stage=team.driver.lost)
    elif ends == "gone":
        team.driver.delete(deal)
    elif ends == "waived":
        under(team, f"{quiet()}waivers:\n  - {WAIVER.format(deal=deal)}\n")
    else:
        under(team, quiet(mode="warn") if ends == "warns" else quiet("[{task: manager, after_days: 300}]"))
    team.later(minutes=20)
    report = team.run(full=ends == "gone")
    assert report.exit_code == 0
    assert all(task.done or task.deleted for task in tasks(team, deal))
    assert did(team.run()) == {}


def test_our_own_task_is_no_touch_no_plan_and_no_next_step_also_when_the_rep_completes_it(team):
    deal = neglected(team)
    under(team, quiet(mode="warn")).run()
    before = facts(team)
    under(team, quiet()).run()
    (task,) = tasks(team, deal)
    team.later(minutes=20)
    team.run()
    assert facts(team) == before
    team.driver.complete(task.id)
    team.later(minutes=20)
    team.run(full=True)
    assert facts(team) == before
    assert "quiet" in team.flags(deal)
    assert len(tasks(team, deal)) == 1, "the flag stands, and the task was done: no second one"


def facts(team):
    """Every fact of every deal, known or not."""
    session = Session(team.services, NAME, team.driver.clock.now())
    description = session.description()
    (part,) = parts(session, session.policies(description), description, Calibration())
    frame = part.wide.frame
    columns = [c for c in frame.columns if c.removesuffix("__known") in FACTS]
    return frame.select(columns).rows()


def test_a_rep_who_deletes_the_task_is_not_given_it_again(team):
    deal = neglected(team)
    team.run()
    team.driver.drop(tasks(team, deal)[0].id)
    team.later(days=1)
    assert did(team.run()) == {}
    team.driver.call(deal)
    team.later(minutes=20)
    assert did(team.run()) == {"skipped": 1}


@pytest.mark.parametrize("fault", ["drop_after", "truncate", "bad_gateway", "garbage"])
def test_a_reply_that_is_dropped_leaves_one_task(team, fault):
    deal = neglected(team)
    team.driver.fault(fault, "tasks")
    report = team.run()
    assert (report.exit_code, did(report)) == (0, {"planned": 1, "done": 1})
    assert len(tasks(team, deal)) == 1


def test_a_crm_that_answers_no_more_is_asked_again_at_the_next_run(team):
    deal = neglected(team)
    team.driver.fault("drop_after", "tasks", count=None)
    report = team.run()
    assert (report.exit_code, did(report)) in [(0, {"planned": 1, "done": 1}), (1, {"planned": 1, "retry_later": 1})]
    team.driver.faults.clear()
    team.later(hours=1)
    assert team.run().exit_code == 0
    assert len(tasks(team, deal)) == 1
    assert [one.state for one in team.services.store.actions.all(NAME)] == ["open"]


def test_a_refused_task_is_tried_once_a_day_and_reported(team):
    deal = neglected(team)
    team.driver.refuse_tasks()
    report = team.run()
    assert (report.exit_code, did(report)) == (1, {"planned": 1, "refused": 1})
    assert any("priority" in reason for reason in report.reasons)
    team.later(hours=1)
    assert did(team.run()) == {}
    team.driver.take_tasks()
    team.later(hours=24)
    assert did(team.run()) == {"done": 1}
    assert len(tasks(team, deal)) == 1


def test_a_deal_deleted_behind_the_pull_gets_no_task_and_stops_nothing(team):

    kept = team.deal("Kept", amount=1, **owned(team))
    gone = neglected(team, "Gone")
    connector = AfterThePull(team.services.connect(NAME), lambda: team.driver.delete(gone))
    report = with_connector(team, connector).run()
    assert report.actions["done"] == 1
    assert report.actions["gone"] == 1
    assert (len(tasks(team, kept)), tasks(team, gone)) == (1, [])


def test_a_dry_run_counts_and_does_none(team):
    deal = neglected(team)
    assert did(team.run(dry_run=True)) == {"planned": 1}
    assert tasks(team, deal) == []
    assert team.services.store.actions.all(NAME) == []
    assert did(team.run()) == {"planned": 1, "done": 1}


def test_without_the_rights_nothing_is_tried_and_the_run_says_so(tmp_path):
    with enforcing(tmp_path, act=False) as team:
        deal = neglected(team)
        report = team.run()
        assert (report.exit_code, did(report)) == (0, {})
        assert "1 action wanted and not done: this connection cannot make tasks." in report.remarks[0]
        assert tasks(team, deal) == []


def test_the_manager_has_a_task_after_so_many_days_of_the_flag(tmp_path):
    with enforcing(tmp_path, text=quiet(BOTH)) as team:
        boss = boss_of(team)
        deal = neglected(team)
        assert did(team.run()) == {"planned": 1, "done": 1}
        team.later(days=6)
        assert did(team.run()) == {}
        team.later(days=1)
        assert did(team.run()) == {"planned": 1, "done": 1}
        task = tasks(team, deal)[1]
        assert task.owner == boss
        assert task.title == "Neglected (Rita Rep): No activity in 14 days"
        team.driver.call(deal)
        team.later(minutes=20)
        assert did(team.run()) == {"closed": 2}


def boss_of(team):
    from sandbox.salesforce import add_user

    org = team.driver.org
    boss = add_user(org, "boss@acme.example", "Bea", "Boss", "Sales Manager")["Id"]
    rep = org.tables["User"].rows[team.driver.person("Rita")]
    org.tables["User"].put({**rep, "ManagerId": boss, "SystemModstamp": org.clock.stamp()})
    return boss


def test_a_task_for_a_manager_whom_nobody_knows_is_reported_and_not_made(team):
    neglected(team)
    under(team, quiet("[{task: manager, after_days: 1}]"))
    team.run()
    team.later(days=2)
    report = team.run()
    assert did(report) == {}
    assert "1 task not made: no active manager of the deals' owners is known" in report.remarks[0]


@pytest.fixture
def cautious(tmp_path):
    """A connection that is no sandbox, with a policy that everybody is open to."""
    text = f"{NO_AMOUNT}    at_most_share: 1\n".replace("version: 1\n", "version: 1\nrollout: everyone\n")
    with enforcing(tmp_path, text=text, sandbox=False) as made:
        yield made


def test_over_25_actions_are_held_all_of_them_until_somebody_lets_them_through(cautious):
    team = cautious
    deals = [team.deal(f"Deal {n}") for n in range(26)]
    team.later(minutes=1)
    report = team.run()
    assert (report.exit_code, report.held, did(report)) == (4, 26, {"planned": 26, "held": 26})
    assert "policies approve many-actions --connection acme --up-to 26 --by NAME" in report.remarks[-1]
    assert not any(tasks(team, deal) for deal in deals)
    assert report.outcomes["written"] == 26, "everything else goes on"
    approve(team.services, NAME, "many-actions", up_to=25, by="Ada")
    assert team.run().exit_code == 4, "fewer than are wanted"
    approve(team.services, NAME, "many-actions", up_to=26, by="Ada")
    assert did(team.run()) == {"planned": 26, "done": 26}
    assert all(len(tasks(team, deal)) == 1 for deal in deals)


def test_an_approval_is_good_once_and_for_these_policies_only(cautious):
    team = cautious
    team.deal("First", amount=1)
    team.run()
    approve(team.services, NAME, "many-actions", up_to=99, by="Ada")
    text = team.services.policy_texts()["policies.yaml"].decode()
    for n in range(26):
        team.deal(f"Deal {n}")
    team.later(minutes=1)
    assert under(team, text.replace("points: 15", "points: 16")).run().exit_code == 4, "another policy set"
    assert did(under(team, text).run()) == {"planned": 26, "done": 26}
    for n in range(26):
        team.deal(f"More {n}")
    team.later(minutes=1)
    assert team.run().exit_code == 4


def test_25_actions_need_nobodys_word(cautious):
    for n in range(25):
        cautious.deal(f"Deal {n}")
    cautious.later(minutes=1)
    assert did(cautious.run()) == {"planned": 25, "done": 25}


def test_a_trial_org_holds_nothing(tmp_path):
    with enforcing(tmp_path, text=NO_AMOUNT) as team:
        for n in range(30):
            team.deal(f"Deal {n}")
        team.later(minutes=1)
        assert did(team.run()) == {"planned": 30, "done": 30}


def test_undo_takes_back_open_tasks_and_they_are_not_made_again_for_the_same_flag(team):
    first, second = neglected(team, "First", 0), neglected(team, "Second")
    made = team.run()
    assert made.actions["done"] == 2
    team.driver.complete(tasks(team, second)[0].id)
    report = undo(team.services, NAME)
    assert (report.exit_code, did(report)) == (0, {"undone": 1, "skipped": 1})
    assert [task.deleted for task in tasks(team, first)] == [True]
    assert [(task.deleted, task.done) for task in tasks(team, second)] == [(False, True)]
    assert did(undo(team.services, NAME)) == {}
    assert did(team.run()) == {}
    team.later(days=1)
    assert did(team.run()) == {}
    one = listed(team.services, NAME)["actions"][0]
    assert (one["state"], one["kind"], one["deal"]) == ("undone", "task_owner", first)
    assert [(r["step"], r["outcome"]) for r in one["receipts"]] == [("do", "written"), ("undo", "written")]
    team.driver.call(first)
    team.later(minutes=20)
    team.run()
    team.later(days=15)
    assert team.run().actions["done"] >= 1, "another flag has its own task"


def test_undo_of_one_run_leaves_the_others_alone(team):
    first = neglected(team, "First")
    run = team.run()
    second = neglected(team, "Second", 15)
    team.run()
    assert did(undo(team.services, NAME, int(run.run_id))) == {"undone": 1}
    assert [task.deleted for task in (*tasks(team, first), *tasks(team, second))] == [True, False]


@pytest.mark.parametrize("outcome", ["nothing", "the task"])
def test_killed_between_the_mark_and_the_receipt_the_next_run_looks_before_it_sends(team, outcome):
    deal = neglected(team)
    killed = Killed(team.services.connect(NAME), sends=outcome == "the task")
    with pytest.raises(KeyboardInterrupt):
        with_connector(team, killed).run()
    assert [one.state for one in team.services.store.actions.all(NAME)] == ["sending"]
    assert did(team.run()) == {"done": 1}
    assert len(tasks(team, deal)) == 1
    assert [one.state for one in team.services.store.actions.all(NAME)] == ["open"]


def test_killed_and_the_flag_ended_meanwhile_leaves_no_open_task(team):
    deal = neglected(team)
    with pytest.raises(KeyboardInterrupt):
        with_connector(team, Killed(team.services.connect(NAME), sends=True)).run()
    team.driver.call(deal)
    team.later(minutes=20)
    assert did(team.run()) == {"closed": 1}
    assert [task.done for task in tasks(team, deal)] == [True]


class Killed:
    """A connector in a process that dies when it acts, before or after the call was sent."""

    def __init__(self, connector, *, sends):
        self.connector, self.sends = connector, sends

    def __getattr__(self, name):
        return getattr(self.connector, name)

    def act(self, acts):
        if self.sends:
            self.connector.act(acts)
        raise KeyboardInterrupt
