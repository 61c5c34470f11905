"""KPIs that users define in their policy files, and conditions that narrow KPIs, on a connection that runs."""

from dataclasses import replace

import pytest

from model.errors import SettingsProblem
from tests.worker.governed import NAME, governed, measuring
from worker.pipeline.measuring import KpiQuestion
from worker.usecases.connection import check
from worker.usecases.kpis import kpis

POLICIES = b"version: 1\n"
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


@pytest.fixture
def team(tmp_path):
    with governed(tmp_path, currency="USD") as opened:
        team = measuring(opened)
        team.deal("Small", amount=10)
        team.deal("Large", amount=1000)
        yield team


def with_files(team, **texts):
    files = {f"{name}.yaml": text for name, text in texts.items()}
    team.services = replace(team.services, policy_texts=lambda: files)


def narrowed(team, kpi_scope="", scope=""):
    settings = team.services.settings
    connection = settings.connections[NAME].model_copy(update={"kpi_scope": kpi_scope, "scope": scope})
    given = settings.model_copy(update={"connections": {NAME: connection}})
    team.services = replace(team.services, settings=given)


def value(team, kpi, **asked):
    rows = kpis(team.services, NAME, KpiQuestion(**asked), only=kpi) if asked else kpis(team.services, NAME, only=kpi)
    return next(row for row in rows if not row["dims"])


def test_a_kpi_of_a_file_beside_the_policies_is_measured_in_every_run_and_by_each_dimension(team):
    with_files(team, policies=POLICIES, kpis=OURS)
    assert team.run().remarks == []
    row = value(team, "large_deals")
    assert (row["value"], row["title"], row["unit"]) == (1, "Large open deals", "deals")
    assert any(row["dims"].keys() == {"owner"} for row in kpis(team.services, NAME, only="large_deals"))
    assert value(team, "large_deals", window="90d")["value"] == 1


def test_with_a_mistake_in_the_file_the_last_valid_kpis_are_measured_and_the_run_says_so(team):
    with_files(team, policies=POLICIES, kpis=OURS)
    team.run()
    with_files(team, policies=POLICIES, kpis=BROKEN)
    (remark,) = team.run().remarks
    assert "1 mistake, so the last valid ones are measured. First: kpis.yaml:7:25: " in remark
    assert "did you mean 'amount_home'?" in remark
    assert value(team, "large_deals")["value"] == 1
    assert any(remark in one.text for one in check(team.services, NAME))


def test_without_any_valid_file_the_shipped_kpis_are_measured(team):
    with_files(team, policies=POLICIES, kpis=BROKEN)
    assert "only the shipped ones are measured" in team.run().remarks[0]
    assert value(team, "pipeline_value")["value"] == "1010"
    with pytest.raises(
        SettingsProblem,
        match=r"^large_deals is in kpis.yaml, but has 1 mistake: .*did you mean 'amount_home'.* \(kpis.yaml:7\)",
    ):
        value(team, "large_deals")


def test_files_kept_for_their_kpis_are_no_policies(team):
    with_files(team, policies=POLICIES, kpis=OURS)
    digest = team.run().policy_digest
    with_files(team, policies=POLICIES.replace(b"1", b"7"), kpis=OURS)
    assert team.run(unwatched=True).policy_digest == digest


def test_a_connections_scope_narrows_every_kpi_and_stands_beside_the_value(team):
    narrowed(team, "amount_home > 500")
    team.run()
    row = value(team, "pipeline_value")
    assert (row["value"], row["scope"], "where" in row) == ("1000", "amount_home > 500", False)
    both = value(team, "pipeline_value", where="name = 'Small'")
    assert (both["value"], both["n"], both["where"]) == ("0", 0, "name = 'Small'")


def test_deals_of_unknown_scope_are_left_out_and_counted(team):
    narrowed(team, "segment = 'smb' or amount_home > 500")  # nothing is mapped for segment
    team.run()
    row = value(team, "pipeline_value")
    why = "nothing is mapped for segment, which kpi_scope names; 1 deal of unknown scope left out"
    assert (row["value"], row["n"], row["why"]) == ("1000", 1, why)
    assert "why" not in value(team, "won_deals")
    assert any("Nothing is mapped for segment, which kpi_scope names" in one.text for one in check(team.services, NAME))


def test_a_mistake_in_the_scope_stops_no_run_and_is_said_with_its_place(team):
    narrowed(team, "amuont_home > 500")
    (remark,) = [one for one in team.run().remarks if "KPIs" in one]
    assert remark.startswith(f"No KPIs were measured: connections.{NAME}.kpi_scope:1:1: unknown fact 'amuont_home'")
    assert any("kpi_scope:1:1" in one.text for one in check(team.services, NAME))


def test_a_mistake_in_a_condition_of_a_question_is_refused_with_its_place(team):
    team.run()
    with pytest.raises(SettingsProblem, match=r"^--where:1:13: unknown fact 'ownr'; did you mean 'owner'"):
        value(team, "pipeline_value", where="is_open and ownr = 'Ann'")


def test_a_value_that_neither_the_crm_lists_nor_a_deal_has_is_refused_with_a_likely_one(team):
    team.run()
    with pytest.raises(
        SettingsProblem, match=r"^--where:1:13: 'New Custmer' is not a value of deal_type; did you mean"
    ):
        value(team, "pipeline_value", where="deal_type = 'New Custmer'")
    with pytest.raises(SettingsProblem, match=r"^--where:1:9: 'discvery' is not a value of stage; did you mean"):
        value(team, "pipeline_value", where="stage = 'discvery'")
    assert value(team, "pipeline_value", where="deal_type = 'new customer'")["value"] == "0"


def test_a_value_that_the_crm_no_longer_lists_is_taken_while_a_deal_has_it(team):
    team.deal("Old", amount=5, Type="Reseller")
    team.run()
    assert value(team, "pipeline_value", where="deal_type = 'Reseller'")["value"] == "5"


def test_an_unknown_value_in_the_scope_is_said_by_the_run_and_by_check(team):
    narrowed(team, "deal_type != 'Internl'")
    (remark,) = [one for one in team.run().remarks if "KPIs" in one]
    assert f"connections.{NAME}.kpi_scope:1:14: 'Internl' is not a value of deal_type; it is one of" in remark
    assert any("'Internl' is not a value of deal_type" in one.text for one in check(team.services, NAME))


@pytest.mark.parametrize("scope", ["deal_type = 'New Custmer'", "stage = 'discvery'"])
def test_a_value_that_the_scope_of_judging_misspells_stops_the_run_before_any_flag_and_check_says_so(team, scope):
    team.run()
    writes = len(team.driver.writes())
    narrowed(team, scope=scope)
    with pytest.raises(
        SettingsProblem, match=rf"^connections.{NAME}.scope:1:\d+: '.*' is not a value of .*; did you mean"
    ):
        team.run()
    assert len(team.driver.writes()) == writes
    assert any(f"No deal is judged: connections.{NAME}.scope:1" in one.text for one in check(team.services, NAME))


def test_a_scope_may_name_a_value_that_only_a_deal_still_has(team):
    team.deal("Old", amount=5, Type="Reseller")
    narrowed(team, scope="deal_type = 'Reseller'")
    assert team.run().deals == 3
