"""Reps pause a deal by a date and a reason on its record."""

from dataclasses import replace
from datetime import date

import orjson
import polars as pl
import pytest

from model.previous_verdict import ASKED, PreviousVerdict
from policies.judging.context import Context
from policies.judging.judge import judge
from policies.reporting.report import exempt_deals, report_on
from tests.policies.judge import views
from tests.policies.judge.build import blank, day, policies, policy, wide

DEAL = {"last_activity": date(2026, 10, 1), "stage_name": "Demo", "_owner_id": "005A"}
RULES = policies(policy(pausable=True))


def asked(until, reason="Buyer is on leave until then", readable=True):
    rows = [] if until is None and readable else [(1, until and day(until), reason, readable)]
    return pl.DataFrame(rows, schema=ASKED, orient="row")


def judged_daily(*days, rules=RULES):
    """Judge day by day; each day is (date, pause on record, what changes on the deal)."""
    previous, deal, shown = PreviousVerdict(), DEAL, []
    for on, record, *changed in days:
        deal = deal | (changed[0] if changed else {})
        v = judge(wide(deal, on=day(on)), rules, replace(previous, asked=record), Context())
        previous = views.previous(v)
        shown.append(bool(views.findings(v)["shown"].any()))
    return shown, v


def checked(v):
    return orjson.loads(views.deals(v)["detail"].item())["checked"]


def test_a_pause_hides_a_flag_through_its_local_day_and_not_a_day_longer():
    record = asked("2026-11-30")
    shown, _ = judged_daily(("2026-11-29", record), ("2026-11-30", record), ("2026-12-01", record))
    assert shown == [False, False, True]


def test_a_paused_deal_costs_nothing_and_its_record_says_until_when():
    _, v = judged_daily(("2026-11-20", asked("2026-11-30")))
    assert (views.scores(v)["score"].item(), checked(v)) == (100, ["Paused until 30 Nov 2026."])
    assert orjson.loads(views.findings(v)["flag"].item())["excuse"] == {
        "why": "paused", "until": "2026-11-30", "text": "Paused until 30 Nov 2026: Buyer is on leave until then",
    }  # fmt: skip


def test_only_pausable_policies_are_paused():
    shown, _ = judged_daily(("2026-11-20", asked("2026-11-30")), rules=policies(policy()))
    assert shown == [True]


def test_where_no_policy_can_be_paused_the_record_says_so_and_no_kpi_leaves_the_deal_out():
    _, v = judged_daily(("2026-11-20", asked("2026-11-30")), rules=policies(policy()))
    assert checked(v) == ["The pause does not count: no policy here can be paused."]
    assert exempt_deals(report_on(v)) == frozenset()


@pytest.mark.parametrize("reason", [None, "  ", "tbd", "N/A", "."])
def test_a_pause_without_a_reason_is_none_and_says_so(reason):
    shown, v = judged_daily(("2026-11-20", asked("2026-11-30", reason)))
    assert (shown, checked(v)) == ([True], ["The pause does not count: it has no reason."])


def test_a_reason_that_is_written_later_lets_the_pause_begin():
    shown, _ = judged_daily(("2026-11-20", asked("2026-11-30", "tbd")), ("2026-11-21", asked("2026-11-30", "On leave")))
    assert shown == [True, False]


def test_a_pause_lasts_thirty_days_at_most():
    record = asked("2027-03-01")
    shown, v = judged_daily(("2026-11-20", record), ("2026-12-20", record), ("2026-12-21", record))
    assert shown == [False, False, True]
    assert checked(v) == ["The pause ended on 20 Dec 2026: 30 days are the most."]


def test_a_deal_is_paused_twice_a_stage_at_most():
    shown, v = judged_daily(
        ("2026-11-01", asked("2026-11-05")), ("2026-11-06", asked("2026-11-10")), ("2026-11-11", asked("2026-11-20"))
    )
    assert shown == [False, False, True]
    assert checked(v) == ["The pause does not count: the deal was paused 2 times in this stage."]


