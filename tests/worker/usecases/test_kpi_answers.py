"""Answers about KPIs: frozen nights, past days and questions, from a connection that runs."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from model.errors import SettingsProblem
from tests.worker.governed import NAME, governed, measuring
from worker.pipeline.measuring import NO_PROCESS, KpiQuestion
from worker.settings_tables import KpiSettings
from worker.usecases.connection import check
from worker.usecases.kpis import answer, frozen, kpis
from worker.usecases.nightly import freeze


@pytest.fixture
def team(tmp_path):
    with governed(tmp_path, currency="USD") as opened:
        yield measuring(opened)


def value(rows, kpi="pipeline_value"):
    return next(row["value"] for row in rows if row["id"] == kpi and not row["dims"])


def night_of(team):
    return team.services.clock().date()


def test_a_frozen_night_says_what_was_printed_whatever_happens_later(team):
    deal = team.deal("Acme", amount=1000)
    team.run()
    freeze(team.services, NAME)
    night = night_of(team)
    team.later(days=2)
    team.edit(deal, amount=9000)
    team.run()
    assert (value(frozen(team.services, NAME, night)), value(kpis(team.services, NAME))) == ("1000", "9000")


def test_a_connection_with_more_deals_than_the_limit_is_measured_by_its_full_runs_only(tmp_path):
    with governed(tmp_path, currency="USD") as team:
        settings = team.services.settings
        team.services = replace(
            team.services, settings=settings.model_copy(update={"kpis": KpiSettings(each_run_up_to=1)})
        )
        first = team.deal("First", amount=1000)
        team.run()
        team.deal("Second", amount=500)
        team.run()
        assert value(kpis(team.services, NAME)) == "1000"
        team.run(full=True)
        assert value(kpis(team.services, NAME)) == "1500"
        assert team.verdict(first)["score"] is not None


def test_a_night_keeps_the_facts_and_revisions_of_its_deals(team):
    team.deal("Acme", amount=1000)
    team.run()
    assert freeze(team.services, NAME) == 1
    (night,) = team.services.store.frozen.nights(NAME)
    assert night["policy_digest"]
    assert len(night["kpi_revision"]) == 12
    with team.services.store.database.reading() as sql:
        ((text,),) = sql.rows("SELECT facts FROM frozen")
    facts = json.loads(text)
    assert (facts["name"], facts["is_open"], facts["amount"]) == ("Acme", True, "1000.000000")
    assert set(facts["unknown"]).isdisjoint(facts)


def test_a_night_that_was_not_kept_is_refused_with_the_nights_that_are(team):
    team.deal(amount=1)
    team.run()
    with pytest.raises(SettingsProblem, match="none is kept yet"):
        frozen(team.services, NAME, night_of(team))
    freeze(team.services, NAME)
    with pytest.raises(SettingsProblem, match=f"kept are {night_of(team)} to {night_of(team)}"):
        frozen(team.services, NAME, night_of(team) - timedelta(days=1))


def test_a_past_day_is_measured_by_what_was_recorded_by_then(team):
    deal = team.deal("Acme", amount=1000)
    team.run()
    then = team.services.clock()
    team.later(days=2)
    team.edit(deal, amount=9000)
    team.run()
    assert value(kpis(team.services, NAME, as_of=then)) == "1000"
    assert value(kpis(team.services, NAME)) == "9000"


def test_a_question_narrows_the_deals_and_groups_them(team):
    team.deal("Small", amount=10)
    team.deal("Large", amount=1000)
    team.run()
    asked = KpiQuestion((("is_open",),), where="amount_home > 100")
    rows = [row for row in kpis(team.services, NAME, asked) if row["id"] == "pipeline_value"]
    assert [(row["dims"], row["value"]) for row in rows] == [({}, "1000"), ({"is_open": True}, "1000")]


def test_moves_of_the_close_date_are_measured_from_the_crms_history(team):
    deal = team.deal("Acme", amount=1000)
    team.run()
    team.later(days=2)
    team.edit(deal, close_date=(night_of(team) + timedelta(days=300)).isoformat())
    team.run()
    rows = kpis(team.services, NAME, KpiQuestion((("owner",),), window="7d"))
    assert (value(rows, "pushed_out_value"), value(rows, "push_count")) == ("1000", 1)


def test_calls_are_counted_by_the_rep_who_made_them(team):
    deal = team.deal("Acme", amount=1000)
    team.driver.call(deal)
    team.run()
    rows = kpis(team.services, NAME, KpiQuestion((("owner",),), window="7d"))
    found = next(row for row in rows if row["id"] == "activities_per_rep_week" and not row["dims"])
    assert (found["numerator"], found["window"]) == (1, "7d")


def test_the_spend_file_is_compared_with_the_deals_won_in_its_period(tmp_path):
    with governed(tmp_path, currency="USD", spend=tmp_path / "spend.csv") as team:
        month = night_of(team).replace(day=1) - timedelta(days=1)
        (tmp_path / "spend.csv").write_text(f"period,amount,currency\n{month:%Y-%m},500,USD\n", encoding="utf-8")
        team.deal("Acme", amount=1000)
        team.run()
        rows = kpis(team.services, NAME, KpiQuestion((), window=f"{month:%Y-%m}"))
        found = next(row for row in rows if row["id"] == "customer_acquisition_cost")
        assert (found["value"], found["why"]) == (None, "no deal won in the window")


def test_any_fact_with_values_in_the_crm_is_a_dimension_however_it_is_written(team):
    team.deal("Acme", amount=1000)
    team.run()
    rows = kpis(team.services, NAME, KpiQuestion((("Deal_Type", "Stage_Name"),)))
    (group,) = [row["dims"] for row in rows if row["id"] == "pipeline_value" and row["dims"]]
    assert set(group) == {"deal_type", "stage_name"}


@pytest.mark.parametrize(("word", "hint"), [("teem", "did you mean 'team'"), ("amount", "KPIs can be given by owner")])
def test_a_word_that_is_no_dimension_is_refused_with_a_likely_one(team, word, hint):
    team.deal("Acme", amount=1000)
    team.run()
    with pytest.raises(SettingsProblem, match=f"^'{word}' is no dimension; {hint}"):
        kpis(team.services, NAME, KpiQuestion(((word,),)))


def test_a_benchmark_for_a_stage_that_there_is_not_is_a_mistake_with_its_line(tmp_path):
    path = tmp_path / "benchmarks.csv"
    path.write_text("stage,kpi,low,high\n,win_rate_closed,1%,2%\npropsal,stage_conversion_next,1%,2%\n", "utf-8")
    with governed(tmp_path, currency="USD", benchmarks=path) as opened:
        team = measuring(opened)
        team.deal("Acme", amount=1000)
        (remark,) = [one for one in team.run().remarks if "KPIs" in one]
        assert "benchmarks.csv:3: there is no stage 'propsal'; did you mean 'proposal'?" in remark


FILES = {
    "targets": "owner,team,period,amount\n,,Q4,5\n,,2026-Q4,five\n",
    "spend": "period,amount,currency\n2026-10,5,\n",
    "benchmarks": "kpi,low,high\nwin_rate,1%,2%\n",
}
PLACES = ["targets.csv:2", "targets.csv:3", "spend.csv:2", "benchmarks.csv:2"]


def test_every_mistake_in_every_file_of_the_connection_is_named_at_once_with_its_line(tmp_path):
    paths = {name: tmp_path / f"{name}.csv" for name in FILES}
    for name, path in paths.items():
        path.write_text(FILES[name], encoding="utf-8")
    with governed(tmp_path, currency="USD", **paths) as opened:
        team = measuring(opened)
        team.deal("Acme", amount=1000)
        (remark,) = [one for one in team.run().remarks if "KPIs" in one]
        with pytest.raises(SettingsProblem) as refused:
            kpis(team.services, NAME, KpiQuestion(()))
        checked = "\n".join(one.text for one in check(team.services, NAME) if one.level == "missing")
        for text in (remark, str(refused.value), checked):
            lines = text.splitlines()
            assert [next((place for place in PLACES if place in line), None) for line in lines] == PLACES


def test_a_dimension_that_a_kpi_does_not_take_or_that_is_not_mapped_is_said_beside_the_total(team):
    team.deal("Acme", amount=1000)
    team.run()

    def not_by(*dims, only):
        (row,) = kpis(team.services, NAME, KpiQuestion((dims,)), only=only)
        return row["not_by"]

    (stage,) = not_by("team", "stage", only="pipeline_coverage")
    assert stage["by"] == ["team", "stage"]
    assert stage["why"] == "pipeline_coverage is not given by team and stage; it is given by owner, team"
    assert not_by("campaign", only="won_deals") == [{"by": ["campaign"], "why": "nothing is mapped for campaign"}]
    assert not any("not_by" in row for row in kpis(team.services, NAME))


def test_of_a_day_on_which_no_deal_was_known_there_is_no_value_and_no_zero(team):
    team.deal("Acme", amount=1000)
    team.run()
    rows = kpis(team.services, NAME, as_of=team.services.clock() - timedelta(days=700))
    assert {(row["value"], row["n"]) for row in rows} == {(None, 0)}
    assert all(f"the first pull was on {night_of(team)}" in row["why"] for row in rows)


def test_before_the_first_pull_values_of_money_say_since_when_amounts_are_known(team):
    team.deal("Acme", amount=1000)
    team.later(days=2)
    team.run()
    rows = kpis(team.services, NAME, as_of=team.services.clock() - timedelta(days=1))
    whys = {row["id"]: row.get("why", "") for row in rows if not row["dims"]}
    assert f"is before the first pull on {night_of(team)}: an amount is known only where" in whys["pipeline_value"]
    assert "first pull" not in whys["open_deals"]


def test_few_known_amounts_of_a_day_before_the_first_pull_are_said_and_marked(team):
    team.deal("Acme", amount=1000)
    team.later(days=2)
    team.run()
    rows = kpis(team.services, NAME, as_of=team.services.clock() - timedelta(days=1))
    found = {row["id"]: row for row in rows if not row["dims"]}
    money = found["pipeline_value"]
    assert f"as of {money['n']} of 1 deal" in money["why"]
    assert (money["few"], found["open_deals"]["few"]) == (money["value"] is not None, False)


def test_a_window_that_has_ended_counts_the_deals_that_are_gone_since_in_a_note(team):
    team.deal("Stays", amount=1000)
    gone = team.deal("Goes", amount=500)
    team.run()
    day = night_of(team)
    team.later(days=3)
    team.driver.delete(gone)
    team.run(full=True)
    window = f"{day - timedelta(days=9)}..{day}"
    asked = KpiQuestion((), window=window)
    (row,) = kpis(team.services, NAME, asked, only="created_deals")
    then = day + timedelta(days=1)
    assert row["value"] == 1
    assert row["why"].endswith(
        f"1 deal of {day} or before, deleted or merged since, left out; `--as-of {then}` counts what was there then"
    )
    noon = team.services.clock() - timedelta(days=2)
    (before,) = kpis(team.services, NAME, asked, only="created_deals", as_of=noon)
    assert (before["value"], before.get("why")) == (2, None)
    assert "deleted" not in next(r for r in kpis(team.services, NAME, only="open_deals") if not r["dims"]).get(
        "why", ""
    )


@pytest.mark.parametrize("word", ["Q3", "q3", "FYQ3"])
def test_a_quarter_without_its_year_is_refused_with_the_one_of_this_year(team, word):
    team.deal("Acme", amount=1000)
    team.run()
    year = night_of(team).year
    with pytest.raises(SettingsProblem, match=rf"because it has no year; write (FY)?{year}-Q3\.$"):
        kpis(team.services, NAME, KpiQuestion((), window=word))


def test_a_value_that_is_none_says_in_a_word_why_and_money_has_its_currency(team):
    team.deal("Acme", amount=1000)
    team.run()
    found = {row["id"]: row for row in kpis(team.services, NAME) if not row["dims"]}
    names = ("win_rate_closed", "stage_conversion_next", "pipeline_coverage", "loss_reason_share", "sales_efficiency")
    assert [found[name]["no_value"] for name in names] == [
        "none", "asked otherwise", "no target", "not mapped", "no spend",
    ]  # fmt: skip
    assert (found["pipeline_coverage"]["currency"], found["open_deals"].get("currency")) == ("USD", None)


def test_without_a_process_kpis_of_stages_and_a_warning_say_so(team):
    team.services = replace(team.services, policy_texts=lambda: {"kpis.yaml": b"version: 1\n"})
    team.deal("Acme", amount=1000)
    team.run()
    whys = {row["id"]: row.get("why", "") for row in kpis(team.services, NAME) if not row["dims"]}
    assert whys["open_deals_aged_share"].endswith("no process is in force, so the stage of every deal is unknown")
    assert NO_PROCESS in answer(team.services, NAME).remarks
