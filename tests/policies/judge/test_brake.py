"""The brake holds a policy that would change too much at once, and leaves the record as it is."""

from collections import Counter
from dataclasses import replace
from datetime import date

import orjson
import polars as pl
import pytest

from model.calibration import Calibration
from model.previous_verdict import PreviousVerdict
from model.sync import OUR_FIELDS, FieldRule
from policies.files import ModeCase
from policies.judging.brake import Baseline, hold_back, holding, newly_met, over_share, revision_of, tally
from policies.judging.context import Context
from policies.judging.judge import judge
from policies.judging.rules import rules_of
from policies.reporting.report import report_on
from tests.policies.judge import views
from tests.policies.judge.build import (
    compare,
    criterion,
    day,
    moves,
    policies,
    policy,
    process,
    since,
    wide,
    yes,
)

STALE, FRESH = {"last_activity": date(2026, 10, 1)}, {"last_activity": date(2026, 11, 19)}
UNREADABLE = {"last_activity": None, "unknown": ["last_activity"]}
RULES = policies(policy())
NOBODY = pl.DataFrame(schema={"key": pl.Int64, "policy": pl.String, "status": pl.String, "shown": pl.Boolean})
NO_TABLE = Calibration()
FIELDS = {name: FieldRule("long_text", 1000) for name in OUR_FIELDS}


def org(stale, fresh, unreadable=0, rules=RULES, previous=None, **more):
    deals = [STALE] * stale + [FRESH] * fresh + [UNREADABLE] * unreadable
    return judge(wide(*deals, **more), rules, previous or PreviousVerdict(), Context())


def standing(v):
    return views.findings(v).select("key", "policy", "status", "shown")


def then(standing=NOBODY, judged=("no-activity",), let_through=()):
    return Baseline(standing, frozenset(judged), frozenset(let_through))


def held(v, week_ago=NOBODY, **changes):
    return over_share(v.rules, tally(v, then(week_ago, **changes)), NO_TABLE)


def shown(v):
    return set(views.findings(v).filter("shown")["key"])


@pytest.mark.parametrize(
    ("stale", "of", "is_held"), [(30, 100, False), (31, 100, True), (19, 19, False), (7, 20, True)]
)
def test_over_its_share_of_the_open_deals_a_policy_is_held_and_few_deals_say_nothing(stale, of, is_held):
    found = held(org(stale, of - stale))
    assert [(one.rule.id, one.change, one.deals, one.of) for one in found] == (
        [("no-activity", "new", stale, of)] if is_held else []
    )


def test_a_policy_may_name_a_share_of_its_own():
    assert held(org(31, 69, rules=policies(policy(at_most_share=0.5)))) == []
    assert held(org(51, 49, rules=policies(policy(at_most_share=0.5)))) != []


def test_what_stood_a_week_ago_is_not_new():
    v = org(60, 40)
    assert held(v, standing(org(35, 65))) == []
    assert [one.deals for one in held(v, standing(org(29, 71)))] == [31]


def test_held_flags_stay_off_the_record_cost_nothing_and_the_rest_goes_on():
    rules = policies(policy(), policy("won", yes("is_won")))
    v = org(60, 40, rules=rules)
    after = hold_back(v, held(v))
    assert shown(after) == set()
    assert set(views.scores(after)["score"]) == {100}
    assert {flag["excuse"]["why"] for flag in map(dict, (f.payload for f in report_on(after).findings))} == {"held"}


def test_what_the_record_shows_already_stays_while_new_flags_are_held():
    before = org(10, 90)
    v = org(60, 40, previous=views.previous(before))
    after = hold_back(v, held(v, standing(before)))
    assert shown(after) == shown(before) == set(range(1, 11))
    assert views.findings(after).filter("shown").equals(views.findings(before).filter("shown"))


def test_a_mass_clear_is_held_and_the_record_keeps_its_words_and_points():
    before = org(60, 40)
    v = org(0, 100, previous=views.previous(before), on=day("2026-11-21"))
    (one,) = held(v, standing(before))
    assert (one.change, one.deals, one.of) == ("cleared", 60, 100)
    after = hold_back(v, [one])
    assert views.findings(after).equals(views.findings(before))
    assert views.scores(after)["score"].equals(views.scores(before)["score"])


def test_a_flag_that_the_brake_holds_off_the_record_does_not_come_onto_it_when_its_fact_goes_dark():
    first = org(60, 40)
    first = hold_back(first, held(first))
    second = became_unknown(first)
    assert shown(second) == shown(first) == set()


def became_unknown(before, on="2026-11-21"):
    """The stale deals of `org(60, 40)`, of which nobody can read the activity any more."""
    fresh = {"last_activity": day(on)}
    return judge(wide(*[UNREADABLE] * 60, *[fresh] * 40, on=day(on)), RULES, views.previous(before), Context())


