"""`waivers add|list|expire`: the file is rewritten with its comments, and a wrong waiver is never written."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

from worker.cli.main import main
from worker.settings import read_settings
from worker.usecases.rollout.waivers import add, listed
from worker.wiring import wire

RULES = """# our rules
version: 1
policies:
  # agreed with sales in May
  - {id: no-amount, title: No amount, applies_to: is_open, flag_if: amount is blank, severity: warning, points: 15,
     fix: Enter the amount, owner: ops}
"""
KEPT = """version: 1
# Every waiver has an end; ask Joan.
waivers:
  - policy: no-amount   # the big one
    deals: ['006A', '006B']
    until: 2099-12-31
    reason: 'In court'
    approved_by: Joan
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "rules.yaml").write_text(RULES)
    (tmp_path / "sluicegate.toml").write_text('[policies]\npaths = ["policies/"]\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ask(capsys, *arguments):
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--json"])
    return ended.value.code, json.loads(capsys.readouterr().out)


ADD = ("waivers", "add", "no-amount", "--deal", "006C", "--until", "2099-01-31", "--reason", "Tender", "--by", "Joan")


def test_a_waiver_is_added_to_a_file_of_its_own_and_listed(home, capsys):
    assert ask(capsys, *ADD)[0] == 0
    code, answer = ask(capsys, "waivers", "list")
    (row,) = answer["waivers"]
    assert code == 0
    assert (row["policy"], row["deals"], row["until"], row["in_force"]) == ("no-amount", ["006C"], "2099-01-31", True)
    assert (row["approved_by"], row["reason"]) == ("Joan", "Tender")
    assert (home / "policies" / "waivers.yaml").exists()


def test_a_waiver_past_its_last_day_is_refused_unwritten(home, capsys):
    code, answer = ask(capsys, *ADD[:6], "2001-01-31", *ADD[7:])
    assert (code, "is past, and a waiver holds through its last day only." in answer["error"]) == (2, True)
    assert not (home / "policies" / "waivers.yaml").exists()


def test_comments_stay_when_a_waiver_is_added(home, capsys):
    file = home / "policies" / "waivers.yaml"
    file.write_text(KEPT)
    assert ask(capsys, *ADD)[0] == 0
    assert file.read_text().startswith(KEPT)
    assert (home / "policies" / "rules.yaml").read_text() == RULES


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"no-amount": "no-amonut"}, "did you mean 'no-amount'?"),
        ({"2099-01-31": "next week"}, "--until is a date such as 2026-12-31"),
        ({"Tender": "tbd"}, "is filler and no reason"),
        ({"--deal": "--where", "006C": "amuont > 3"}, "did you mean 'amount'?"),
    ],
)
def test_a_wrong_waiver_is_reported_and_not_written(home, capsys, change, says):
    code, answer = ask(capsys, *(change.get(word, word) for word in ADD))
    assert code == 2
    assert says in answer["error"]
    assert not (home / "policies" / "waivers.yaml").exists()


def test_a_waiver_names_deals_and_a_connection_that_is_there(home, capsys):
    nobody = [word for word in ADD if word not in {"--deal", "006C"}]
    assert "a waiver names the deals" in ask(capsys, *nobody)[1]["error"]
    assert "There is no connection 'acmee'" in ask(capsys, *ADD, "--connection", "acmee")[1]["error"]
    assert not (home / "policies" / "waivers.yaml").exists()


def test_a_waiver_of_one_deal_ends_and_the_others_of_its_list_stay(home, capsys):
    file = home / "policies" / "waivers.yaml"
    file.write_text(KEPT)
    assert ask(capsys, "waivers", "expire", "no-amount", "--deal", "006A")[0] == 0
    _, answer = ask(capsys, "waivers", "list")
    assert [(row["deals"], row["in_force"]) for row in answer["waivers"]] == [(["006B"], True)]
    assert ask(capsys, "waivers", "expire", "no-amount", "--deal", "006B")[0] == 0
    _, answer = ask(capsys, "waivers", "list")
    assert [(row["deals"], row["in_force"]) for row in answer["waivers"]] == [(["006B"], False)]
    assert "# Every waiver has an end; ask Joan." in file.read_text()
    assert "# the big one" in file.read_text()


LONG, SHORT, OTHER = "006Dn000007sTuVIAU", "006Dn000007sTuV", "006Dn000007stuv"
"""Two forms of one Salesforce id, and another deal's: letter case counts."""


@pytest.mark.parametrize(("written", "given"), [(LONG, SHORT), (SHORT, LONG)])
def test_a_waiver_ends_for_a_deal_whose_id_is_written_in_another_form(home, capsys, written, given):
    file = home / "policies" / "waivers.yaml"
    file.write_text(KEPT.replace("006A", written).replace("006B", OTHER))
    assert ask(capsys, "waivers", "expire", "no-amount", "--deal", given)[0] == 0
    _, answer = ask(capsys, "waivers", "list")
    assert [(row["deals"], row["in_force"]) for row in answer["waivers"]] == [([OTHER], True)]
    assert ask(capsys, "waivers", "expire", "no-amount", "--deal", given)[0] == 2


