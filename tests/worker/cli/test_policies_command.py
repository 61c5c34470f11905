"""`policies …` as people and scripts see it; no CRM and no config file is needed."""

from __future__ import annotations

import json

import pytest

from worker.cli.main import main

GATE = """version: 1
processes:
  - id: sales
    stages:
      - id: qualification
        names: {salesforce: [Qualification]}
        exit:
          - id: budget
            title: Budget confirmed
            require: budget_confirmed
            fix: Ask what is set aside
            examples:
              missed: [{2026-11-02: {enter: qualification}, 2026-11-05: {enter: won}}]
      - {id: won, names: {salesforce: [Closed Won]}}
"""


@pytest.fixture
def ask(tmp_path, capsys, monkeypatch):
    """Call a command on a policy file; gives exit code and what it printed."""
    monkeypatch.chdir(tmp_path)

    def ended_with(text, *words):
        (tmp_path / "policies.yaml").write_text(text, encoding="utf-8")
        with pytest.raises(SystemExit) as ended:
            main(["policies", words[0], "policies.yaml", *words[1:]])
        return int(ended.value.code or 0), capsys.readouterr()

    return ended_with


def test_examples_are_run_and_what_none_tries_is_named(ask):
    code, response = ask(GATE, "test")
    assert code == 0
    assert "1 example, and every one holds." in response.out
    assert "sales/qualification/budget" in response.out
    answer = json.loads(ask(GATE, "test", "--json")[1].out)
    assert answer["untested"] == [{"id": "sales/qualification/budget", "lacks": ["met", "healed"]}]


def test_a_gate_that_ends_otherwise_than_its_example_says_fails_the_test_but_not_the_quick_check(ask):
    wrong = GATE.replace("missed:", "healed:")
    code, answer = ask(wrong, "test")
    assert code == 2
    assert "policies.yaml:13:24: sales/qualification/budget: this example should be healed" in answer.err
    assert ask(wrong, "validate")[0] == 0


POLICY = """version: 1
facts: {employees: {type: number, meaning: Staff of the buyer}}
policies:
  - id: big-without-champion
    title: Large buyer without a champion
    applies_to: employees >= 1000
    flag_if: not has_champion
    severity: warning
    points: 15
    fix: Find one
    owner: revops
    source: S30
"""


def test_show_says_each_entry_as_written_and_in_english(ask):
    (row,) = json.loads(ask(POLICY, "show", "--json")[1].out)["policies"]
    assert (row["applies_to"], row["flag_if"]) == ("employees >= 1000", "not has_champion")
    assert row["english"] == "employees is at least 1,000: has no champion"
    assert (row["subject"], row["source"]) == ("opportunity", "S30")
    out = ask(POLICY, "show")[1].out
    assert "employees >= 1000" in out
    assert "Staff of the buyer" in out


def test_show_tells_the_examples_of_a_gate_as_sentences(ask):
    answer = json.loads(ask(GATE, "show", "--json")[1].out)
    (gate,), (process,) = answer["criteria"], answer["processes"]
    assert gate["courses"]["missed"] == ["2 Nov 2026 enters qualification; 5 Nov 2026 enters won"]
    assert (gate["require"], gate["english"], gate["mode"]) == ("budget_confirmed", "budget confirmed", "warn")
    assert process["english"] == "no other process claims it"
    out = ask(GATE, "show", "--examples")[1].out
    assert "5 Nov 2026 enters won" in out


@pytest.fixture
def call(capsys):
    """Call any `policies` command."""

    def ended_with(*words):
        with pytest.raises(SystemExit) as ended:
            main(["policies", *words])
        return int(ended.value.code or 0), capsys.readouterr()

    return ended_with


def test_the_schema_is_printed_as_json(call):
    assert json.loads(call("schema")[1].out)["title"] == "Sluicegate policies"


def test_packs_are_listed_copied_once_and_never_written_over(call, tmp_path):
    listed = json.loads(call("packs", "--json")[1].out)["packs"]
    assert [listed[0]["pack"], listed[0]["criteria"]] == ["starter", 19]
    folder = str(tmp_path / "mine")
    assert call("packs", "enterprise", "smb", "--to", folder)[0] == 0
    assert call("validate", folder)[0] == 0
    code, found = call("packs", "starter", "smb", "--to", folder)
    assert code == 2
    assert "smb.yaml is there already" in found.err
    assert not (tmp_path / "mine" / "starter.yaml").exists()
    assert "did you mean 'enterprise'" in call("packs", "enterprize", "--to", folder)[1].err