def test_flags_that_were_dark_keep_their_words_when_a_mass_clear_is_held():
    before = org(60, 40)
    unreadable = became_unknown(before)
    v = org(0, 100, previous=views.previous(unreadable), on=day("2026-11-22"))
    after = hold_back(v, held(v, standing(before)))
    assert reasons(after) == reasons(before)


def reasons(v):
    return [orjson.loads(flag)["evidence"]["text"] for flag in views.findings(v).filter("shown")["flag"]]


def test_a_flag_that_the_brake_keeps_costs_what_it_says():
    before = org(60, 40)
    dearer = policies(policy(points=40, title="Silent"))
    v = org(0, 100, rules=dearer, previous=views.previous(before))
    after = hold_back(v, held(v, standing(before)))
    answer = orjson.loads(views.findings(after)["flag"][0])
    assert (answer["title"], 100 - answer["points"]) == ("Silent", views.scores(after)["score"][0])
    assert reasons(after) == reasons(before)


def test_what_is_held_today_is_held_tomorrow_and_says_the_same():
    first = org(60, 40)
    first = hold_back(first, held(first))
    second = org(60, 40, previous=views.previous(first), on=day("2026-11-21"))
    second = hold_back(second, held(second, NOBODY))
    assert views.findings(second).equals(views.findings(first))


def test_mass_unknowns_hold_what_the_record_shows_without_end():
    before = org(60, 40)
    weeks = [before]
    for on in ("2026-11-21", "2026-11-27", "2026-11-28", "2026-12-05", "2026-12-12"):
        last = became_unknown(weeks[-1], on)
        found = held(last, standing(weeks[-1]))
        assert [one.change for one in found] == ["unknown"]
        weeks.append(hold_back(last, found))
        assert (shown(weeks[-1]), holding(weeks[-1])) == (shown(before), 60)


def test_unknowns_that_a_person_let_through_are_withdrawn_after_their_days_and_not_held_again():
    before = org(60, 40)
    first = became_unknown(before)
    for on in ("2026-11-22", "2026-11-27", "2026-11-28"):
        last = became_unknown(first, on)
        assert held(last, standing(first), let_through={"no-activity"}) == []
    assert shown(last) == set()
    after = became_unknown(last, "2026-12-06")
    assert held(after, standing(first)) == []


def test_new_deals_that_nobody_can_judge_yet_have_not_gone_dark():
    before = org(0, 60)
    v = org(0, 60, unreadable=40, previous=views.previous(before))
    assert held(v, standing(before)) == []


def test_a_policy_that_no_longer_applies_to_most_of_its_flagged_deals_is_held():
    stale, fresh = STALE | {"amount": 1}, FRESH | {"amount": 1}
    before = judge(wide(*[stale] * 60, *[fresh] * 40), RULES, PreviousVerdict(), Context())
    narrowed = policies(policy(applies_to=compare("amount", ">", 500)))
    v = judge(wide(*[stale] * 60, *[fresh] * 40), narrowed, views.previous(before), Context())
    assert [(one.change, one.deals, one.of) for one in held(v, standing(before))] == [("cleared", 60, 60)]


def test_a_policy_that_a_person_switched_off_on_some_deals_is_not_held_for_it():
    deals = [STALE | {"team": "West"}] * 60 + [FRESH | {"team": "East"}] * 40
    before = judge(wide(*deals), RULES, PreviousVerdict(), Context())
    without_west = policies(policy(modes=(ModeCase(compare("team", "=", "west"), "off"),)))
    v = judge(wide(*deals), without_west, views.previous(before), Context())
    assert (held(v, standing(before)), shown(v)) == ([], set())


def test_mass_unknowns_are_held_though_the_policy_leaves_a_grace():
    rules = policies(policy(grace_days=3))
    before = org(0, 100, rules=rules)
    v = org(0, 0, unreadable=100, rules=rules, previous=views.previous(before))
    assert [one.change for one in held(v, standing(before))] == ["unknown"]


def test_nothing_can_go_dark_for_a_policy_that_was_not_judged_by_then():
    v = org(0, 0, unreadable=60, previous=views.previous(org(60, 0)))
    assert held(v, judged=()) == []
    assert [one.change for one in held(v)] == ["unknown"]


def test_limits_computed_from_data_belong_to_the_revision():
    (plain,) = rules_of(policies(policy(revision="r1")))
    (ageing,) = rules_of(policies(policy("old", compare("stage_median_days", ">", 5), revision="r1")))
    table = Calibration(on=date(2026, 11, 1))
    assert (revision_of(plain, table), revision_of(ageing, table)) == ("r1", "r1+2026-11-01")