AS_A_TEAM_WRITES = """# Waivers of the team
version: 1
waivers:
- policy:   no-amount   # the big one
  deals:
  - '006A'   # first
  - '006B'   # second
  until:    '2099-12-31'
  reason: 'In
    court'
  approved_by: Joan
# Ask Joan before you add one.

policies: []
"""
NEW = """- policy: 'no-amount'
  deals: ['006C']
  until: 2099-01-31
  reason: 'Tender'
  approved_by: 'Joan'
"""


@pytest.mark.parametrize("line_ends", ["\n", "\r\n"])
def test_a_waiver_is_added_and_ended_and_every_other_line_stays_as_somebody_wrote_it(home, capsys, line_ends):
    file = home / "policies" / "waivers.yaml"
    file.write_bytes(AS_A_TEAM_WRITES.replace("\n", line_ends).encode())
    file.chmod(0o660)
    assert ask(capsys, *ADD, "--file", "policies/waivers.yaml")[0] == 0
    longer = AS_A_TEAM_WRITES.replace("# Ask", NEW + "# Ask")
    assert file.read_bytes().decode() == longer.replace("\n", line_ends)
    assert ask(capsys, "waivers", "expire", "no-amount", "--deal", "006A")[0] == 0
    assert file.read_bytes().decode() == longer.replace("  - '006A'   # first\n", "").replace("\n", line_ends)
    assert oct(file.stat().st_mode)[-3:] == "660"


ONE = "[{policy: no-amount, deals: [d], until: 2099-01-01, reason: In court, approved_by: J}]"


@pytest.mark.parametrize("waivers", ["[]", ONE])
def test_a_waiver_is_added_to_a_list_in_one_line(home, capsys, waivers):
    file = home / "policies" / "waivers.yaml"
    file.write_text(f"version: 1\nwaivers: {waivers}   # as of May\n")
    assert ask(capsys, *ADD)[0] == 0
    assert ask(capsys, "waivers", "list")[1]["waivers"][-1]["reason"] == "Tender"
    assert file.read_text().endswith("]   # as of May\n")


def test_a_waiver_goes_into_a_file_of_policies_beside_them(home, capsys):
    rules = home / "policies" / "rules.yaml"
    assert ask(capsys, *ADD, "--file", "policies/rules.yaml")[0] == 0
    assert rules.read_text().startswith(RULES + "waivers:\n  - policy: 'no-amount'\n")


@pytest.mark.parametrize("text", ["", "- a\n", "version: 1\nwaivers:\n", "version: 1\nwaivers: [\n"])
def test_nothing_is_added_to_a_file_that_cannot_be_read(home, capsys, text):
    file = home / "policies" / "waivers.yaml"
    file.write_text(text)
    code, answer = ask(capsys, *ADD)
    assert (code, {one["file"] for one in answer["problems"]}, file.read_text()) == (2, {str(file)}, text)


@pytest.mark.parametrize("file", ["outside.yaml", "policies/notes.txt", "policies", "nowhere/waivers.yaml"])
def test_a_file_that_no_run_would_read_is_refused_and_not_written(home, capsys, file):
    before = sorted(home.rglob("*.*"))
    assert ask(capsys, *ADD, "--file", file)[0] == 2
    assert [path for path in sorted(home.rglob("*.*")) if ".db" not in path.name] == before


def test_a_linked_file_stays_a_link_to_what_the_waiver_is_written_into(home, capsys):
    (home / "shared.yaml").write_text(KEPT)
    (home / "policies" / "waivers.yaml").symlink_to(home / "shared.yaml")
    assert ask(capsys, *ADD)[0] == 0
    assert (home / "policies" / "waivers.yaml").is_symlink()
    assert "Tender" in (home / "shared.yaml").read_text()


def test_a_file_that_cannot_be_written_is_reported(home, capsys, monkeypatch):
    def refused(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", refused)
    code, answer = ask(capsys, *ADD)
    assert (code, "waivers.yaml cannot be written: Permission denied" in answer["error"]) == (2, True)


def test_waivers_that_several_people_add_at_once_all_stand_in_the_file(home):
    services = wire(read_settings(home / "sluicegate.toml"))
    values = {"policy": "no-amount", "where": "", "connection": "", "until": date(2099, 1, 31), "reason": "Tender"}
    with ThreadPoolExecutor(8) as people:
        list(people.map(lambda n: add(services, values | {"deals": [f"d{n}"], "approved_by": "Joan"}, None), range(8)))
    services.store.close()
    assert {deal for row in listed(services) for deal in row["deals"]} == {f"d{n}" for n in range(8)}


def test_what_is_not_waived_cannot_be_ended(home, capsys):
    code, answer = ask(capsys, "waivers", "expire", "no-amount")
    assert (code, "No waiver of 'no-amount' is in force" in answer["error"]) == (2, True)


def test_without_a_folder_of_policies_it_says_where_waivers_could_stand(home, capsys):
    (home / "sluicegate.toml").write_text("")
    code, answer = ask(capsys, *ADD)
    assert (code, "names no folder to keep waivers in" in answer["error"]) == (2, True)


def test_a_waiver_without_an_end_is_refused_with_its_place(home, capsys):
    (home / "policies" / "waivers.yaml").write_text(KEPT.replace("    until: 2099-12-31\n", ""))
    code, answer = ask(capsys, "policies", "validate")
    assert code == 2
    assert [(one["line"], one["text"]) for one in answer["problems"]] == [(4, "a waiver has no 'until'; add it")]
