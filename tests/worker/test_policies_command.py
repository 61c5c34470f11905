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
    """Call a command on a policy file; gives exit code and what it said."""
    monkeypatch.chdir(tmp_path)

    def said(text, *words):
        (tmp_path / "policies.yaml").write_text(text, encoding="utf-8")
        with pytest.raises(SystemExit) as ended:
            main(["policies", words[0], "policies.yaml", *words[1:]])
        return int(ended.value.code or 0), capsys.readouterr()

    return said


def test_examples_are_run_and_what_none_tries_is_named(ask):
    code, said = ask(GATE, "test")
    assert code == 0
    assert "1 example, and every one holds." in said.out
    assert "sales/qualification/budget" in said.out
    answer = json.loads(ask(GATE, "test", "--json")[1].out)
    assert answer["untested"] == [{"id": "sales/qualification/budget", "lacks": ["met", "healed"]}]


def test_a_gate_that_ends_otherwise_than_its_example_says_fails_the_test_but_not_the_quick_check(ask):
    wrong = GATE.replace("missed:", "healed:")
    code, said = ask(wrong, "test")
    assert code == 2
    assert "policies.yaml:13:24: sales/qualification/budget: this example should be healed" in said.err
    assert ask(wrong, "validate")[0] == 0
