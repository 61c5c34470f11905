"""`kpis NAME` after a change of settings and files: what changed since the run is measured again, and named."""

import shutil
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.stores import empty_store
from tests.worker.governed import NAME, governed, measuring
from worker.pipeline.measuring import KpiQuestion
from worker.usecases.kpis import answer, measure_only
from worker.wiring import Services

POLICIES = b"""version: 1
processes:
  - id: sales
    stages:
      - {id: discovery, expected_days: [1, 14], names: {salesforce: [Prospecting]}}
"""
OURS = b"""version: 1
kpis:
  - name: large_deals
    label: Large open deals
    type: simple
    measure: {agg: count}
    filter: is_open and amount_home > 500
    window: as_of
"""
BROKEN = OURS.replace(b"amount_home", b"amuont_home")
CHANGED = POLICIES.replace(b"[1, 14]", b"[1, 21]")
NOTHING_CHANGED = ()


@dataclass
class Analyst:
    """Somebody who asks for KPIs of a connection that ran once."""

    services: Services
    folder: Path


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The services and the folder of a connection, after its run."""
    folder = tmp_path_factory.mktemp("ran")
    with governed(folder, currency="USD") as opened:
        team = measuring(opened)
        today = team.services.clock().date().isoformat()
        team.deal("Small", amount=10, close_date=today)
        team.deal("Large", amount=1000, close_date=today)
        with_files(team, policies=POLICIES, kpis=OURS)
        team.run()
        team.services.store.close()
        yield Analyst(team.services, folder)


@pytest.fixture
def analyst(ran, tmp_path):
    shutil.copy(ran.folder / "sluicegate.db", tmp_path / "sluicegate.db")
    store, now = empty_store(tmp_path / "sluicegate.db"), ran.services.clock()
    yield Analyst(replace(ran.services, store=store, clock=lambda: now), tmp_path)
    store.close()


def later(analyst, **delta):
    now = analyst.services.clock() + timedelta(**delta)
    analyst.services = replace(analyst.services, clock=lambda: now)


def with_files(team, **texts):
    files = {f"{name}.yaml": text for name, text in texts.items()}
    team.services = replace(team.services, policy_texts=lambda: files)


def with_settings(analyst, **changes):
    settings = analyst.services.settings
    connection = settings.connections[NAME].model_copy(update=changes)
    analyst.services = replace(
        analyst.services, settings=settings.model_copy(update={"connections": {NAME: connection}})
    )


def target(analyst, amount):
    path = analyst.folder / "targets.csv"
    month = analyst.services.clock().date()
    path.write_text(f"period,amount\n{month:%Y-%m},{amount}\n", encoding="utf-8")
    with_settings(analyst, targets=path)


def value(analyst, kpi):
    """Value over all deals, and the remarks that stand beside it."""
    found = answer(analyst.services, NAME, only=kpi)
    return next(row["value"] for row in found.rows if not row["dims"]), found.remarks


def test_where_nothing_changed_since_the_run_its_values_are_shown(analyst):
    as_of = answer(analyst.services, NAME).rows[0]["as_of"]
    later(analyst, hours=1)
    found = answer(analyst.services, NAME)
    assert (found.rows[0]["as_of"], found.remarks) == (as_of, NOTHING_CHANGED)


def test_targets_that_are_named_or_edited_after_the_run_are_measured_with_at_once(analyst):
    for amount, left in ((2020, 0.5), (4040, 0.25)):
        target(analyst, amount)
        coverage, (remark,) = value(analyst, "pipeline_coverage")
        assert coverage == left
        assert remark == "Since run 1, targets.csv changed, so these values were measured again now."
    measure_only(analyst.services, NAME, None)
    assert value(analyst, "pipeline_coverage") == (0.25, NOTHING_CHANGED)


def test_a_scope_that_is_set_after_the_run_narrows_the_values_at_once(analyst):
    with_settings(analyst, kpi_scope="amount_home > 500")
    assert value(analyst, "pipeline_value")[0] == "1000"
    with_settings(analyst, kpi_scope="amount_home < 500", fiscal_year_starts=2)
    found, (remark,) = value(analyst, "pipeline_value")
    assert (found, remark.startswith("Since run 1, fiscal_year_starts and kpi_scope changed,")) == ("10", True)


def test_an_own_kpi_that_is_edited_after_the_run_is_measured_anew_in_every_view(analyst):
    with_files(analyst, policies=POLICIES, kpis=OURS.replace(b"> 500", b"> 5"))
    found, (remark,) = value(analyst, "large_deals")
    asked = answer(analyst.services, NAME, KpiQuestion((("owner",),)), "large_deals").rows
    assert found == next(row["value"] for row in asked if not row["dims"]) == 2
    assert remark.startswith("Since run 1, kpis.yaml changed,")


def test_a_comment_or_another_line_in_a_file_changes_no_value(analyst):
    with_files(analyst, policies=POLICIES, kpis=OURS.replace(b"kpis:", b"# ours\n\nkpis:"))
    assert value(analyst, "large_deals") == (1, NOTHING_CHANGED)


def test_policies_that_change_are_named(analyst):
    with_files(analyst, policies=CHANGED, kpis=OURS)
    assert value(analyst, "large_deals")[1][0].startswith("Since run 1, the policies changed,")


def test_while_a_file_of_targets_has_a_mistake_the_values_of_the_run_are_shown_with_its_place(analyst):
    target(analyst, "plenty")
    found, (remark,) = value(analyst, "pipeline_value")
    assert found == "1010"
    assert remark.startswith("These are the values of run 1, because nothing can be measured now: ")
    assert "targets.csv:2: 'plenty' is no number" in remark


def test_a_mapping_that_changed_says_that_a_run_reads_by_it(analyst):
    with_settings(analyst, fields={"segment": "Segment__c"})
    remarks = value(analyst, "pipeline_value")[1]
    assert remarks[1] == f"The CRM is read by fields: a change takes effect with `sluicegate run {NAME}`."


def test_the_values_of_a_run_that_kept_nothing_of_its_settings_are_measured_again(analyst):
    with analyst.services.store.database.writing() as sql:
        sql.run("UPDATE run SET measured_with = NULL")
    later(analyst, hours=1)
    (remark,) = answer(analyst.services, NAME).remarks
    assert remark == "Run 1 did not keep what it measured with, so these values were measured again now."


def test_with_a_mistake_in_a_kpi_file_the_values_are_of_the_last_valid_one_and_say_so(analyst):
    with_files(analyst, policies=POLICIES, kpis=BROKEN)
    for found in (answer(analyst.services, NAME), measure_only(analyst.services, NAME, None)):
        (remark,) = found.remarks
        assert remark.startswith("The KPIs of your files have 1 mistake, so the last valid ones are measured.")
        assert remark.endswith("`sluicegate kpis test` lists them all.")
    assert value(analyst, "large_deals")[0] == 1


def test_with_a_mistake_in_a_policy_the_last_valid_policies_are_used_and_the_answer_says_so(analyst):
    with_files(analyst, policies=POLICIES.replace(b"stages:", b"stagse:"), kpis=OURS)
    found, (remark,) = value(analyst, "large_deals")
    assert found == 1
    assert remark.startswith("The policy files have 1 mistake, so the last valid policies are used. First: policies.")
    assert remark.endswith("`sluicegate policies validate` lists them all.")


def test_a_past_day_is_measured_with_the_last_valid_kpis_too(analyst):
    then = analyst.services.clock()
    with_files(analyst, policies=POLICIES, kpis=BROKEN)
    later(analyst, days=1)
    assert [row["value"] for row in answer(analyst.services, NAME, only="large_deals", as_of=then).rows][:1] == [1]
