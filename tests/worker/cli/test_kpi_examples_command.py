"""`kpis test` as people and scripts see it: examples that hold, one that fails, and mistakes with their places."""

import json

import pytest

from worker.cli.main import main

GOOD = """version: 1
kpis:
  - name: won
    label: Won
    type: ratio
    numerator: {agg: count, filter: is_won}
    denominator: {agg: count}
    window: closed
    examples:
      - {rows: [{is_won: true}, {is_lost: true}, {is_open: true}], value: 0.5}
      - {rows: [], value: null}
  - {name: made, label: Made, type: simple, measure: {agg: count}, window: created}
"""


@pytest.fixture
def ask(tmp_path, capsys, monkeypatch):
    """Call the command on a file; gives exit code and the JSON that it printed."""
    monkeypatch.chdir(tmp_path)

    def ended_with(text):
        (tmp_path / "kpis.yaml").write_text(text, encoding="utf-8")
        with pytest.raises(SystemExit) as ended:
            main(["kpis", "test", "kpis.yaml", "--json"])
        printed = capsys.readouterr()
        return int(ended.value.code or 0), json.loads(printed.out or printed.err)

    return ended_with


def test_where_every_example_holds_it_names_the_kpis_that_none_tries(ask):
    code, answer = ask(GOOD)
    assert (code, answer["examples"], answer["untested"], answer["failed"]) == (0, 2, ["made"], [])


def test_an_example_with_another_value_ends_with_1_and_its_place(ask):
    code, answer = ask(GOOD.replace("value: 0.5", "value: 0.4"))
    assert code == 1
    assert [(one["line"], one["text"]) for one in answer["failed"]] == [
        (10, "won: this example should have 0.4, but it has 0.5")
    ]


def test_mistakes_end_with_2_and_their_places(ask):
    code, answer = ask(GOOD.replace("filter: is_won", "filter: is_wonn").replace("window: created", "window: made"))
    assert code == 2
    assert "kpis.yaml:6:37:" in answer["error"]
    assert "kpis.yaml:12:76:" in answer["error"]


def test_examples_of_kpis_without_a_mistake_run_beside_one_that_has_some(ask):
    code, answer = ask(GOOD.replace("window: created", "window: made").replace("value: 0.5", "value: 0.4"))
    assert (code, answer["kpis"], len(answer["problems"])) == (2, ["won"], 1)
    assert [one["text"] for one in answer["failed"]] == ["won: this example should have 0.4, but it has 0.5"]


def test_a_kpi_that_is_derived_of_one_with_a_mistake_does_not_run(ask):
    derived = "  - {name: twice, label: Twice, type: derived, expr: made * 2}\n"
    code, answer = ask(GOOD.replace("window: created", "window: made") + derived)
    assert (code, answer["kpis"], [one["line"] for one in answer["problems"]]) == (2, ["won"], [12])
