"""A condition's formula is TRUE exactly where it surely holds, and its denial exactly where it surely fails."""

from __future__ import annotations

from collections import Counter
from itertools import product

import pytest

from connectors.salesforce.setup.formula import Unsayable, formula
from connectors.salesforce.setup.formula_text import laid_out
from connectors.salesforce.setup.native_facts import readings
from model.sync import Description, Source
from policies.language import Condition, parse_condition
from tests.connectors.native.formulas import Save
from tests.connectors.native.records import DESCRIPTION, KNOWN, Drawn, facts_of
from tests.policies.language.deals import AS_OF
from tests.policies.language.reference import evaluate

DIVIDED = "IF(OR(ISBLANK(ACV__c), ISBLANK(Probability)), FALSE, IF(Probability = 0, FALSE, (ACV__c / Probability) > 9))"
WAYS = [{"blanks": blanks, "eager": eager} for blanks, eager in product(("null", "zero"), (False, True))]


def condition(text, **rules):
    found = parse_condition(text, KNOWN, **rules)
    assert isinstance(found, Condition), [str(problem) for problem in found]
    return found


def formula_of(text, *, wanted=True, description=DESCRIPTION, **rules):
    one = condition(text, **rules)
    return laid_out(formula(one, readings(description, one.facts), wanted=wanted))


def test_formula_and_judge_agree_on_drawn_conditions_and_records_whatever_a_blank_is_to_salesforce():
    drawn, answers = Drawn(seed=20261128), Counter()
    records = [drawn.record() for _ in range(40)]
    deals = [facts_of(record) for record in records]
    for _ in range(500):
        one = condition(drawn.condition(), filler=["tbd", "n/a"], blank=drawn.one("false", "false", "unknown"))
        known = readings(DESCRIPTION, one.facts)
        holds, fails = (laid_out(formula(one, known, wanted=wanted)) for wanted in (True, False))
        for record, deal, way in zip(records, deals, WAYS * 10, strict=True):
            truth, save = evaluate(one, deal, AS_OF), Save(record, today=AS_OF, **way)
            answers[truth] += 1
            assert save.fires(holds) == (truth is True), (one.text, holds, record, way)
            assert save.fires(fails) == (truth is False), (one.text, fails, record, way)
    assert sum(answers.values()) == 20_000
    assert min(answers.values()) >= 1_000, "each answer is met often enough to mean something"


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("next_step is not blank", "NOT(ISBLANK(TRIM(NextStep)))"),
        ("next_step = 'Call'", 'LOWER(TRIM(NextStep)) = "call"'),
        ("deal_type in ('New', 'Old')", 'OR(LOWER(TRIM(TEXT(Type))) = "new", LOWER(TRIM(TEXT(Type))) = "old")'),
        ("amount >= 5000", "AND(NOT(ISBLANK(Amount)), Amount >= 5000)"),
        ("discount_percent > 30", "AND(NOT(ISBLANK(Discount__c)), (Discount__c * 100) > 30)"),
        ("probability > 0.3", "AND(NOT(ISBLANK(Probability)), Probability > 0.3)"),
        ("terms_agreed and not is_test", "AND(Terms__c, NOT(Test__c))"),
        ("days_since(close_date) <= 14", "AND(NOT(ISBLANK(CloseDate)), (TODAY() - CloseDate) <= 14)"),
        ("close_date < '2026-12-01'", "AND(NOT(ISBLANK(CloseDate)), CloseDate < DATE(2026, 12, 1))"),
        ("acv / probability > 9", DIVIDED),
        ("next_step contains 'b\"c'",
         'AND(NOT(ISBLANK(TRIM(NextStep))), CONTAINS(LOWER(TRIM(NextStep)), "b\\"c"))'),
    ],
)  # fmt: skip
def test_what_an_admin_reads(text, formula):
    assert " ".join(formula_of(text).split()).replace("( ", "(").replace(" )", ")") == formula


def test_a_blank_fails_a_comparison_so_its_denial_holds_there():
    assert formula_of("amount >= 5000", wanted=False) == "OR(ISBLANK(Amount), Amount < 5000)"
    assert formula_of("amount >= 5000", wanted=False, blank="unknown") == "AND(NOT(ISBLANK(Amount)), Amount < 5000)"


def test_filler_is_blank_in_a_formula_too():
    filled = formula_of("next_step is not blank", filler=["tbd", "."])
    assert [Save({"NextStep": text}).fires(filled) for text in ("TBD ", " . ", None, "  ", "Call")] == [
        False, False, False, False, True,
    ]  # fmt: skip


def described(name, kind, source):
    return Description(mapped=frozenset({name}), writes={}, types={name: kind}, sources={name: source})


@pytest.mark.parametrize(
    ("text", "description", "reason"),
    [
        ("touched", DESCRIPTION, "touched follows from activities"),
        ("days_since(last_activity) < 9", DESCRIPTION, "last_activity follows from activities"),
        ("days_in_stage < 9", DESCRIPTION, "days_in_stage follows from the history of stages"),
        ("pushes < 2", DESCRIPTION, "pushes follows from the history of a field"),
        ("has_champion", DESCRIPTION, "has_champion follows from contacts and their roles"),
        ("has_next_step", DESCRIPTION, "has_next_step is worked out from several fields"),
        ("owner_is_active", DESCRIPTION, "owner_is_active follows from the owner"),
        ("amount_home > 5", DESCRIPTION, "amount_home is worked out from several fields"),
        ("stage_order > 2", DESCRIPTION, "stage_order follows from the process file"),
        ("budget_confirmed", DESCRIPTION, "no field is mapped for budget_confirmed"),
        ("contact_roles contains 'x'", DESCRIPTION, "contact_roles is a list"),
        ("business_days_since(close_date) > 3", DESCRIPTION, "business days need the connection's calendar"),
        ("is_won", DESCRIPTION, "is_won follows from the stage"),
        ("outstanding_issue is blank",
         described("outstanding_issue", "text", Source("Long__c", "textarea", length=32000)),
         "Long__c is a long text area, which formulas do not take"),
        ("signed_on is blank", described("signed_on", "date", Source("At__c", "datetime")), "in another time zone"),
        ("signed_on is blank", described("signed_on", "date", Source("Said__c", "string")),
         "Said__c is a string field"),
        ("budget_confirmed", described("budget_confirmed", "yes/no", Source("B__c", "picklist", when_blank=False)),
         "budget_confirmed has a when_blank"),
        ("has_champion", described("has_champion", "yes/no", Source("C__c", "boolean")),
         "has_champion is more than the field mapped for it: A role or a mapped field says so"),
        ("budget_confirmed", Description(mapped=frozenset({"budget_confirmed"}), writes={},
                                         types={"budget_confirmed": "yes/no"}),
         "the field mapped for budget_confirmed cannot be read"),
    ],
)  # fmt: skip
def test_what_no_formula_can_say_is_reported_with_its_reason(text, description, reason):
    with pytest.raises(Unsayable, match=reason.replace("(", r"\(")):
        formula_of(text, description=description)


def test_every_reason_is_reported_at_once():
    with pytest.raises(Unsayable) as unsayable:
        formula_of("touched and pushes < 3 and amount > 5 and has_champion")
    assert len(unsayable.value.reasons) == 3
