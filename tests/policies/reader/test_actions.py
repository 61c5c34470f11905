"""Actions: named in the policy, off unless it enforces, each mistake reported at its place."""

import pytest

from model.actions import ActionRule
from tests.policies.reader.files import policy, problems, read
from tests.policies.reader.test_gate_examples import gate, refusals

EXAMPLES = "{flagged: [{last_activity: 2026-11-01, as_of: 2026-11-15}], clear: [{last_activity: 2026-11-02, as_of: 2026-11-15}]}"  # fmt: skip  # noqa: E501
BORN, MOVED = "2026-11-02: {enter: qualification}", "2026-11-05: {enter: discovery}"
MET = f"[{{{BORN}, 2026-11-03: {{budget_confirmed: true}}, {MOVED}}}]"
COURSES = f"{{met: {MET}, missed: [{{{BORN}, {MOVED}}}], healed: [{{{BORN}, {MOVED}, 2026-11-07: {{budget_confirmed: true}}}}]}}"  # fmt: skip  # noqa: E501


def the_policy(**changed):
    return read(policy(examples=EXAMPLES, **changed)).policies[0]


def criterion(more):
    return gate(COURSES, more=more).processes[0].stages[0].exit[0]


def test_a_policy_that_enforces_names_its_tasks():
    found = the_policy(mode="enforce", actions="[{task: owner}, {task: manager, after_days: 7}]")
    assert found.mode == "enforce"
    assert found.actions == (ActionRule("task_owner"), ActionRule("task_manager", 7))


def test_actions_are_off_unless_the_mode_says_enforce():
    assert the_policy(actions="[{task: owner}]").mode == "warn"
    assert the_policy().actions == ()


def test_a_criterion_may_also_move_a_deal_back():
    found = criterion("mode: enforce\n            actions: [{task: owner, after_days: 2}, {move_back: true}]")
    assert (found.mode, found.actions) == ("enforce", (ActionRule("task_owner", 2), ActionRule("move_back")))


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        ("[]", "actions lists at least one, such as {task: owner}; leave the key out for none"),
        ("task", "actions is a list, not a text"),
        ("[{}]", "an action is {task: owner}, {task: manager, after_days: 7} or {move_back: true}"),
        ("[{tsk: owner}]", "unknown key 'tsk' in an action; did you mean 'task'?"),
        ("[{task: rep}]", "task is one of owner, manager, not 'rep'"),
        ("[{task: manager}]", "a task for the manager says after how many days: {task: manager, after_days: 7}"),
        ("[{task: manager, after_days: 0}]", "a task for the manager says after how many days: {task: manager, after_days: 7}"),  # noqa: E501
        ("[{task: owner, after_days: 400}]", "after_days is 400; it lies between 0 and 365"),
        ("[{task: owner}, {task: owner, after_days: 3}]", "the action task owner stands twice; keep one"),
        ("[{move_back: true}]", "only a criterion with holds: once moves a deal back, as it is a move that misses it; name a task"),  # noqa: E501
    ],
)  # fmt: skip
def test_a_mistake_is_reported_at_its_place(actions, expected):
    (found,) = problems(policy(actions=actions))
    assert found.startswith("a.yaml:")
    assert found.endswith(expected)


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("{move_back: false}", "move_back is true, or is left out"),
        ("{move_back: true, after_days: 2}", "move_back stands alone; write after_days in an action of its own"),
        ("{move_back: soon}", "move_back is true or false, not 'soon'"),
    ],
)
def test_moving_back_is_shown_plainly(action, expected):
    (found,) = refusals(COURSES, more=f"actions: [{action}]")
    assert found.endswith(expected)


def test_enforcing_without_actions_is_refused_beside_what_else_is_wrong():
    found = problems(policy(mode="enforce"))
    assert [text.rpartition(": ")[2] for text in found] == [
        "mode enforce does what `actions` lists, and there are none; add them, or write warn",
        "mode enforce needs examples, and there is none that is flagged, clear; add them",
    ]


def test_the_actions_belong_to_the_meaning_and_none_change_no_revision():
    bare, named = the_policy(), the_policy(actions="[{task: owner}]")
    assert bare.revision != named.revision
    assert named.revision != the_policy(actions="[{task: owner, after_days: 1}]").revision
