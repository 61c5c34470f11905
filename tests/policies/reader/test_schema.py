"""The JSON Schema for editors takes what the reader takes, and marks what it can see is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from connectors.registry import KINDS
from model.errors import PolicyProblem
from policies.files import json_schema, read_policies
from policies.files.node_reader import kind
from policies.files.yaml_reading import read_yaml
from policies.files.yaml_tree import ListNode, MapNode

PACKS = sorted(Path("policies/packs").glob("*.yaml"))
HERE = Path(__file__).parent
POLICY = """version: 1
policies:
  - id: no-activity
    title: No activity in 14 days
    flag_if: days_since(last_activity) >= 14
    severity: warning
    points: 15
    fix: Log a call
    owner: revops
"""
PROCESS = """version: 1
processes:
  - id: sales
    stages:
      - id: demo
        names: {salesforce: [Demo]}
        expected_days: [7, 14]
        exit:
          - id: seen
            title: Seen
            require: touched
            fix: Show it
            examples:
              met: [{2026-11-02: {enter: demo}, 2026-11-05: {enter: won, touched: true}}]
      - {id: won, names: {salesforce: [Closed Won]}}
"""


@pytest.fixture(scope="module")
def editor():
    """Where in a file an editor would mark something."""
    Draft7Validator.check_schema(json_schema(KINDS))
    validator = Draft7Validator(json_schema(KINDS))
    return lambda text: [list(error.absolute_path) for error in validator.iter_errors(plain(read_yaml("a", text)))]


def plain(node):
    """A file as an editor sees it, by YAML's own types; dates are texts, as they are in JSON."""
    if isinstance(node, MapNode):
        return {key.value: plain(value) for key, value in node.entries}
    if isinstance(node, ListNode):
        return [plain(item) for item in node.items]
    match kind(node):
        case "nothing":
            return None
        case "true or false":
            return node.value == "true"
        case "a number":
            number = float(node.value)
            return int(number) if number.is_integer() else number
    return node.value


def test_an_editor_marks_what_is_wrong_in_a_kpi_and_nothing_else(editor):
    assert editor(KPI) == []
    for old, new in (
        ("agg: count}", "agg: counts}"), ("window: closed", "window: close"), ("type: ratio", "type: simple"),
        ("label: Won", "lable: Won"), ("value: 0.5", "value: half"), ("denominator:", "expr:"),
    ):  # fmt: skip
        assert editor(KPI.replace(old, new)), new


KPI = """version: 1
kpis:
  - name: won
    label: Won
    type: ratio
    numerator: {agg: count, filter: is_won}
    denominator: {agg: count}
    window: closed
    examples: [{rows: [{is_won: true}, {is_lost: true}], value: 0.5}]
"""


@pytest.mark.parametrize("pack", PACKS, ids=lambda path: path.stem)
def test_an_editor_marks_nothing_in_a_shipped_pack(editor, pack):
    assert editor(pack.read_text("utf-8")) == []


def test_an_editor_marks_nothing_in_the_designs_own_example(editor):
    assert editor((HERE / "design.yaml").read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (POLICY, "version: 1", "version: 2"),
        (POLICY, "policies:", "polices:"),
        (POLICY, "id: no-activity", "id: No Activity"),
        (POLICY, "title: No activity in 14 days", "title: 15"),
        (POLICY, "title: No activity in 14 days", f"title: {'x' * 81}"),
        (POLICY, "severity: warning", "severity: high"),
        (POLICY, "points: 15", "points: 101"),
        (POLICY, "points: 15", "points: many"),
        (POLICY, "    owner: revops\n", ""),
        (POLICY, "owner: revops", "owner: revops\n    mode: loud"),
        (POLICY, "owner: revops", "owner: revops\n    mode: enforce"),
        (POLICY, "owner: revops", "owner: revops\n    actions: [task]"),
        (POLICY, "owner: revops", "owner: revops\n    pausable: 'yes'"),
        (POLICY, "owner: revops", "owner: revops\n    subject: account"),
        (POLICY, "owner: revops", "owner: revops\n    subject: deal"),
        (POLICY, "owner: revops", "owner: revops\n    examples: {flaged: []}"),
        (POLICY, "owner: revops", "owner: revops\n    examples: {flagged: [{is_open: maybe, as_of: 2026-11-15}]}"),
        (POLICY, "owner: revops", "owner: revops\n    examples: {flagged: [{amount: big, as_of: 2026-11-15}]}"),
        (POLICY, "owner: revops", "owner: revops\n    examples: {flagged: [{as_of: yesterday}]}"),
        (POLICY, "flag_if: days_since(last_activity) >= 14", "flag_if: [is_open]"),
        (POLICY, "policies:", "facts: {employees: {type: numbr, meaning: Staff}}\npolicies:"),
        (POLICY, "policies:", "facts: {employees: {type: number}}\npolicies:"),
        (POLICY, "policies:", "facts: {amount: {type: money, meaning: Amount}}\npolicies:"),
        (POLICY, "policies:", "facts: {Staff: {type: number, meaning: Staff}}\npolicies:"),
        (PROCESS, "names: {salesforce: [Demo]}", "names: {saleforce: [Demo]}"),
        (PROCESS, "names: {salesforce: [Demo]}", "names: {salesforce: Demo}"),
        (PROCESS, "expected_days: [7, 14]", "expected_days: [7]"),
        (PROCESS, "expected_days: [7, 14]", "expected_days: 14"),
        (PROCESS, "require: touched", "requires: touched"),
        (PROCESS, "fix: Show it", "fix: Show it\n            holds: always"),
        (PROCESS, "fix: Show it", "fix: Show it\n            binds_from: soon"),
        (PROCESS, "2026-11-05: {enter: won", "Thursday: {enter: won"),
        (PROCESS, "touched: true", "touched: 1"),
        (PROCESS, "met:", "mett:"),
    ],
)
def test_what_an_editor_marks_the_reader_refuses_too(editor, file, old, new):
    assert editor(file) == []
    assert read_policies({"a.yaml": file})
    assert old in file
    broken = file.replace(old, new)
    assert editor(broken)
    with pytest.raises(PolicyProblem):
        read_policies({"a.yaml": broken}, kinds=KINDS)


def test_a_mark_stands_where_the_mistake_is(editor):
    assert editor(POLICY.replace("points: 15", "points: 101")) == [["policies", 0, "points"]]
    assert editor(PROCESS.replace("touched: true", "touched: 1")) == [
        ["processes", 0, "stages", 0, "exit", 0, "examples", "met", 0, "2026-11-05", "touched"]
    ]


def test_a_policy_about_an_account_is_taken_while_it_is_off(editor):
    assert editor(POLICY.replace("owner: revops", "owner: revops\n    subject: account\n    mode: off")) == []


@pytest.mark.parametrize("subject", ["won deal", "lead"])
def test_other_subjects_are_taken_in_every_mode_that_is_judged(editor, subject):
    for mode in ("off", "observe", "warn"):
        assert editor(POLICY.replace("owner: revops", f"owner: revops\n    subject: {subject}\n    mode: {mode}")) == []
