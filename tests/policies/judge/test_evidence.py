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
MEDIAN = Arithmetic("*", number("1.5"), fact("stage_median_days"))
CASES = [
    Case(since("last_activity", 14), {"last_activity": day("2026-11-03"), "touched": True},
         "No touch since 3 Nov 2026; limit 14 days.", "2026-11-17", "2026-11-03", 14),
    Case(since("last_activity", 14, ">"), {"last_activity": day("2026-11-03"), "touched": True},
         "No touch since 3 Nov 2026; limit 14 days.", "2026-11-18", "2026-11-03", 14),
    Case(since("last_activity", 14), {"last_activity": day("2026-10-01"), "touched": False},
         "Never touched since 1 Oct 2026; limit 14 days.", "2026-10-15", "2026-10-01", 14),
    Case(compare("last_activity", ">=", 5, "business_days_since"),
         {"last_activity": day("2026-11-06"), "touched": True},
         "No touch since 6 Nov 2026; limit 5 business days.", "2026-11-13", "2026-11-06", 5),
    Case(since("close_date", 0, ">"), {"close_date": day("2026-11-03")},
         "Close date 3 Nov 2026 has passed.", "2026-11-04", "2026-11-03", 0),
    Case(compare("close_date", "<", 0, "days_until"), {"close_date": day("2026-11-03")},
         "Close date 3 Nov 2026 has passed.", "2026-11-04", "2026-11-03", 0),
    Case(compare("close_date", "<=", 7, "days_until"), {"close_date": day("2026-11-25")},
         "Close date 25 Nov 2026; limit 7 days ahead.", "2026-11-18", "2026-11-25", 7),
    Case(since("created", 90), {"created": day("2026-08-01")},
         "Created 1 Aug 2026; limit 90 days.", "2026-10-30", "2026-08-01", 90),
    Case(compare("days_in_stage", ">", 30), {"days_in_stage": 40},
         "Over 30 days in its stage since 11 Nov 2026.", "2026-11-11", 40, 30),
    Case(condition(Compare(">=", fact("days_in_stage"), MEDIAN)), {"days_in_stage": 25, "stage_median_days": 14},
         "At least 21 days in its stage (1.5 × the stage's median 14) since 16 Nov 2026.", "2026-11-16", 25, 21.0),
    Case(condition(Compare(">=", fact("days_in_stage"), MEDIAN)),
         {"days_in_stage": 25, "stage_median_days": 14, "_median_source": "band"},
         "At least 21 days in its stage (1.5 × the expected 14 days) since 16 Nov 2026.", "2026-11-16", 25, 21.0),
    Case(blank("amount"), {"amount": None}, "Amount is blank; first seen 20 Nov 2026.", "2026-11-20"),
    Case(compare("amount", "<", 1000), {"amount": Decimal("999.5")},
         "Amount 999.5; limit 1,000; first seen 20 Nov 2026.", "2026-11-20", "999.5", 1000),
    Case(compare("pushes", ">=", 3), {"pushes": 4},
         "Close date pushed 4 times; limit 3; first seen 20 Nov 2026.", "2026-11-20", 4, 3),
    Case(compare("pushes", ">=", 1), {"pushes": 1},
         "Close date pushed 1 time; limit 1; first seen 20 Nov 2026.", "2026-11-20", 1, 1),
    Case(compare("created", "=", 1, "days_since"), {"created": day("2026-11-19")},
         "Created 19 Nov 2026; limit 1 day.", "2026-11-20", "2026-11-19", 1),
    Case(compare("contact_count", "=", 0), {"contact_count": 0},
         "Contacts on the deal: 0; first seen 20 Nov 2026.", "2026-11-20", 0, 0),
    Case(compare("touches_30d", "<", 2), {"touches_30d": 1},
         "Touches in 30 days under 2; first seen 20 Nov 2026.", "2026-11-20", 1, 2),
    Case(no("has_next_step"), {"has_next_step": False},
         f"{NO_STEP.removesuffix('.')}; first seen 20 Nov 2026.", "2026-11-20", NO, NO),
    Case(no("has_next_step"), {"has_next_step": False, "next_step_due": day("2026-11-10")},
         "The next step was due on 10 Nov 2026.", "2026-11-11", NO, NO),
    Case(no("owner_is_active"), {"owner_is_active": False},
         "Its owner can no longer log in; first seen 20 Nov 2026.", "2026-11-20", NO, NO),
    Case(yes("contract_sent"), {"contract_sent": True},
         "Contract sent: yes; first seen 20 Nov 2026.", "2026-11-20", YES, YES),
    Case(compare("stage", "=", "discovery"),
         {"stage": "discovery", "stage_name": "Needs Analysis", "stage_since": day("2026-11-02")},
         "Its stage is Needs Analysis.", "2026-11-02", "discovery", "discovery"),
    Case(condition(Contains(fact("name"), Const("test", "test"))), {"name": "A test deal"},
         "Name is 'A test deal'; first seen 20 Nov 2026.", "2026-11-20", "A test deal", "test"),
    Case(condition(Not(Contains(fact("contact_roles"), Const("champion", "Champion")))),
         {"contact_roles": ["Buyer", "Other"]},
         "Contact roles 'Buyer', 'Other' without 'Champion'; first seen 20 Nov 2026.", "2026-11-20",
         ["Buyer", "Other"], "Champion"),
    Case(condition(Among(fact("next_step"), (Const("call", "call"), Const("mail", "mail")), negated=False)),
         {"next_step": "Call"}, "Next step is 'Call'; first seen 20 Nov 2026.", "2026-11-20", "Call", ["call", "mail"]),
    Case(condition(Among(fact("next_step"), (Const("call", "call"), Const("mail", "mail")), negated=True)),
         {"next_step": "wait"}, "Next step is 'wait', not 'call', 'mail'; first seen 20 Nov 2026.", "2026-11-20",
         "wait", ["call", "mail"]),
    Case(condition(Between(fact("pushes"), number(2), number(5))), {"pushes": 4},
         "Close date pushed 4 times; between 2 and 5; first seen 20 Nov 2026.", "2026-11-20", 4, [2, 5]),
    Case(condition(IsBlank(fact("next_step"), negated=True)), {"next_step": "call"},
         "Next step is 'call'; first seen 20 Nov 2026.", "2026-11-20", "call"),
    Case(condition(Compare(">", Call("length", fact("next_step")), number(3))), {"next_step": "call"},
         "Next step 'call'; limit 3; first seen 20 Nov 2026.", "2026-11-20", "call", 3),
    Case(condition(Compare(">", Arithmetic("+", fact("pushes"), number(1)), number(3))), {"pushes": 4},
         "Its condition holds; first seen 20 Nov 2026.", "2026-11-20"),
    Case(both(yes("is_open"), since("last_activity", 14)), {"last_activity": day("2026-11-03")},
         "No touch since 3 Nov 2026; limit 14 days.", "2026-11-17", "2026-11-03", 14),
    Case(both(since("close_date", 0, ">"), since("last_activity", 14)),
         {"last_activity": day("2026-11-03"), "close_date": day("2026-11-18")},
         "Close date 18 Nov 2026 has passed. No touch since 3 Nov 2026; limit 14 days.", "2026-11-19", "2026-11-18", 0),
    Case(either(since("close_date", 0, ">"), since("last_activity", 14)),
         {"last_activity": day("2026-11-03"), "close_date": day("2026-11-18")},
         "Close date 18 Nov 2026 has passed. No touch since 3 Nov 2026; limit 14 days.", "2026-11-17",
         "2026-11-03", 14),
    Case(either(since("close_date", 0, ">"), since("last_activity", 14)),
         {"last_activity": day("2026-11-19"), "close_date": day("2026-11-18")},
         "Close date 18 Nov 2026 has passed.", "2026-11-19", "2026-11-18", 0),
    Case(condition(Not(both(since("last_activity", 14, "<"), yes("has_next_step")).tree)),
         {"last_activity": day("2026-11-03"), "has_next_step": True},
         "No touch since 3 Nov 2026; limit 14 days.", "2026-11-17", "2026-11-03", 14),
    Case(both(no("has_next_step"), compare("days_in_stage", ">", 30)), {"has_next_step": False, "days_in_stage": 40},
         f"{NO_STEP} Over 30 days in its stage since 11 Nov 2026; first seen 20 Nov 2026.", "2026-11-20",
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


def test_what_facts_cannot_date_keeps_the_day_it_was_first_seen():
    first, _ = flag({"amount": None}, blank("amount"), on=day("2026-11-03"))
    _, found = flag({"amount": None}, blank("amount"), views.previous(first))
    assert (found["since"], found["evidence"]["text"]) == ("2026-11-03", "Amount is blank; first seen 3 Nov 2026.")


@pytest.mark.parametrize(
    ("word", "reason"),
    [("late", "the activity feed is late"), ("unlogged", "the owner's team logs almost nothing")],
)
def test_an_unknown_activity_says_why(word, reason):
    seen = wide({"unknown": ["last_activity"]})
    seen = replace(seen, frame=seen.frame.with_columns(_activity_unknown=pl.lit(word)))
    v = judge(seen, policies(policy()), PreviousVerdict(), Context())
    assert orjson.loads(views.findings(v)["flag"].item()) == {
        "policy": "no-activity", "missing": ["last_activity"], "why": f"Last activity could not be read ({reason}).",
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
