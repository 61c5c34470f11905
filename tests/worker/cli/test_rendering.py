"""How answers look to people at the command line."""

import pytest

from kpis.catalogue import SHIPPED
from model.errors import SettingsProblem
from worker.cli.common import one_form
from worker.cli.kpis.rendering import MATTER, compared, csv_lines, show_groups, show_kpis, written
from worker.cli.screen.rendering import moment, show_explanation, show_run
from worker.cli.steps import show_preview
from worker.usecases.answers import ledger, ranked

LEFT = "1 open deal without an amount at home left out"


def kpi(name="pipeline_value", value="1200.50", why="", unit="USD", **dims):
    row = {"id": name, "title": name.replace("_", " "), "dims": dims, "value": value, "unit": unit, "n": 3}
    row |= {"window": "as_of", "as_of": "2026-11-22T09:30:00+00:00"}
    return {**row, "low": None, "high": None, "numerator": None, "denominator": None} | ({"why": why} if why else {})


def flag(policy, points, severity="warning", topic=None, *, shown=True):
    values = {"policy": policy, "title": policy.capitalize(), "points": points, "severity": severity, "topic": topic}
    return values | {
        "mode": "warn" if shown else "observe",
        "shown": shown,
        "fix": "Do it",
        "evidence": {"text": "So."},
    }


def test_a_kpi_says_why_it_is_unknown_and_what_it_leaves_out(capsys):
    show_kpis([kpi(why=LEFT), kpi("pipeline_coverage", None, "no target")])
    printed = capsys.readouterr().out
    assert LEFT in printed
    assert "no target" in printed


def test_a_note_that_several_kpis_have_is_printed_once_with_their_names(capsys):
    names = ("pipeline_value", "average_won_value", "created_value", "won_value", "lost_value")
    show_kpis([*(kpi(name, why=f"{LEFT}; {name} is new") for name in names), kpi("open_deals", why=LEFT)], whole=True)
    printed = capsys.readouterr().out
    assert printed.count(LEFT) == 1
    assert f"- pipeline value, average won value, created value and 3 more: {LEFT}" in printed
    assert "- won value: won_value is new" in printed


def test_each_way_of_having_no_value_has_words_of_its_own():
    words = ("unknown", "none", "not mapped", "asked otherwise", "no target")
    assert [written(kpi(value=None) | {"no_value": word}, "value") for word in words] == list(words)


def test_the_amounts_of_a_quotient_stand_in_their_currency_and_its_counts_do_not(capsys):
    of = {"unit": "ratio", "currency": "EUR", "numerator": "9000", "denominator": "12000"}
    show_kpis([kpi("quota_attainment", 0.75) | of, kpi("average_won_value", "5") | of | {"denominator": 2}])
    printed = capsys.readouterr().out
    assert "9,000 EUR ÷ 12,000 EUR" in printed
    assert "9,000 EUR ÷ 2" in printed


def test_kpis_say_as_of_when_they_are_and_each_over_which_window(capsys):
    show_kpis([kpi(), kpi("win_rate_closed", 0.25, unit="share") | {"window": "365d"}])
    printed = capsys.readouterr().out
    assert "as of 2026-11-22 09:30 UTC" in printed
    assert "365d" in printed


def test_the_groups_that_were_asked_for_are_tables_of_their_own(capsys):
    show_groups([kpi(), kpi(owner="Ann", why=LEFT), kpi(team="West"), kpi(owner=None)])
    by_owner, by_team = capsys.readouterr().out.split("\npipeline value")[1:]
    assert ("Ann" in by_owner, LEFT in by_owner, "(none)" in by_owner, "West" in by_team) == (True, True, True, True)
    assert by_owner.startswith(" by owner")


def test_one_screen_has_the_ten_kpis_that_matter_those_of_the_user_and_how_many_more_there_are(capsys):
    others = [kpi(name) for name in SHIPPED if name not in MATTER][:12]
    show_kpis([*others, kpi("win_rate_closed", 0.25, unit="share"), kpi("large_deals")])
    printed = capsys.readouterr().out
    assert "win rate closed" in printed
    assert "large deals" in printed
    assert "12 more: `--all` shows them" in printed


