"""`kpis test`, `kpis list` and `kpis explain` on KPIs of files that an org refuses, and before the first run."""

import json

import pytest

from model.sync import Description
from tests.support.stores import empty_store
from worker.cli.main import main

CONNECTIONS = (
    '[policies]\npaths = ["policies"]\n[connections.north]\nkind = "tables"\n[connections.south]\nkind = "tables"\n'
)
RENEWALS = """version: 1
kpis:
  - name: open_deals_of_ours
    label: Ours
    type: simple
    measure: {agg: count}
    filter: is_open
    window: as_of
  - name: renewals_won
    label: Won renewals
    type: simple
    measure: {agg: count}
    filter: is_won and deal_type = 'Renewal'
    window: closed
    examples:
      - {rows: [{is_won: true, deal_type: Renewal}, {is_won: true, deal_type: New}], value: 1}
"""


@pytest.fixture
def ask(tmp_path, capsys):
    """Call a command of a config with two connections; gives exit code and the JSON that it printed."""
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "kpis.yaml").write_text(RENEWALS, encoding="utf-8")
    (tmp_path / "sluicegate.toml").write_text(CONNECTIONS, encoding="utf-8")

    def ended_with(*words):
        with pytest.raises(SystemExit) as ended:
            main(["--config", str(tmp_path / "sluicegate.toml"), "kpis", *words, "--json"])
        return int(ended.value.code or 0), json.loads(capsys.readouterr().out)

    return ended_with


@pytest.fixture
def knows(tmp_path):
    """Say which types of deals a connection has, as its last read of the CRM found them."""

    def keep(name, *deal_types):
        store = empty_store(tmp_path / "sluicegate.db")
        choices = {"deal_type": deal_types}
        store.connections.keep_description(name, Description(frozenset({"deal_type"}), {}, choices))
        store.close()

    return keep


def test_kpis_of_files_are_listed_and_explained_before_any_connection_was_read(ask):
    listed = ask("list")[1]
    assert [one["id"] for one in listed["kpis"]][-2:] == ["open_deals_of_ours", "renewals_won"]
    assert listed["mistakes"] == []
    assert ask("explain", "renewals_won")[1]["title"] == "Won renewals"
    assert ask("test")[1]["connections"] == []


def test_files_are_checked_against_the_values_of_each_connection(ask, knows):
    knows("north", "New", "Renewal")
    knows("south", "New", "Existing")
    code, answer = ask("test")
    assert code == 2
    problem, of_the_example = answer["problems"]
    assert (problem["line"], of_the_example["line"]) == (13, 16)
    assert problem["text"].endswith("(on south)")
    assert "Renewal" in problem["text"]
    assert ask("test", "--connection", "north") == (
        0,
        {
            "kpis": ["open_deals_of_ours", "renewals_won"], "examples": 1, "untested": ["open_deals_of_ours"],
            "failed": [], "connections": ["north"],
        },
    )  # fmt: skip
    assert ask("test", "--connection", "south")[0] == 2


@pytest.fixture
def renewals_are_for(tmp_path):
    """Say which connections the KPI of renewals is for."""

    def write(*names):
        line = f"    connections: [{', '.join(names)}]\n    label: Won renewals\n"
        text = RENEWALS.replace("    label: Won renewals\n", line)
        (tmp_path / "policies" / "kpis.yaml").write_text(text, encoding="utf-8")

    return write


def test_a_kpi_for_one_connection_of_two_is_no_mistake_on_the_other(ask, knows, renewals_are_for):
    knows("north", "New", "Renewal")
    knows("south", "New", "Existing")
    renewals_are_for("north")
    code, answer = ask("test")
    assert (code, answer["kpis"], answer["examples"]) == (0, ["open_deals_of_ours", "renewals_won"], 1)
    assert ask("test", "--connection", "south")[1]["kpis"] == ["open_deals_of_ours"]
    assert ask("list")[1]["mistakes"] == []


def test_a_connection_that_there_is_not_is_a_mistake_with_its_place_and_a_likely_one(ask, knows, renewals_are_for):
    knows("north", "New", "Renewal")
    renewals_are_for("north", "suoth")
    (problem,) = ask("test")[1]["problems"]
    assert (problem["line"], problem["text"]) == (10, "there is no connection 'suoth'; did you mean 'south'?")


def test_a_connection_that_was_never_read_is_refused_by_name(ask):
    code, answer = ask("test", "--connection", "north")
    assert (code, "`sluicegate connection check north`" in answer["error"]) == (2, True)


def test_a_kpi_that_every_org_refuses_is_named_with_its_mistakes(ask, knows):
    knows("north", "New", "Existing")
    knows("south", "New", "Existing")
    ours, renewals = ask("list")[1]["mistakes"]
    assert ours.startswith(
        "On north: open_deals_of_ours is in kpis.yaml, but your KPI files are not used while they have "
    )
    assert "renewals_won is in kpis.yaml, but has 2 mistakes: " in renewals
    assert "kpis.yaml:13)" in renewals
    code, answer = ask("explain", "renewals_won")
    assert (code, answer["error"]) == (2, renewals)
