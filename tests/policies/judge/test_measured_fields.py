"""What a rule measures: the fields that clear its flags when they change."""

from dataclasses import replace

import pytest

from model.facts import FACTS
from model.records import OPPORTUNITY
from policies.files import read_policies
from policies.judging.rules import rules_of
from policies.trying.measured_fields import meaning_of, measured
from worker.packs import pack_texts

FEEDS = {"activities", "contact_roles"}


def rules(condition, applies_to="is_open", more=""):
    text = f"""version: 1
policies:
  - {{id: p, title: P, applies_to: {applies_to}, flag_if: {condition}, severity: info, points: 1, fix: Do,
     owner: ops{more}}}
processes:
  - id: deals
    applies_to: pipeline = 'New'
    stages:
      - {{id: one, names: {{salesforce: [One]}}, exit: [{{id: c, title: C, require: next_step is not blank, fix: Do}}]}}
      - {{id: won, names: {{salesforce: [Won]}}}}
"""
    return read_policies({"ours.yaml": text})


def of(found, id_="p"):
    return next(rule for rule in rules_of(found) if rule.id == id_)


@pytest.mark.parametrize(
    ("condition", "fields"),
    [
        ("amount is blank", {"amount"}),
        ("days_since(last_activity) >= 14", {"last_activity", "activities"}),
        ("pushes >= 2", {"pushes", "close_date"}),
        ("days_in_stage > 30", {"days_in_stage", "stage_name"}),
        ("not has_next_step", {"has_next_step", "next_step", "activities"}),
        ("contact_count = 0", {"contact_count", "contact_roles"}),
        ("not budget_confirmed", {"budget_confirmed"}),
        ("amount_home > 5 and stage = 'one'", {"amount_home", "amount", "currency", "stage", "stage_name"}),
    ],
)
def test_a_policy_measures_what_its_condition_looks_at(condition, fields):
    assert measured(of(rules(condition, applies_to="owner = 'Ann'"))) == fields


def test_a_criterion_is_also_answered_by_a_move():
    assert measured(of(rules("is_open"), "deals/one/c")) == {"next_step", "stage_name"}


def test_every_rule_of_the_packs_measures_something_that_can_change():
    known = {*OPPORTUNITY, *FEEDS}
    for text in pack_texts().values():
        for rule in rules_of(read_policies({"pack.yaml": text})):
            assert measured(rule) & (known | rule.facts)
            assert measured(rule) - known <= rule.facts, "fields of the record, feeds, and facts that may be mapped"
    assert {need for fact in FACTS.values() for need in fact.needs} <= {
        *OPPORTUNITY, *FEEDS, "stage_history", "date_history", "mapping",
    }  # fmt: skip


def test_a_rule_means_another_thing_when_its_words_change_and_the_same_when_others_do():
    old = rules("amount < 5")
    for other, same in [(rules("amount < 5", more=", topic: t"), False), (rules("amount < 6"), False),
                        (replace(old, digest="another"), True)]:  # fmt: skip
        assert (meaning_of(of(old), old) == meaning_of(of(other), other)) is same
        assert meaning_of(of(old, "deals/one/c"), old) == meaning_of(of(other, "deals/one/c"), other)
