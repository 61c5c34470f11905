"""The store's actions: marked before the call, one row a key for ever, each attempt on a receipt."""

from datetime import UTC, date, datetime

import pytest

from model.actions import Move, Receipt, Task, Wanted
from store import Store
from tests.store.fixtures import DAY, NOON, deal, keep

TASK = Task("k1", "d1", "o1", "Call", "Never touched\nsince 1 Nov", date(2026, 11, 4))
MOVE = Move("k2", "d2", "default", "demo", "qualification", datetime(2026, 11, 3, 10, 0, 0, 123456, tzinfo=UTC))


def wanted(act=TASK, kind="task_owner"):
    return Wanted(1, "no-activity", kind, date(2026, 11, 1), act)


@pytest.fixture
def acting(store):
    keep(store, opportunity=[deal("d1"), deal("d2")])
    store.actions.mark_wanted("acme", 7, [wanted(), wanted(MOVE, "move_back")], NOON)
    return store


def settle(store, key="k1", kind="written", step="do", **more):
    store.actions.settle("acme", 7, step, [Receipt(key, kind, **more)], NOON, NOON)


def states(store):
    return {one.key: one.state for one in store.actions.all("acme")}


def test_what_was_marked_is_found_after_a_kill_as_it_was_to_be_sent(acting, store_url):
    after_the_kill = Store.open(store_url)
    task, move = after_the_kill.actions.standing("acme")
    assert (task.state, task.act, task.run_id, task.since) == ("sending", TASK, 7, date(2026, 11, 1))
    assert (move.act, move.kind) == (MOVE, "move_back")
    after_the_kill.close()


def test_a_key_has_one_row_however_often_it_is_wanted(acting):
    settle(acting, kind="refused", reason="no such owner")
    assert states(acting)["k1"] == "refused"
    later = Task("k1", "d1", "o2", "Call", "", date(2026, 11, 5))
    acting.actions.mark_wanted("acme", 8, [wanted(later)], NOON + DAY)
    found = acting.actions.known("acme", ["k1", "other"])
    assert (found["k1"].state, found["k1"].act, found["k1"].run_id) == ("sending", later, 8)
    assert len(acting.actions.all("acme")) == 2


@pytest.mark.parametrize(
    ("step", "outcome", "task", "move"),
    [
        ("do", "written", "open", "done"),
        ("do", "skipped", "over", "over"),
        ("do", "gone", "over", "over"),
        ("do", "refused", "refused", "refused"),
        ("do", "locked", "refused", "refused"),
        ("do", "retry_later", "sending", "sending"),
        ("close", "written", "over", "over"),
        ("close", "retry_later", "closing", "closing"),
        ("close", "refused", "open", "done"),
        ("undo", "written", "undone", "undone"),
        ("undo", "skipped", "over", "over"),
        ("undo", "refused", "open", "done"),
    ],
)
def test_a_receipt_says_what_becomes_of_the_action(acting, step, outcome, task, move):
    for key in ("k1", "k2"):
        settle(acting, key, outcome, step)
    assert states(acting) == {"k1": task, "k2": move}


def test_every_attempt_leaves_a_receipt_with_what_stood_before_and_after(acting):
    settle(acting, kind="retry_later", reason="no answer")
    settle(acting, record="00T1")
    settle(acting, "k2", before={"StageName": "Demo", "Probability": 20}, after={"StageName": "Qualification"})
    by_action = acting.actions.receipts("acme")
    first, second = (by_action[one.id] for one in acting.actions.all("acme"))
    assert [(r["step"], r["outcome"], r["reason"]) for r in first] == [
        ("do", "retry_later", "no answer"), ("do", "written", ""),
    ]  # fmt: skip
    assert (second[0]["before"], second[0]["after"]) == (
        {"StageName": "Demo", "Probability": 20}, {"StageName": "Qualification"},
    )  # fmt: skip
    assert (second[0]["run"], second[0]["at"]) == (7, NOON)
    assert acting.actions.all("acme")[0].record == "00T1"


def test_the_task_of_a_flag_that_ended_stands_no_more_but_stays_known(acting):
    settle(acting)
    acting.actions.end_flags("acme", ["k1"])
    settle(acting, step="close")
    assert [one.key for one in acting.actions.standing("acme")] == ["k2"]
    assert acting.actions.known("acme", ["k1"])["k1"].flag_ended
    assert acting.actions.keys("acme") == {"k1", "k2"}


def test_a_task_that_could_not_be_closed_stands_on_though_its_flag_ended(acting):
    settle(acting)
    acting.actions.end_flags("acme", ["k1"])
    settle(acting, kind="refused", step="close")
    assert "k1" in {one.key for one in acting.actions.standing("acme")}


def test_a_move_that_was_made_has_no_flag_to_wait_for(acting):
    settle(acting, "k2")
    assert [one.key for one in acting.actions.standing("acme")] == ["k1"]


def test_one_that_was_cut_off_is_found_though_its_flag_ended(acting):
    settle(acting)
    acting.actions.end_flags("acme", ["k1"])
    acting.actions.mark("acme", ["k1"], "closing")
    assert [one.key for one in acting.actions.standing("acme")] == ["k1", "k2"]


def test_a_dry_run_knows_the_actions_and_leaves_them_alone(acting):
    settle(acting)
    with acting.dry_run("acme") as copy:
        assert [one.key for one in copy.actions.standing("acme")] == ["k1", "k2"]
        copy.actions.end_flags("acme", ["k1"])
    assert len(acting.actions.standing("acme")) == 2
