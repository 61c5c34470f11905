"""Which flags people acted on, by what they really did in the CRM."""

from dataclasses import replace

import pytest

from model.errors import SettingsProblem
from tests.worker.governed import NAME, governed
from worker.usecases.rollout.precision import precision

RULES = """version: 1
policies:
  - {id: amount, title: Small, flag_if: amount is blank or amount < 100, severity: warning, points: 10, fix: Enter it,
     owner: ops}
  - {id: step, title: No step, flag_if: next_step is blank, severity: info, points: 5, fix: Write one, owner: ops}
  - {id: quiet, title: Quiet, flag_if: days_since(last_activity) >= 5, severity: critical, points: 5,
     fix: Call, owner: ops}
"""
STEP = {"next_step": "Call the buyer on Monday"}


def ruled(team, text=RULES):
    team.services = replace(team.services, policy_texts=lambda: {"ours.yaml": text.encode()})


@pytest.fixture
def team(crm, tmp_path):
    with governed(tmp_path, crm) as made:
        ruled(made)
        yield made


def by_policy(team, weeks=4):
    answer = precision(team.services, NAME, weeks)
    return answer, {row["policy"]: row for row in answer["rules"]}


def flagged(team, **changes):
    """A deal with a flag on its amount for a day."""
    deal = team.deal("Acme", amount=5, **{**STEP, **changes})
    team.run()
    team.later(days=1)
    return deal


def test_a_rep_who_mends_the_amount_has_acted_on_the_flag(team):
    deal = flagged(team)
    team.edit(deal, amount=500)
    team.run()
    team.later(days=15)
    team.run()
    row = by_policy(team)[1]["amount"]
    assert (row["acted_on"], row["not_acted_on"], row["why"]) == (1, 0, {"changed by a person": 1})
    assert (row["title"], row["mode"]) == ("Small", "warn")


def test_closing_the_deal_acts_on_its_flags(team):
    deal = flagged(team)
    team.edit(deal, stage=team.driver.lost)
    team.run()
    team.later(days=15)
    assert by_policy(team)[1]["amount"]["why"] == {"deal closed": 1}


def test_deleting_the_deal_does_not(team):
    deal = flagged(team)
    team.driver.delete(deal)
    team.run(full=True)
    team.later(days=15)
    assert by_policy(team)[1]["amount"]["why"] == {"deal gone or out of scope": 1}


def test_a_limit_that_was_lowered_is_nobodys_act(team):
    flagged(team)
    ruled(team, RULES.replace("100", "3"))
    team.run()
    team.later(days=15)
    assert by_policy(team)[1]["amount"]["why"] == {"the policy or its limit moved": 1}


def test_a_policy_that_was_taken_out_is_nobodys_act_and_is_still_listed(team):
    flagged(team)
    ruled(team, RULES.replace("id: amount", "id: size"))
    team.run()
    team.later(days=15)
    rows = by_policy(team)[1]
    assert rows["amount"]["why"] == {"the policy or its limit moved": 1}
    assert (rows["amount"]["title"], rows["size"]["standing"]) == (None, 1)


def test_another_rules_change_leaves_the_reps_act_a_reps_act(team):
    deal = flagged(team)
    team.edit(deal, amount=500)
    ruled(team, RULES.replace("points: 5", "points: 7"))
    team.run()
    team.later(days=15)
    assert by_policy(team)[1]["amount"]["why"] == {"changed by a person": 1}


def test_a_flag_that_is_back_within_a_fortnight_was_not_acted_on(team):
    deal = flagged(team)
    for amount in (500, 5):
        team.edit(deal, amount=amount)
        team.run()
        team.later(days=7)
    team.later(days=10)
    row = by_policy(team)[1]["amount"]
    assert (row["came_back"], row["standing"], row["precision"]["value"]) == (1, 1, 0)


def test_a_call_answers_the_flag_that_asks_for_activity(team):
    deal = team.deal("Acme", amount=500, **STEP)
    team.later(days=6)
    team.run()
    team.later(hours=1)
    team.driver.call(deal)
    team.later(minutes=5)
    team.run()
    team.later(days=15)
    assert by_policy(team)[1]["quiet"]["why"] == {"changed by a person": 1}


def test_filler_that_a_policy_lets_pass_is_no_act(team):
    deal = team.deal("Acme", amount=500)
    team.run()
    team.later(days=1)
    team.edit(deal, next_step="tbd")
    team.run()
    team.later(days=15)
    assert by_policy(team)[1]["step"]["why"] == {"filler or a copied text": 1}


def test_one_text_on_two_of_a_reps_deals_is_no_act(team):
    mine = {} if team.driver.kind == "salesforce" else {"hubspot_owner_id": next(iter(team.driver.portal.owners))}
    deals = [team.deal(f"Acme {n}", amount=500, **mine) for n in (1, 2)]
    team.run()
    team.later(days=1)
    for deal in deals:
        team.edit(deal, next_step="Follow up ")
    team.run()
    team.later(days=15)
    assert by_policy(team)[1]["step"]["why"] == {"filler or a copied text": 2}


def test_in_the_first_fortnight_it_is_too_early_to_say_and_later_than_the_weeks_it_is_over(team):
    deal = flagged(team)
    team.edit(deal, amount=500)
    team.run()
    team.later(days=13)
    assert by_policy(team)[1]["amount"]["too_early"] == 1
    team.later(days=2)
    assert by_policy(team)[1]["amount"]["acted_on"] == 1
    team.later(days=27)
    assert "amount" not in by_policy(team)[1]
    assert by_policy(team, weeks=8)[1]["amount"]["acted_on"] == 1


def test_rules_that_reps_ignore_are_to_be_demoted_and_severities_are_reported(team):
    deals = [team.deal(f"Acme {n}", amount=5, next_step=f"Call number {n}") for n in range(12)]
    team.run()
    team.later(days=1)
    for deal in deals[:2]:
        team.edit(deal, amount=500)
    for deal in deals[2:]:
        team.driver.delete(deal)
    team.run(full=True)
    team.later(days=15)
    answer, rows = by_policy(team)
    assert rows["amount"]["precision"]["value"] == pytest.approx(2 / 12)
    assert answer["demote"] == ["amount"]
    severities = {row["severity"]: row["ended"] for row in answer["severities"]}
    assert severities["warning"] == 12


def test_an_integration_that_is_listed_is_no_person(tmp_path):
    with governed(tmp_path, integration_users=("rep@acme.example",)) as team:
        ruled(team)
        deal = flagged(team)
        team.edit(deal, amount=500)
        team.run()
        team.later(days=15)
        assert by_policy(team)[1]["amount"]["why"] == {"changed by an integration or automation": 1}


def test_a_connection_that_was_never_pulled_has_no_flags(tmp_path):
    with governed(tmp_path) as team, pytest.raises(SettingsProblem, match="'acme' has no deals yet"):
        precision(team.services, NAME, 4)
