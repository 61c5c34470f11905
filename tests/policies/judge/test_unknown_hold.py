"""Unknown holds for seven days, then it is withdrawn with that reason."""

from datetime import date

import orjson

from model.previous_verdict import PreviousVerdict
from model.sync import OUR_FIELDS, FieldRule
from policies.judging.context import Context
from policies.judging.judge import judge
from policies.reporting.finding import split
from policies.reporting.report import report_on
from tests.policies.judge import views
from tests.policies.judge.build import blank, criterion, day, later, moves, policies, policy, process, wide, yes

RULES = {name: FieldRule("long_text", 1000) for name in OUR_FIELDS}
START = date(2026, 11, 10)
STALE = {"last_activity": date(2026, 10, 20), "amount": 5}
FRESH = {"last_activity": date(2026, 11, 8), "amount": 5}
UNREADABLE = {"unknown": ["last_activity"], "amount": 5}
SET = policies(policy(), policy("no-amount", blank("amount"), points=20))


def run(deal, on, previous=None, rules=SET, **more):
    v = judge(wide(deal, on=on, **more), rules, previous or PreviousVerdict(), Context())
    return v, dict(views.wanted(v, RULES))[1]


def test_a_flag_stays_while_its_fact_is_unreadable_as_it_is_on_the_record():
    first, before = run(STALE, START)
    for days in (1, 3, 6):
        v, now = run(UNREADABLE, later(START, days), views.previous(first))
        assert now == before
        first = v


def test_a_pass_with_a_fact_that_goes_dark_stays_a_pass():
    first, before = run(FRESH, START)
    _, now = run(UNREADABLE, later(START, 1), views.previous(first))
    assert now == before == before | {"score": 100, "flag_count": 0, "checked": None}


def test_a_deal_with_a_held_verdict_is_shown_in_the_stage_that_it_is_in_now():
    sales = policies(policy(), processes=(process(),))
    first, _ = run(STALE, START, rules=sales)
    moved, _ = run(UNREADABLE | {"stage": "proposal"}, later(START, 1), views.previous(first), rules=sales)
    rows = [orjson.loads(views.deals(v)["detail"].item()) for v in (first, moved)]
    assert [(detail["stage"], detail["gate"]["status"]) for detail in rows] == [
        ("discovery", "clear"), ("proposal", "clear"),
    ]  # fmt: skip


def test_after_seven_days_the_flag_is_withdrawn_and_says_why():
    first, _ = run(STALE, START)
    unreadable, _ = run(UNREADABLE, later(START, 1), views.previous(first))
    _, held = run(UNREADABLE, later(START, 7), views.previous(unreadable))
    gone, now = run(UNREADABLE, later(START, 8), views.previous(unreadable))
    why = "Last activity could not be read since 11 Nov 2026; its flag was withdrawn after 7 days"
    assert (held["flag_count"], now["flag_count"], now["flag_ids"]) == (1, 0, None)
    no_score = "No score: 20 of 35 applicable points could be judged; a score needs 60 %."
    assert now["checked"] == f"{no_score} {why}: No activity."
    assert run(UNREADABLE, later(START, 40), views.previous(gone))[1] == now


def test_a_deal_never_judged_before_has_nothing_to_hold():
    v, now = run(UNREADABLE, START)
    assert now["checked"].endswith("Last activity could not be read: No activity.")
    assert views.findings(v)["unknown_since"].to_list() == [None]
    assert run(UNREADABLE, later(START, 1), views.previous(v))[1] == now


def test_when_the_fact_comes_back_the_verdict_moves_again():
    first, _ = run(STALE, START)
    unreadable, _ = run(UNREADABLE, later(START, 1), views.previous(first))
    v, now = run(FRESH, later(START, 2), views.previous(unreadable))
    assert (now["flag_count"], now["score"], views.findings(v).height) == (0, 100, 0)


def test_an_unknown_after_the_fact_came_back_holds_anew():
    first, before = run(STALE, START)
    unreadable, _ = run(UNREADABLE, later(START, 1), views.previous(first))
    light, _ = run(STALE, later(START, 6), views.previous(unreadable))
    assert run(UNREADABLE, later(START, 12), views.previous(light))[1] == before


def test_while_one_unknown_is_held_a_new_flag_shows_but_the_score_stays():
    first, before = run(STALE, START)
    v, now = run(UNREADABLE | {"amount": None}, later(START, 1), views.previous(first))
    assert (now["flag_ids"], now["flag_count"]) == (";no-activity;no-amount;", 2)
    kept = ("score", "gate", "missing", "checked")
    assert [now[name] for name in kept] == [before[name] for name in kept]
    assert sum(points for _, points in views.ledger(report_on(v), 1)) == now["score"]


def test_a_held_flag_is_reported_as_flag_and_as_unknown():
    first, _ = run(STALE, START)
    v, _ = run(UNREADABLE, later(START, 1), views.previous(first))
    row = views.findings(v).row(0, named=True)
    flag, unknown = split(orjson.loads(row["flag"]), row["status"])
    assert (flag["policy"], flag["shown"], flag["since"]) == ("no-activity", True, "2026-11-03")
    assert unknown == {
        "policy": "no-activity",
        "missing": ["last_activity"],
        "why": "Last activity could not be read since 11 Nov 2026.",
    }
    assert set(flag) == {"policy", "title", "mode", "severity", "points", "topic", "since", "evidence", "fix", "shown"}


def test_an_observed_policy_in_the_dark_freezes_nothing():
    rules = policies(policy(mode="observe"), policy("no-amount", blank("amount"), points=20))
    first, _ = run(STALE, START, rules=rules)
    _, now = run(UNREADABLE | {"amount": None}, later(START, 1), views.previous(first), rules=rules)
    assert now["score"] == 80


def test_gate_and_missing_stay_while_a_criterion_is_in_the_dark():
    sales = process(discovery=((), (criterion("pain-known", yes("pain_identified")),)))
    rules, history = policies(processes=(sales,)), moves(1, "2026-11-01 discovery")
    first, before = run({"pain_identified": False}, START, rules=rules, moves=history)
    unreadable, now = run(
        {"unknown": ["pain_identified"]}, later(START, 1), views.previous(first), rules, moves=history
    )
    assert (before["gate"], before["missing"]) == ("waiting", "Pain known")
    assert now == before
    _, after = run({"unknown": ["pain_identified"]}, later(START, 8), views.previous(unreadable), rules, moves=history)
    assert (after["gate"], after["missing"]) == ("unknown", None)
    assert after["checked"] == "Pain identified could not be read since 11 Nov 2026: Pain known."


def test_days_of_holding_are_the_connections():
    first, before = run(STALE, START)
    unreadable = judge(wide(UNREADABLE, on=day("2026-11-11")), SET, views.previous(first), Context(hold_unknown=2))
    late = judge(wide(UNREADABLE, on=day("2026-11-13")), SET, views.previous(unreadable), Context(hold_unknown=2))
    assert (dict(views.wanted(unreadable, RULES))[1], dict(views.wanted(late, RULES))[1]["flag_count"]) == (before, 0)


def test_a_closed_deal_holds_nothing_on_the_record():
    first, _ = run(STALE, START)
    v = judge(wide(UNREADABLE | {"is_open": False}, on=later(START, 1)), SET, views.previous(first), Context())
    assert views.deals(v).select("score", "gate").rows() == [(None, None)]
    assert views.findings(v)["shown"].to_list() == [False]
