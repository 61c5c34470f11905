"""What a terminal and a script get: no foreign escapes, JSON also for a mistyped call, the contract's exit codes."""

import io
import json

import pytest

from worker.cli import main
from worker.cli.common import table, tell

NASTY = "\x1b[31mRed\x1b]0;title\x07 \u202etxt\x9b2J\rover"
REPORT = "Id,Name,Stage,Amount,Close Date\n1,{name},Prospecting,oops,2026-12-01\n"


def ask(*words):
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    return ended.value.code


def test_escapes_in_a_deals_name_do_not_reach_the_terminal(capsys):
    tell(NASTY)
    table(NASTY, ("name",), [(NASTY,)])
    printed = capsys.readouterr().out
    assert printed.count("�[31mRed�]0;title� �txt�2J�over") == 2
    assert "�[31mRed�]0;title� �txt�2J over" in printed, "a title is one line"
    assert not {"\x1b", "\x07", "\x9b", "\r", "\u202e"} & set(printed)


def test_names_in_any_script_stay_as_they_are(capsys):
    tell("Ngọc Łukasz 東京 עברית 👩‍👧\n\tnext")
    assert capsys.readouterr().out == "Ngọc Łukasz 東京 עברית 👩‍👧\n\tnext\n"


@pytest.mark.parametrize("emoji", ["👩‍👧", "❤️‍🔥", "👩🏽‍🚀", "🏳️‍⚧️"])
def test_a_joiner_stays_inside_an_emoji_and_nowhere_else(emoji, capsys):
    tell(f"{emoji} Ac\u200dme \u200d{emoji}\u200d\u200b")
    assert capsys.readouterr().out == f"{emoji} Ac�me �{emoji}��\n"


@pytest.mark.parametrize("words", [("deals",), ("bogus",), ("deals", "a", "--flaged"), ("kpis", "a", "b")])
def test_a_mistyped_call_is_answered_in_json_where_json_was_asked_for(words, capsys):
    assert ask(*words, "--json") == 2
    printed = json.loads(capsys.readouterr().out)
    assert (printed["exit"], bool(printed["error"])) == (2, True)


def test_people_are_shown_how_a_command_is_used(capsys):
    assert ask("deals") == 2
    assert "Usage: sluicegate deals" in capsys.readouterr().err


def test_clearing_needs_a_yes_and_is_no_half_success_without_one(tmp_path, capsys, monkeypatch):
    config = tmp_path / "sluicegate.toml"
    config.write_text('[connections.acme]\nkind = "salesforce"\n')
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert ask("--config", str(config), "connection", "clear", "acme") == 2
    assert "Nothing was cleared" in capsys.readouterr().err


def test_a_terminal_without_our_signs_shows_question_marks_instead_of_ending(tmp_path, monkeypatch):
    report = tmp_path / "report.csv"
    report.write_text(REPORT.format(name="Łukasz") + "Grand Total,,,300,\n")
    shown = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", shown)
    assert ask("check", str(report), "--as-of", "2026-11-15") == 1
    shown.seek(0)
    assert "? 1 row set aside" in shown.read()
