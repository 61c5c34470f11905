"""What a flag says: the sentence, the day it began, and the measured value, by kind of condition."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import orjson
import polars as pl
import pytest

from model.previous_verdict import PreviousVerdict
from policies.judging.context import Context
from policies.judging.judge import judge
from policies.language import Among, Arithmetic, Between, Call, Compare, Condition, Const, Contains, IsBlank, Not
from tests.policies.judge import views
from tests.policies.judge.build import (
    TODAY,
    blank,
    both,
    compare,
    condition,
    day,
    either,
    fact,
    no,
    policies,
    policy,
    since,
    wide,
    yes,
)  # fmt: skip


def number(value):
    return Const(Decimal(str(value)), str(value))


def flag(deal, flag_if, previous=None, on=TODAY, **more):
    v = judge(wide(deal, on=on, **more), policies(policy("p", flag_if)), previous or PreviousVerdict(), Context())
    return v, orjson.loads(views.findings(v)["flag"].item())


@dataclass
class Case:
    flag_if: Condition
    deal: dict
    text: str
    since: str
    value: object = None
    limit: object = None


YES, NO = True, False
NO_STEP = "No next step written in this stage, no open task, no meeting ahead."
SILENT = "No touch since 3 Nov 2026, over the limit of 14 days since 17 Nov."
MEDIAN = Arithmetic("*", number("1.5"), fact("stage_median_days"))
CASES = [
    Case(since("last_activity", 14), {"last_activity": day("2026-11-03"), "touched": True},
         SILENT, "2026-11-17", "2026-11-03", 14),
    Case(since("last_activity", 14, ">"), {"last_activity": day("2026-11-03"), "touched": True},
         SILENT.replace("17 Nov", "18 Nov"), "2026-11-18", "2026-11-03", 14),
    Case(since("last_activity", 14), {"last_activity": day("2026-10-01"), "touched": False},
         "Never touched since it was created or re-opened on 1 Oct 2026, "
         "over the limit of 14 days since 15 Oct.", "2026-10-15", "2026-10-01", 14),
    Case(compare("last_activity", ">=", 5, "business_days_since"),
         {"last_activity": day("2026-11-06"), "touched": True},
         "No touch since 6 Nov 2026, over the limit of 5 business days since 13 Nov.", "2026-11-13", "2026-11-06", 5),
    Case(since("close_date", 0, ">"), {"close_date": day("2026-11-03")},
         "Close date 3 Nov 2026 has passed.", "2026-11-04", "2026-11-03", 0),
    Case(compare("close_date", "<", 0, "days_until"), {"close_date": day("2026-11-03")},
         "Close date 3 Nov 2026 has passed.", "2026-11-04", "2026-11-03", 0),
    Case(compare("close_date", "<=", 7, "days_until"), {"close_date": day("2026-11-25")},
         "Close date 25 Nov 2026, at most 7 days ahead since 18 Nov.", "2026-11-18", "2026-11-25", 7),
    Case(since("created", 90), {"created": day("2026-08-01")},
         "Created 1 Aug 2026, over the limit of 90 days since 30 Oct.", "2026-10-30", "2026-08-01", 90),
    Case(compare("days_in_stage", ">", 30), {"days_in_stage": 40},
         "In its stage, past its 30 days since 11 Nov 2026.", "2026-11-11", 40, 30),
    Case(condition(Compare(">=", fact("days_in_stage"), MEDIAN)), {"days_in_stage": 25, "stage_median_days": 14},
         "In its stage, past its 21 days (1.5 × the stage's median of 14) since 16 Nov 2026.", "2026-11-16", 25, 21.0),
    Case(condition(Compare(">=", fact("days_in_stage"), MEDIAN)),
         {"days_in_stage": 25, "stage_median_days": 14, "_median_source": "band"},
         "In its stage, past its 21 days (1.5 × the 14 days expected) since 16 Nov 2026.", "2026-11-16", 25, 21.0),
    Case(blank("amount"), {"amount": None}, "Amount is blank.", "2026-11-20"),
    Case(compare("amount", "<", 1000), {"amount": Decimal("999.5")},
         "Amount 999.5; flagged below 1,000.", "2026-11-20", "999.5", 1000),
    Case(compare("pushes", ">=", 3), {"pushes": 4},
         "Close date pushed 4 times; flagged from 3 on.", "2026-11-20", 4, 3),
    Case(compare("pushes", ">=", 1), {"pushes": 1},
         "Close date pushed 1 time; flagged from 1 on.", "2026-11-20", 1, 1),
    Case(compare("created", "=", 1, "days_since"), {"created": day("2026-11-19")},
         "Created 19 Nov 2026, exactly 1 day ago.", "2026-11-20", "2026-11-19", 1),
    Case(compare("contact_count", "=", 0), {"contact_count": 0},
         "No contact on the deal.", "2026-11-20", 0, 0),
    Case(compare("touches_30d", "<", 2), {"touches_30d": 1},
         "Fewer than 2 touches in the last 30 days.", "2026-11-20", 1, 2),
    Case(no("has_next_step"), {"has_next_step": False},
         NO_STEP, "2026-11-20", NO, NO),
    Case(no("has_next_step"), {"has_next_step": False, "next_step_due": day("2026-11-10")},
         "The next step was due on 10 Nov 2026.", "2026-11-11", NO, NO),
    Case(no("owner_is_active"), {"owner_is_active": False},
         "Its owner has left and can no longer log in.", "2026-11-20", NO, NO),
    Case(yes("contract_sent"), {"contract_sent": True},
         "'Contract sent' is ticked.", "2026-11-20", YES, YES),
    Case(compare("stage", "=", "discovery"),
         {"stage": "discovery", "stage_name": "Needs Analysis", "stage_since": day("2026-11-02")},
         "In Needs Analysis since 2 Nov 2026.", "2026-11-02", "discovery", "discovery"),
    Case(condition(Contains(fact("name"), Const("test", "test"))), {"name": "A test deal"},
         "Name 'A test deal' contains 'test'.", "2026-11-20", "A test deal", "test"),
    Case(condition(Not(Contains(fact("contact_roles"), Const("champion", "Champion")))),
         {"contact_roles": ["Buyer", "Other"]},
         "Contact roles 'Buyer', 'Other' without 'Champion'.", "2026-11-20",
         ["Buyer", "Other"], "Champion"),
    Case(condition(Among(fact("next_step"), (Const("call", "call"), Const("mail", "mail")), negated=False)),
         {"next_step": "Call"}, "Next step is 'Call'.", "2026-11-20", "Call", ["call", "mail"]),
    Case(condition(Among(fact("next_step"), (Const("call", "call"), Const("mail", "mail")), negated=True)),
         {"next_step": "wait"}, "Next step is 'wait', not 'call' or 'mail'.", "2026-11-20",
         "wait", ["call", "mail"]),
    Case(condition(Between(fact("pushes"), number(2), number(5))), {"pushes": 4},
         "Close date pushed 4 times, between 2 and 5.", "2026-11-20", 4, [2, 5]),
    Case(condition(IsBlank(fact("next_step"), negated=True)), {"next_step": "call"},
         "Next step is 'call'.", "2026-11-20", "call"),
    Case(condition(Compare(">", Call("length", fact("next_step")), number(3))), {"next_step": "call"},
         "Next step 'call' is over 3 characters long.", "2026-11-20", "call", 3),
    Case(condition(Compare(">", Arithmetic("+", fact("pushes"), number(1)), number(3))), {"pushes": 4},
         "Pushes + 1 is over 3.", "2026-11-20"),
    Case(both(yes("is_open"), since("last_activity", 14)), {"last_activity": day("2026-11-03")},
         SILENT, "2026-11-17", "2026-11-03", 14),
    Case(both(since("close_date", 0, ">"), since("last_activity", 14)),
         {"last_activity": day("2026-11-03"), "close_date": day("2026-11-18")},
         f"Close date 18 Nov 2026 has passed. {SILENT}", "2026-11-19", "2026-11-18", 0),
    Case(either(since("close_date", 0, ">"), since("last_activity", 14)),
         {"last_activity": day("2026-11-03"), "close_date": day("2026-11-18")},
         f"Close date 18 Nov 2026 has passed. {SILENT}", "2026-11-17",
         "2026-11-03", 14),
    Case(either(since("close_date", 0, ">"), since("last_activity", 14)),
         {"last_activity": day("2026-11-19"), "close_date": day("2026-11-18")},
         "Close date 18 Nov 2026 has passed.", "2026-11-19", "2026-11-18", 0),
    Case(condition(Not(both(since("last_activity", 14, "<"), yes("has_next_step")).tree)),
         {"last_activity": day("2026-11-03"), "has_next_step": True},
         SILENT, "2026-11-17", "2026-11-03", 14),
    Case(both(no("has_next_step"), compare("days_in_stage", ">", 30)), {"has_next_step": False, "days_in_stage": 40},
         f"{NO_STEP} In its stage, past its 30 days since 11 Nov 2026.", "2026-11-20",
         NO, NO),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.text)
def test_a_flag_says_what_was_measured_against_what_and_since_when(case):
    found = flag(case.deal, case.flag_if)[1]
    assert (found["evidence"]["text"], found["since"]) == (case.text, case.since)
    assert (found["evidence"]["value"], found["evidence"]["limit"]) == (case.value, case.limit)


def test_holidays_and_the_weekend_move_the_day_that_business_days_cross():
    deal = {"last_activity": day("2026-11-06"), "touched": True}
    found = flag(deal, compare("last_activity", ">=", 5, "business_days_since"), holidays=(day("2026-11-11"),))[1]
    assert found["since"] == "2026-11-14"


@pytest.mark.parametrize("days", range(1, 12))
def test_the_day_given_is_the_first_on_which_the_policy_is_broken(days):
    rule = compare("last_activity", ">=", days, "business_days_since")
    deal = {"last_activity": day("2026-10-30"), "touched": True}
    began = date.fromisoformat(flag(deal, rule, holidays=(day("2026-11-11"),))[1]["since"])
    on_the_eve = wide(deal, on=date.fromordinal(began.toordinal() - 1), holidays=(day("2026-11-11"),))
    assert flag(deal, rule, on=began, holidays=(day("2026-11-11"),))[1]["since"] == began.isoformat()
    assert views.findings(judge(on_the_eve, policies(policy("p", rule)), PreviousVerdict(), Context())).is_empty()


def test_a_stage_text_names_the_stage_and_the_day_of_entry_not_only_the_day_the_limit_passed():
    deal = {"days_in_stage": 40, "stage_name": "Negotiation", "stage_since": day("2026-10-11")}
    found = flag(deal, compare("days_in_stage", ">", 30))[1]
    assert found["evidence"]["text"] == "In Negotiation since 11 Oct 2026, past its 30 days since 11 Nov."
    assert (found["since"], found["since_from"]) == ("2026-11-11", "history")


def test_a_stage_that_was_left_and_entered_again_says_that_its_visits_are_counted_together():
    deal = {"days_in_stage": 40, "stage_name": "Negotiation", "stage_since": day("2026-11-15")}
    text = flag(deal, compare("days_in_stage", ">", 30))[1]["evidence"]["text"]
    assert text == "In Negotiation, all visits together, past its 30 days since 11 Nov 2026."


@pytest.mark.parametrize(
    ("count", "operator", "limit", "text"),
    [
        (1, "<", 2, "1 contact on the deal; at least 2 are needed."),
        (0, "<=", 0, "No contact on the deal; at least 1 is needed."),
        (1, "<=", 2, "1 contact on the deal; at least 3 are needed."),
    ],
)
def test_contacts_are_counted_and_the_needed_number_is_given(count, operator, limit, text):
    found = flag({"contact_count": count}, compare("contact_count", operator, limit))[1]
    assert (found["evidence"]["text"], found["since_from"]) == (text, "first_seen")


def test_a_mapped_yes_no_field_is_called_what_the_crm_calls_it():
    found = flag({"has_champion": False}, no("has_champion"), labels={"has_champion": "Champion identified"})[1]
    assert found["evidence"]["text"] == "'Champion identified' is not ticked."
    assert flag({"has_champion": False}, no("has_champion"))[1]["evidence"]["text"] == (
        "No contact has the role of champion."
    )


def test_what_facts_cannot_date_keeps_the_day_it_was_first_seen():
    first, _ = flag({"amount": None}, blank("amount"), on=day("2026-11-03"))
    _, found = flag({"amount": None}, blank("amount"), views.previous(first))
    assert (found["since"], found["evidence"]["text"]) == ("2026-11-03", "Amount is blank.")


@pytest.mark.parametrize(
    ("word", "reason"),
    [("late", "the activity feed is late"), ("unlogged", "this team logs too little activity to tell")],
)
def test_an_unknown_activity_says_why(word, reason):
    seen = wide({"unknown": ["last_activity"]})
    seen = replace(seen, frame=seen.frame.with_columns(_activity_unknown=pl.lit(word)))
    v = judge(seen, policies(policy()), PreviousVerdict(), Context())
    assert orjson.loads(views.findings(v)["flag"].item()) == {
        "policy": "no-activity", "missing": ["last_activity"], "why": f"Not judged on silence: {reason}.",
    }  # fmt: skip


def test_the_kind_of_the_last_touch_is_its_source():
    seen = wide({"last_activity": day("2026-11-03")})
    seen = replace(seen, frame=seen.frame.with_columns(_last_touch_kind=pl.lit("call")))
    v = judge(seen, policies(policy()), PreviousVerdict(), Context())
    assert orjson.loads(views.findings(v)["flag"].item())["evidence"]["source"] == "activities: call"


def test_the_source_is_named():
    found = flag({"last_activity": day("2026-11-03")}, since("last_activity", 14))[1]
    assert found["evidence"]["source"] == "activities"
    assert flag({"contract_sent": True}, yes("contract_sent"))[1]["evidence"]["source"] == "a mapped field"
