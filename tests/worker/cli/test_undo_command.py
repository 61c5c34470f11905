"""`runs undo`, `runs`, `changes` and `policies show` as people and scripts see them."""

import csv
import io
import json

import pytest

from sandbox.salesforce import add_user, new_org, serve
from sandbox.salesforce.config import config
from sandbox.salesforce.events import create_as, edit_as
from worker.cli.main import main

REP = "rep@acme.example"
RULES = """version: 1
policies:
  - {id: no-amount, title: No amount, applies_to: is_open, flag_if: amount is blank, severity: warning, points: 15,
     fix: Enter the amount, owner: ops}
"""


@pytest.fixture
def command(tmp_path, capsys):
    """Two deals, scored by a first run and flagged by a second."""
    org = new_org()
    add_user(org, REP, "Rita", "Rep", "Standard User")
    deals = [
        create_as(org, REP, "Opportunity",
                  {"Name": name, "StageName": "Prospecting", "CloseDate": "2027-12-31", "Amount": 5})
        for name in ("Acme", "Borg")
    ]  # fmt: skip
    (tmp_path / "policies.yaml").write_text(RULES)
    with serve(org) as running:
        (tmp_path / "c.toml").write_text(f'[policies]\npaths = ["policies.yaml"]\n{config(running)}')

        def ask(*words):
            with pytest.raises(SystemExit) as ended:
                main(["--config", str(tmp_path / "c.toml"), *words])
            return int(ended.value.code or 0), capsys.readouterr().out

        ask("connection", "provision", "local")
        assert ask("run", "local")[0] == 0
        for deal in deals:
            edit_as(org, REP, "Opportunity", deal, {"Amount": None})
        ask.deals = deals
        yield ask


def test_people_and_scripts_read_what_was_undone_and_how_to_let_it_through(command):
    run = json.loads(command("run", "local", "--json")[1])["run_id"]
    code, text = command("runs", "undo", run, "--dry-run")
    assert (code, "2 records would be restored, and 0 records would be left." in text) == (0, True)
    code, answer = command("runs", "undo", run, "--by", "Joan", "--json")
    undone = json.loads(answer)
    assert (code, undone["outcomes"]["written"], undone["left"]) == (0, 2, [])
    assert (undone["undo"]["run"], undone["undo"]["by"]) == (run, "Joan")
    shown = json.loads(command("runs", run, "--json")[1])["undone_by"]
    assert (shown["run"], shown["by"], shown["restored"]) == (undone["run_id"], "Joan", 2)
    assert f"undone by run {undone['run_id']}" in command("runs")[1]
    assert command("run", "local")[0] == 4
    (row,) = json.loads(command("policies", "show", "--json")[1])["undone"]
    assert (row["policy"], row["connection"], row["deals"]) == ("no-amount", "local", 2)
    assert row["text"].endswith("--up-to 2 --by NAME` lets it through.")
    assert "Undone: flags that wait" in command("policies", "show")[1]
    assert "Its record waits: undone by Joan" in command("explain", "local", command.deals[0])[1]
    assert command("policies", "approve", "no-amount", "--connection", "local", "--up-to", "2", "--by", "Ann")[0] == 0
    assert command("run", "local")[0] == 0
    rows = json.loads(command("changes", "local", "--approved-by", "Ann", "--json")[1])["changes"]
    assert {(row["approved_by"], row["outcome"]) for row in rows} == {("Ann", "written")}
    assert {row["deal"] for row in rows} == set(command.deals)


def test_the_log_of_changes_is_asked_by_record_run_policy_and_day_and_exported(command):
    run = json.loads(command("run", "local", "--json")[1])["run_id"]

    def rows(*words):
        code, text = command("changes", "local", "--csv", *words)
        assert code == 0
        return list(csv.DictReader(io.StringIO(text)))

    every, one = rows(), rows("--record", command.deals[0])
    assert {row["deal"] for row in one} == {command.deals[0]}
    assert 0 < len(one) < len(every)
    assert {row["run"] for row in rows("--run", run)} == {run}
    assert {row["policies"] for row in rows("--policy", "no-amount")} == {"'+no-amount"}  # no formula
    assert rows("--policy", "no-amount", "--since", "2126-11-01") == []
    assert command("changes", "local", "--record", "nobody")[0] == 2
    assert "no deal nobody" in command("changes", "local", "--record", "nobody", "--json")[1]


def test_an_undo_of_a_run_that_is_not_there_is_wrong_input(command):
    code, answer = command("runs", "undo", "99", "--json")
    assert (code, "A dry run leaves no run" in json.loads(answer)["error"]) == (2, True)
