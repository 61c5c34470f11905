"""An exported report as a connection: what the check and explain say of it."""

from __future__ import annotations

import json

import pytest

from worker.cli import main

DEALS = (
    "id,name,pipeline,stage,owner,amount,close date,created,last activity\n"
    "1,Alpha,Sales,First call,Ana,100,2035-12-20,2026-10-01,2026-11-02\n"
    "2,Beta,Sales,First call,Ben,100,2035-12-20,2026-10-01,2026-11-02\n"
    "3,Gone,Sales,Closed Lost,Ben,100,2026-11-20,2026-10-01,2026-11-02\n"
)
CALLS = "deal,date,type\n1,2026-11-01,call\n"
CONFIG = """[policies]
paths = ["ours.yaml"]
[connections.report]
kind = "tables"
sandbox = true
[connections.report.files]
opportunities = "deals.csv"
"""
POLICIES = """version: 1
processes:
  - id: sales
    stages:
      - {id: first, names: {tables: [First call]}}
      - {id: second, names: {tables: [Last call]}}
      - {id: won, names: {tables: [Closed Won]}}
policies:
  - {id: silent, title: Silent, applies_to: is_open, flag_if: days_since(last_activity) >= 14, severity: warning,
     points: 10, fix: Call, owner: ops}
"""


@pytest.fixture
def folder(tmp_path):
    for name, text in (("deals.csv", DEALS), ("ours.yaml", POLICIES), ("sluicegate.toml", CONFIG)):
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def ask(folder, capsys):
    def answer(*words):
        with pytest.raises(SystemExit):
            main(["--config", str(folder / "sluicegate.toml"), *words, "--json"])
        return json.loads(capsys.readouterr().out)

    return answer


def remarks(ask):
    ask("run", "report")
    return [(one["level"], one["text"]) for one in ask("connection", "check", "report")["remarks"]]


def test_a_call_of_whom_the_report_does_not_say_who_logged_it_is_explained_as_the_touch_that_it_is(folder, ask):
    (folder / "calls.csv").write_text(CALLS)
    (folder / "sluicegate.toml").write_text(CONFIG + 'activities = "calls.csv"\n')
    ask("run", "report", "--as-of", "2026-11-10")
    answer = ask("explain", "report", "1")
    assert [one["counts"] for one in answer["activities"]] == ["as a touch"]


def test_a_run_judges_the_report_as_it_stands_now_and_not_as_it_stood_at_the_run_before(folder, ask):
    ask("run", "report")
    (folder / "deals.csv").write_text(DEALS.replace("1,Alpha,Sales,First call", "1,Alpha,Sales,Last call"))
    ask("run", "report")
    stages = {deal["id"]: deal["stage"] for deal in ask("deals", "report")["deals"]}
    assert (stages["1"], stages["2"]) == ("second", "first")


def test_a_stage_without_deals_is_no_fault_of_a_report_and_no_other_stage_of_the_process_was_meant(ask):
    texts = [one for one in remarks(ask) if "stage second" in one[1]]
    assert texts == [("note", "Process sales, stage second: no deal of the report stands in a stage 'Last call'.")]


def test_nobody_is_reported_as_logging_nothing_where_no_activities_were_exported(ask):
    assert [text for _, text in remarks(ask) if "logs almost nothing" in text] == []


def test_a_column_of_the_last_activity_is_reported_as_no_activity_list(ask):
    (texts,) = [text for _, text in remarks(ask) if "'last activity' is" in text]
    assert texts.endswith("files.activities (check: --activities), if touches are to be judged.")