def test_a_longer_date_is_another_pause():
    shown, _ = judged_daily(
        ("2026-11-01", asked("2026-11-05")), ("2026-11-03", asked("2026-11-25")), ("2026-11-04", asked("2026-11-28"))
    )
    assert shown == [False, False, True]


@pytest.mark.parametrize("change", [{"stage_name": "Proposal"}, {"_owner_id": "005B"}])
def test_a_pause_ends_when_the_deal_moves_or_changes_hands(change):
    record = asked("2026-11-30")
    shown, v = judged_daily(("2026-11-20", record), ("2026-11-21", record, change), ("2026-11-22", record, DEAL))
    assert shown == [False, True, True]
    assert checked(v) == ["The pause ended on 21 Nov 2026, when the deal moved or changed hands."]


def test_a_new_stage_may_be_paused_anew():
    shown, _ = judged_daily(
        ("2026-11-20", asked("2026-11-30")), ("2026-11-21", asked("2026-12-01"), {"stage_name": "Proposal"})
    )
    assert shown == [False, False]


def test_a_date_that_is_taken_off_ends_the_pause_and_the_same_date_again_is_another_one():
    record = asked("2026-11-30")
    shown, v = judged_daily(("2026-11-20", record), ("2026-11-21", asked(None)), ("2026-11-22", record))
    assert shown == [False, True, False]
    assert v.pauses.frame()["number"].to_list() == [1, 2]


def test_a_pause_with_fields_that_can_no_longer_be_read_stays_in_force():
    shown, _ = judged_daily(("2026-11-20", asked("2026-11-30")), ("2026-11-21", asked(None, readable=False)))
    assert shown == [False, False]


def test_a_pause_that_was_over_when_it_was_taken_off_stays_over_though_its_fields_can_no_longer_be_read():
    shown, v = judged_daily(
        ("2026-11-20", asked("2026-11-21")), ("2026-11-23", asked(None)), ("2026-11-24", asked(None, readable=False))
    )
    assert (shown, checked(v)) == ([False, True, True], [])


UNREADABLE = {"last_activity": None, "unknown": ["last_activity"]}


def test_a_pause_that_ends_while_nobody_can_read_the_fact_brings_no_flag_onto_the_record():
    record = asked("2026-11-21")
    seen_again = ("2026-11-23", record, DEAL | {"unknown": []})
    shown, _ = judged_daily(
        ("2026-11-20", record), ("2026-11-21", record, UNREADABLE), ("2026-11-22", record), seen_again
    )
    assert shown == [False, False, False, True]


def test_a_deal_paused_while_its_fact_cannot_be_read_costs_nothing_and_says_until_when():
    rules = policies(policy(pausable=True), policy("no-step", blank("next_step"), points=85))
    record = asked("2026-11-30")
    shown, v = judged_daily(
        ("2026-11-20", asked(None), {"next_step": "Call"}), ("2026-11-21", record, UNREADABLE), rules=rules
    )
    assert (shown, views.scores(v)["score"].item()) == ([True, False], 100)
    assert checked(v)[0] == "Paused until 30 Nov 2026."


def test_a_date_in_the_past_pauses_nothing_and_is_no_mistake():
    shown, v = judged_daily(("2026-11-20", asked("2026-11-19")))
    assert (shown, checked(v)) == ([True], [])


def test_what_a_paused_deal_says_does_not_change_from_day_to_day():
    record = asked("2026-11-30")
    _, first = judged_daily(("2026-11-20", record))
    _, later = judged_daily(("2026-11-20", record), ("2026-11-25", record))
    assert views.findings(later).equals(views.findings(first))
    assert views.deals(later).equals(views.deals(first))


def test_pauses_of_other_deals_are_remembered():
    row = {"key": 9, "number": 1, "asked": day("2026-11-30"), "until": day("2026-11-30"), "reason": "On leave",
           "began": day("2026-11-19"), "stage_name": "Demo", "owner_id": "005A", "ended": None}  # fmt: skip
    previous = PreviousVerdict(pauses=pl.DataFrame([row], schema=PreviousVerdict().pauses.schema))
    v = judge(wide(DEAL), RULES, previous, Context())
    assert v.pauses.frame()["key"].to_list() == [9]
