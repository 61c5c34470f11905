"""Lists of deals: one line each, with whole ids, however narrow the screen is."""

from __future__ import annotations

import re
import tomllib

import pytest

from model.errors import SettingsProblem
from model.sync import Remark
from policies.files import read_kpis
from worker.cli.common import table
from worker.cli.connections import show
from worker.cli.lists import DEAL, deal_cells
from worker.cli.screen.columns import show_lines
from worker.cli.screen.rendering import reason, show_digest, show_runs
from worker.usecases.answers import neglects
from worker.usecases.init import KPIS_TEXT, config_text
from worker.usecases.kpis.examples import failing

LONG = "A very long name of a deal that no screen has room for, and then some more of it"


def flag(policy, points, topic=None, severity="warning"):
    made = {"policy": policy, "title": policy.capitalize(), "points": points, "severity": severity, "topic": topic}
    return made | {"mode": "warn", "shown": True, "fix": "Do it", "evidence": {"text": "So."}}


def deal(number, **changed):
    return {
        "id": f"006000000000{number:03}AAA", "name": LONG, "amount": "1250000.5", "currency": "EUR",
        "close_date": "2026-12-01", "stage": "negotiation", "owner": "Bartholomew Featherstonehaugh", "score": 70,
        "flags": [],
    } | changed  # fmt: skip