def test_observed_policies_and_closed_deals_need_no_brake():
    assert held(org(60, 40, rules=policies(policy(mode="observe")))) == []
    closed = judge(wide(*[STALE | {"is_open": False}] * 60, *[FRESH] * 40), RULES, PreviousVerdict(), Context())
    assert held(closed) == []


def test_flags_score_gate_and_words_of_a_record_agree_while_a_policy_is_held_in_all_three_ways():
    rules = policies(policy(), policy("won", yes("is_won")))
    before = judge(wide(*[STALE] * 35, *[FRESH] * 70), rules, PreviousVerdict(), Context())
    today = wide(*[FRESH] * 35, *[STALE] * 35, *[UNREADABLE] * 34, {**FRESH, "is_won": True}, on=day("2026-11-21"))
    v = judge(today, rules, views.previous(before), Context())
    found = held(v, standing(before))
    assert [(one.change, one.deals) for one in found] == [("new", 35), ("cleared", 35), ("unknown", 34)]
    after = hold_back(v, found)
    now, then_ = (dict(views.wanted(one, FIELDS)) for one in (after, before))
    assert [key for key in now if now[key] != then_[key]] == [105], "only what another policy says"
    assert (now[105]["flag_ids"], now[105]["score"]) == (";won;", 85)
    report = report_on(after)
    for key, record in now.items():
        flags = [found for found in report.by_deal.get(key, ()) if found.shown]
        assert record["flag_count"] == len(flags)
        assert record["score"] == sum(points for _, points in views.ledger(report, key))


def test_slices_are_counted_together():
    parts = [org(20, 30), org(11, 39)]
    counts = sum((tally(v, then()) for v in parts), Counter())
    assert [one.deals for one in over_share(parts[0].rules, counts, NO_TABLE)] == [31]


def test_the_sentence_says_what_is_held_and_how_it_is_let_through():
    (one,) = held(org(60, 40, rules=policies(policy(revision="abc"))))
    assert one.sentence("acme") == (
        "no-activity would newly flag 60 of 100 open deals (30% within a week are the most): held. Look at it; "
        "`sluicegate policies approve no-activity --connection acme --up-to 60 --by NAME` lets revision abc through."
    )


def test_a_criterion_is_held_like_a_policy_and_the_gate_stays_as_it_was():
    v = moved_on(pain_identified=False)
    assert set(views.gates(v)["gate"]) == {"breached"}
    after = hold_back(v, held(v))
    assert set(views.gates(after)["gate"]) == {"ready"}


def moved_on(previous=None, on="2026-11-20", **changes):
    """Thirty deals that have passed the gate of discovery, where the pain should be identified."""
    gate = process(discovery=((), (criterion("pain", yes("pain_identified")),)))
    moved = [row for key in range(1, 31) for row in moves(key, "2026-11-01 discovery", "2026-11-05 proposal")]
    context = Context(first_runs={"sales/discovery/pain": day("2026-10-01")})
    deals = wide(*[{"stage": "proposal"} | changes] * 30, moves=moved, on=day(on))
    return judge(deals, policies(processes=(gate,)), previous or PreviousVerdict(), context)


def test_a_criterion_that_was_met_is_remembered_as_met_on_its_day_though_the_mass_clear_is_held():
    before = moved_on(pain_identified=False)
    met = moved_on(views.previous(before), on="2026-11-21", pain_identified=True)
    after = hold_back(met, held(met, standing(before)))
    assert (len(shown(after)), set(views.gates(after)["gate"])) == (30, {"breached"})
    assert set(after.breaches()["met_on"]) == {day("2026-11-21")}
    unmet_again = moved_on(views.previous(after), on="2026-11-22", pain_identified=False)
    assert shown(unmet_again) == set()


def test_gates_that_clear_because_history_is_asked_now_pass_the_brake_once():
    before = moved_on(pain_identified=False)
    left = views.previous(before)
    without_day = left.breaches.with_columns(moved_on=pl.lit(None, pl.Date))  # as kept before gates had a history
    met = moved_on(replace(left, breaches=without_day), on="2026-11-21", pain_identified=True)
    assert held(met, standing(before)) == []
    assert sum(newly_met(met, rule).len() for rule in met.rules) == 30
    again = moved_on(views.previous(met), on="2026-11-22", pain_identified=True)
    assert sum(newly_met(again, rule).len() for rule in again.rules) == 0


def test_since_is_not_moved_by_the_brake():
    rule = policies(policy(flag_if=since("last_activity", 14)))
    v = org(60, 40, rules=rule)
    free, after = views.findings(v)["since"], views.findings(hold_back(v, held(v)))["since"]
    assert free.equals(after)
