"""`connection remove` as operators and scripts see it, on a connection that ran and wrote."""

import io
import json

import pytest

from sandbox.salesforce import add_user, new_org, serve
from sandbox.salesforce.config import config
from sandbox.salesforce.events import create_as
from store import Store
from worker.cli.main import main
from worker.wiring import now

REP = "rep@acme.example"


@pytest.fixture
def command(tmp_path, capsys, monkeypatch):
    """Two deals that a run has scored; nobody sits at the terminal."""
    monkeypatch.setattr("sys.stdin", io.StringIO())
    org = new_org()
    add_user(org, REP, "Rita", "Rep", "Standard User")
    for name in ("Acme", "Borg"):
        create_as(org, REP, "Opportunity", {"Name": name, "StageName": "Prospecting", "CloseDate": "2027-12-31"})
    with serve(org) as running:
        (tmp_path / "c.toml").write_text(config(running))

        def ask(*words):
            with pytest.raises(SystemExit) as ended:
                main(["--config", str(tmp_path / "c.toml"), *words])
            out = capsys.readouterr()
            return int(ended.value.code or 0), out.out + out.err

        ask("connection", "provision", "local")
        assert ask("run", "local")[0] == 0
        yield ask


def test_a_connection_is_counted_asked_for_and_removed_and_what_it_wrote_is_named(command):
    code, counted = command("connection", "remove", "local")
    assert (code, "Nothing was removed; --purge deletes these rows for good." in counted) == (0, True)
    code, refused = command("connection", "remove", "local", "--purge")
    assert (code, "Nothing was removed; answer yes" in refused) == (2, True)
    code, text = command("connection", "remove", "local", "--purge", "--yes", "--json")
    answer = json.loads(text)
    assert (code, answer["connection"], answer["removed"], answer["rows"]["opportunity"]) == (0, "local", True, 2)
    assert answer["on_record"] == 2
    assert "2 deals in the CRM still show what Sluicegate wrote" in answer["remarks"][0]
    assert "connection clear local" in answer["remarks"][0]
    assert "take [connections.local] out" in answer["remarks"][1]


def test_a_removed_connection_is_refused_until_it_is_resumed_and_then_begins_anew(command):
    command("connection", "remove", "local", "--purge", "--yes")
    code, text = command("run", "local")
    assert (code, "`sluicegate connection resume local` lets it begin anew." in text) == (2, True)
    assert command("connection", "remove", "local", "--purge", "--yes")[0] == 2
    assert command("connection", "resume", "local")[0] == 0
    assert command("run", "local")[0] == 0


def test_after_a_clear_nothing_of_ours_is_left_to_be_named(command):
    command("connection", "clear", "local", "--yes")
    assert json.loads(command("connection", "remove", "local", "--json")[1])["on_record"] == 0


def test_a_connection_is_not_removed_while_a_run_works_on_it(command, tmp_path):
    store = Store.open(f"sqlite:///{tmp_path / 'sluicegate.db'}")
    lease = store.runs.lease("local", "a run", now(), 600)
    code, text = command("connection", "remove", "local", "--purge", "--yes")
    assert (code, "is held by a run" in text) == (5, True)
    assert store.removal.rows("local")["opportunity"] == 2
    store.runs.release(lease)
    store.close()