@pytest.mark.parametrize(
    ("value", "few", "band", "text"),
    [
        (0.1, False, (0.22, 0.35), "below: 22.0 to 35.0 %"), (0.3, False, (0.22, 0.35), "in: 22.0 to 35.0 %"),
        (0.3, True, (0.22, 0.35), "too few to compare: 22.0 to 35.0 %"), (0.6, False, (0.57, 0.57), "above: 57.0 %"),
        (0.3, False, (0.25, None), "in: at least 25.0 %"), (0.3, False, (None, 0.2), "above: at most 20.0 %"),
        (None, False, (0.22, 0.35), "22.0 to 35.0 %"),
    ],
)  # fmt: skip
def test_a_value_stands_below_in_or_above_its_benchmark(value, few, band, text):
    benchmark = {"low": band[0], "high": band[1], "source": "S89", "year": None}
    assert compared({**kpi(value=value, unit="share"), "few": few, "benchmark": benchmark}) == text
    assert compared(kpi(value=value, unit="share")) == ""


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.42184, "share", "42.2 %"), ("1234567.5", "EUR", "1,234,568 EUR"), ("12.5", "EUR", "12.50 EUR"),
        (41.26, "days", "41.3 days"), (2.5, "ratio", "2.50 ×"), ("7000", "USD/day", "7,000 USD/day"),
        (None, "share", "none"),
    ],
)  # fmt: skip
def test_values_are_written_as_people_write_them(value, unit, text):
    assert written(kpi(value=value, unit=unit), "value") == text


def test_csv_has_a_column_for_each_dimension_and_the_benchmark():
    band = {"low": 1000, "high": None, "source": "S89", "year": None}
    rows = [kpi(), {**kpi(process="sales", stage="demo"), "benchmark": band, "trusted": False, "category": "leading"}]
    heads, (whole, group) = csv_lines(rows)
    assert heads[:5] == ["id", "title", "process", "stage", "value"]
    assert whole[:5] == ("pipeline_value", "pipeline value", "", "", "1200.50")
    assert group[:5] == ("pipeline_value", "pipeline value", "sales", "demo", "1200.50")
    found = dict(zip(heads, group, strict=True))
    assert [found[name] for name in ("category", "benchmark", "benchmark_low", "benchmark_high", "trusted")] == [
        "leading", "in", "1000", "", "False",
    ]  # fmt: skip


def test_two_forms_of_one_answer_are_refused():
    with pytest.raises(SettingsProblem, match="--csv and --json"):
        one_form(as_csv=True, as_json=True)


def test_flags_stand_as_on_the_record_and_the_observed_ones_below():
    flags = [flag("calm", 30, "info"), flag("seen", 50, "critical", shown=False), flag("mild", 5, topic="t"),
             flag("bad", 10, "critical"), flag("dear", 20, topic="t")]  # fmt: skip
    assert [one["policy"] for one in ranked(flags)] == ["bad", "dear", "mild", "calm", "seen"]


def test_a_ledger_names_flags_by_their_titles():
    deal = {"score": 70, "flags": [flag("mild", 5, topic="t"), flag("dear", 20, topic="t"), flag("bad", 10)]}
    assert [(line["text"], line["points"]) for line in ledger(deal)] == [("start", 100), ("Dear", -20), ("Bad", -10)]


def test_an_explanation_says_what_is_missing_and_that_nothing_was_logged(capsys):
    deal = {"id": "d1", "name": "Renewal", "stage": "demo", "owner": None, "score": 90, "flags": [flag("bad", 10)],
            "unknown": [], "missing": ["Budget confirmed", "Demo has a date"]}  # fmt: skip
    show_explanation({"deal": deal, "ledger": ledger(deal), "activities": []})
    printed = capsys.readouterr().out
    assert "Renewal (d1), demo, owner nobody" in printed
    assert "Before it can move on: Budget confirmed; Demo has a date." in printed
    assert "No activity is known." in printed


def test_a_run_is_logged_once_without_braces_and_without_noughts(capsys):
    counts = {"run_id": "7", "as_of": "2026-11-23T23:14:37.140310+00:00", "patches": 3, "held": 0,
              "outcomes": {"written": 3, "gone": 0}}  # fmt: skip
    show_run({"run_id": "7", "as_of": counts["as_of"], "calibration": "", "counts": counts})
    printed = capsys.readouterr().out
    assert printed.count("2026-11-23 23:14 UTC") == 1
    assert "written 3" in printed
    assert not {"{", "held", "gone", "calibration"} & set(printed.replace("{", " { ").split())


@pytest.mark.parametrize(
    ("text", "shown"), [("2026-11-23T23:14:37+00:00", "2026-11-23 23:14 UTC"), ("no date", "no date")]
)
def test_instants_are_reported_to_the_minute(text, shown):
    assert moment(text) == shown


def test_a_preview_of_nothing_says_so(capsys):
    show_preview({"patches": 0, "by_policy": {}, "by_owner": {}, "records": []}, "changes.csv")
    assert capsys.readouterr().out == "No deal would change: the record says what the verdict wants.\n"
