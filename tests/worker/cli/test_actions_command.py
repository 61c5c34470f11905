"""`sluicegate actions` as people and scripts see it, against a served local Salesforce."""

from __future__ import annotations

import json

import pytest

from sandbox.salesforce import SYNC, add_user, new_org, serve
from sandbox.salesforce.config import config
from sandbox.salesforce.events import create_as
from tests.worker.enforcing import NO_AMOUNT
from worker.cli.main import main

REP = "rep@acme.example"


@pytest.fixture
def command(tmp_path, capsys):
    """Two deals without an amount, a policy that enforces, and our user with what tasks need."""
    org = new_org()
    add_user(org, REP, "Rita", "Rep", "Standard User")
    for name in ("Acme", "Borg"):
        create_as(org, REP, "Opportunity", {"Name": name, "StageName": "Prospecting", "CloseDate": "2027-12-31"})
    (tmp_path / "policies.yaml").write_text(NO_AMOUNT)
    with serve(org) as running:
        (tmp_path / "c.toml").write_text(f'[policies]\npaths = ["policies.yaml"]\n{config(running)}')

        def ask(*words):
            with pytest.raises(SystemExit) as ended:
                main(["--config", str(tmp_path / "c.toml"), *words])
            return int(ended.value.code or 0), capsys.readouterr().out

        ask("connection", "provision", "local")
        own = next(
            row["Id"] for row in org.tables["PermissionSet"].rows.values() if row["Name"] == "Sluicegate_Actions"
        )
        user = next(row["Id"] for row in org.tables["User"].rows.values() if row["Username"] == SYNC)
        org.add("PermissionSetAssignment", AssigneeId=user, PermissionSetId=own, IsActive=True)
        yield ask


def test_a_run_says_what_it_did_and_actions_lists_it_with_its_receipts(command):
    code, answer = command("run", "local", "--json")
    assert (code, json.loads(answer)["actions"]["done"]) == (0, 2)
    code, answer = command("actions", "local", "--json")
    first = json.loads(answer)["actions"][0]
    assert (code, first["kind"], first["state"], first["title"]) == (
        0, "task_owner", "open", "No activity in 14 days: Log a call or mail, or close the deal",
    )  # fmt: skip
    assert [(receipt["step"], receipt["outcome"]) for receipt in first["receipts"]] == [("do", "written")]
    assert command("actions", "list", "local", "--json") == (code, answer)


def test_undo_takes_back_one_run_and_tells_it(command):
    run = json.loads(command("run", "local", "--json")[1])["run_id"]
    assert json.loads(command("actions", "local", "--run", "999", "--json")[1]) == {"actions": []}
    code, answer = command("actions", "undo", "local", "--run", run, "--json")
    assert (code, json.loads(answer)["actions"]["undone"]) == (0, 2)
    code, text = command("actions", "local")
    assert code == 0
    assert text.count("undone") == 2
    assert text.count("undo written") == 2


def test_people_read_what_was_taken_back_and_that_nothing_is_left(command):
    command("run", "local")
    assert "2 undone." in command("actions", "undo", "local")[1]
    again = command("actions", "undo", "local")[1]
    assert again.startswith("Run ")
    assert again.strip().endswith("there was nothing to take back.")


def test_people_read_what_a_run_did(command):
    _, text = command("run", "local")
    assert "Actions: 2 planned, 2 done." in text


def test_a_connection_that_nobody_knows_is_named(command):
    code, answer = command("actions", "lokal", "--json")
    assert code == 2
    assert "There is no connection 'lokal'" in json.loads(answer)["error"]