@pytest.fixture
def narrow(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")


@pytest.mark.usefixtures("narrow")
def test_each_deal_is_one_line_with_its_whole_id_at_100_columns(capsys):
    found = [deal(1, flags=[flag("no-amount", 10), flag("silent", 15)]), deal(2, name="Two\nlines", owner=None)]
    show_lines("2 deals", DEAL, map(deal_cells, found))
    title, head, first, second = capsys.readouterr().out.splitlines()
    assert (title, head.split()[:3]) == ("2 deals", ["id", "deal", "amount"])
    assert max(map(len, (head, first, second))) <= 100
    assert first.startswith("006000000000001AAA  A very")
    assert first.endswith("+1")
    assert "1,250,000 EUR" in first
    assert "2026-12-01" in first
    assert "Two lines" in second


@pytest.mark.usefixtures("narrow")
def test_a_deal_keeps_room_for_its_name_and_other_columns_give_way_with_a_word_about_it(capsys):
    show_lines("1 deal", DEAL, map(deal_cells, [deal(1, flags=[flag("no-amount", 10), flag("silent", 15)])]))
    printed = capsys.readouterr()
    _, head, line = printed.out.splitlines()
    assert printed.err == "No room for stage in 100 columns; --csv gives every column.\n"
    assert "stage" not in head.split()
    assert "A very long name of a" in line
    assert "Bartholo…" in line
    assert line.endswith("Silent  +1")


@pytest.mark.usefixtures("narrow")
def test_columns_that_fit_stay_and_the_stage_is_the_crm_s_label(capsys):
    short = deal(1, id="9001", name="Pilot", owner="Ann Lee", stage="contract-sent", stage_name="Contract Sent")
    show_lines("1 deal", DEAL, map(deal_cells, [short]))
    line = capsys.readouterr().out.splitlines()[-1]
    assert re.split(" {2,}", line) == [
        "9001", "Pilot", "1,250,000 EUR", "2026-12-01", "Contract Sent", "Ann Lee", "70",
    ]  # fmt: skip


@pytest.mark.usefixtures("narrow")
def test_a_table_is_as_wide_as_the_screen_and_breaks_no_id(capsys):
    policy = "new-business/discovery/decision-process-known"
    table("Gates", ("criterion", "must hold", "else"), [(policy, LONG, LONG), ("short", LONG, "")])
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 100
    assert any(line.startswith(policy) for line in lines)


@pytest.mark.usefixtures("narrow")
def test_each_run_is_one_line_and_no_run_at_all_names_the_command_that_makes_one(capsys):
    counts = {"pulled": 12_000, "deals": 3_000, "patches": 40, "outcomes": {"written": 40}, "calls": 35, "held": 10}
    counts |= {"trouble": {"begun": ["deal 9001: its amount is no number"], "ended": []}}
    run = {
        "run_id": "12", "connection": "acme", "kind": "incremental", "started_at": "2026-11-30T00:52:10+00:00",
        "as_of": "2026-11-30T00:52:00+00:00", "seconds": 26.5, "trigger": "by hand", "outcome": "done",
        "counts": counts,
    }  # fmt: skip
    show_runs([run, run | {"run_id": "11", "seconds": None, "outcome": "under way", "counts": {}}])
    title, _, newest, before = capsys.readouterr().out.splitlines()
    assert title == "2 runs"
    assert newest.startswith(" 12  acme")
    assert newest.endswith("12,000 pulled, 40 written, 35 calls")
    assert "under way" in before
    show_runs([])
    assert "`sluicegate run NAME`" in capsys.readouterr().out


def test_twins_of_one_topic_are_one_neglect_that_names_the_other():
    flags = [flag("silent-14", 15, "staleness"), flag("silent-60", 25, "staleness", "critical"), flag("no-amount", 10)]
    assert [(title, also) for title, _, also in neglects(flags)] == [
        ("Silent-60", " Also: Silent-14."), ("No-amount", "")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("title", "text", "shown"),
    [
        ("Close date has passed", "Close date 14 Nov 2026 has passed.", "Close date 14 Nov 2026 has passed."),
        ("No amount", "Amount is blank.", "No amount."),
        (
            "Large deal without approval",
            "'Approved' is not ticked.",
            "Large deal without approval. 'Approved' is not ticked.",
        ),
    ],
)
def test_no_screen_repeats_a_title_as_its_reason(title, text, shown):
    assert reason(flag("large", 10) | {"title": title, "evidence": {"text": text}}) == shown


def test_a_digest_leaves_out_a_reason_that_only_repeats_the_flag(capsys):
    line = {"name": "Pilot", "amount": "10", "title": "No amount", "text": "Amount is blank.", "route": "daily"}
    show_digest({"currency": "EUR", "reps": [{"owner": "Ann", "lines": [line | {"fix": "Enter it"}], "left_out": 0}]})
    printed = capsys.readouterr().out
    assert "No amount" in printed
    assert "blank" not in printed


def test_the_flag_of_a_gate_says_that_its_criterion_is_missing():
    (found,) = neglects([flag("sales/proposal/amount", 10) | {"title": "Amount set"}])
    assert found[0] == "Missing: amount set"


def test_sentences_that_differ_in_a_field_only_are_one_line(capsys):
    gone = "does not exist or is hidden from our user; run `connection provision`."
    fields = {"Score": "score", "Gate": "gate"}
    remarks = [Remark("missing", f"Our_{field}_c ({ours}) {gone}") for field, ours in fields.items()]
    show([*remarks, Remark("ok", "All is well.")])
    both = (
        "✗ Our_Score_c (score), Our_Gate_c (gate) do not exist or are hidden from our user; run `connection provision`."
    )
    assert capsys.readouterr().out.splitlines() == [both, "✓ All is well."]


def test_init_writes_the_kind_and_the_name_of_the_connection_it_drafts_from():
    text = config_text("hubspot", "emea")
    assert '[connections.emea]\nkind = "hubspot"' in text
    assert "salesforce" not in text
    assert "CONNECTIONS__EMEA__ACCESS_TOKEN" in text


def test_init_writes_a_table_for_each_kind_of_connection_that_works_once_its_signs_are_taken_away():
    heads = [line.removeprefix("# ") for line in config_text().splitlines() if "[connections." in line]
    assert heads == ["[connections.acme]", "[connections.hub]", "[connections.report]", "[connections.report.files]"]
    found = tomllib.loads(config_text("tables", "exports 2026"))
    assert found["connections"]["exports 2026"]["files"]["opportunities"] == "exports/deals.csv"


def test_init_writes_a_kpi_with_an_example_that_holds_once_its_signs_are_taken_away():
    assert read_kpis({"kpis.yaml": KPIS_TEXT}) == ()
    lines = KPIS_TEXT.splitlines()
    text = "\n".join(line.removeprefix("# ") for line in lines[lines.index("version: 1") :])
    (found,) = read_kpis({"kpis.yaml": text})
    assert (found.name, failing([found])) == ("large_win_rate", [])


def test_an_order_that_there_is_not_is_refused(tmp_path):
    from worker.cli.main import app

    with pytest.raises(SettingsProblem, match="write one of amount, score"):
        app(["deals", "acme", "--sort", "colour"], standalone_mode=False)
