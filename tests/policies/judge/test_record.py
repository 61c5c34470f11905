"""What reps see on the record."""

from dataclasses import replace
from datetime import date

import polars as pl

from model.previous_verdict import PreviousVerdict
from model.sync import OUR_FIELDS, FieldRule
from policies.judging.context import Context
from policies.judging.judge import judge
from policies.reporting.plan import PlanRow, plan
from policies.reporting.record import last_patch
from tests.policies.judge import views
from tests.policies.judge.build import blank, compare, criterion, no, policies, policy, process, since, wide, yes

LENGTHS = {"top_flag": 80, "flag_ids": 255, "missing": 255, "next_act": 255, "checked": 255, "reasons": 32768}
RULES = {name: FieldRule("text", LENGTHS.get(name, 0)) for name in OUR_FIELDS}
DEAL = {
    "last_activity": date(2026, 11, 3), "touched": True, "amount": None, "has_next_step": False,
    "close_date": date(2026, 11, 10),
}  # fmt: skip
ACTIVITY = policy(
    "no-activity", title="No activity in 14 days", fix="Log a call or mail, or close the deal", topic="staleness"
)
STALE = policy("stale", since("last_activity", 10), title="Stale over 10 days", points=40, topic="staleness",
               severity="critical", fix="Escalate")  # fmt: skip
AMOUNT = policy("no-amount", blank("amount"), title="No amount", points=20, fix="Fill in the amount", severity="info")
STEP = policy("no-step", no("has_next_step"), title="No next step", points=25, fix="Agree on a next step")


STALE_LINE = (
    "Stale over 10 days. No touch since 3 Nov 2026, over the limit of 10 days since 13 Nov. Fix: Escalate. "
    "Also: No activity in 14 days."
)


def fields(*rules, deal=DEAL, our=RULES, processes=(), **more):
    v = judge(wide(deal, **more), policies(*rules, processes=processes), PreviousVerdict(), Context())
    return dict(views.wanted(v, our))[1]


def shorter(name, length):
    return RULES | {name: FieldRule("text", length)}


def test_a_clean_deal_shows_its_score_and_no_flag():
    clean = {"last_activity": date(2026, 11, 19), "amount": 5}
    assert fields(ACTIVITY, AMOUNT, deal=clean, processes=(process(),)) == {
        "score": 100, "flag_count": 0, "worst_severity": "none", "top_flag": None, "flag_ids": None, "reasons": None,
        "gate": "clear", "missing": None, "next_act": None, "flagged_since": None, "checked": None,
    }  # fmt: skip


def test_flags_stand_worst_first_with_the_rest_of_a_topic_as_also():
    shown = fields(ACTIVITY, AMOUNT, STALE, STEP)
    assert shown["reasons"].split("\n") == [
        STALE_LINE,
        "No next step written in this stage, no open task, no meeting ahead. Fix: Agree on a next step.",
        "No amount. Fix: Fill in the amount.",
    ]
    assert (shown["top_flag"], shown["worst_severity"], shown["flag_count"]) == ("Stale over 10 days", "critical", 3)
    assert shown["score"] == 100 - 40 - 25 - 20
    assert shown["flagged_since"] == date(2026, 11, 13)


def test_a_reason_does_not_repeat_its_title():
    closes = policy("past", since("close_date", 0, ">"), title="Close date has passed", fix="Set a new date")
    assert fields(closes)["reasons"] == "Close date 10 Nov 2026 has passed. Fix: Set a new date."


def test_ids_stand_in_policy_order_between_semicolons():
    assert fields(ACTIVITY, AMOUNT, STALE)["flag_ids"] == ";no-activity;no-amount;stale;"


def test_ids_are_cut_whole_and_say_so():
    assert fields(ACTIVITY, AMOUNT, STALE, our=shorter("flag_ids", 28))["flag_ids"] == ";no-activity;no-amount;+"
    assert fields(ACTIVITY, AMOUNT, STALE, our=shorter("flag_ids", 29))["flag_ids"] == ";no-activity;no-amount;stale;"


def test_reasons_are_whole_lines_and_say_how_many_are_left_out():
    shown = fields(ACTIVITY, AMOUNT, STALE, STEP, our=shorter("reasons", len(STALE_LINE) + 12))
    assert shown["reasons"].split("\n") == [STALE_LINE, "and 2 more"]


def test_the_next_act_is_the_one_that_raises_the_score_most():
    assert fields(AMOUNT, STEP)["next_act"] == "Agree on a next step"


def test_a_next_act_that_does_not_clear_the_top_flag_says_which_it_clears():
    worst = policy("stale", since("last_activity", 10), title="Stale", points=10, severity="critical", fix="Escalate")
    shown = fields(worst, STEP)
    assert (shown["top_flag"], shown["next_act"]) == ("Stale", "Agree on a next step (clears: No next step)")
    assert fields(worst, STEP, our=shorter("next_act", 30))["next_act"] == "Agree on a next step"


def test_what_clears_the_dearest_flag_of_a_topic_clears_the_topic():
    dear = policy("no-activity", points=39, topic="staleness", fix="Log a call")
    assert fields(dear, STALE, STEP, AMOUNT)["next_act"] == "Escalate"


def test_what_clears_a_lesser_flag_of_a_topic_gains_nothing():
    most = policy("stale", since("last_activity", 10), title="Stale", points=10, topic="t", severity="critical",
                  fix="Escalate")  # fmt: skip
    other = policy("no-activity", points=10, topic="t", fix="Log a call")
    little = policy("no-amount", blank("amount"), title="No amount", points=9, fix="Log a call")
    assert fields(most, other, little)["next_act"] == "Escalate"


def test_one_act_that_clears_two_flags_gains_both():
    due = policy("past-close", since("close_date", 0, ">"), points=13, fix="Fill in the amount")
    assert fields(AMOUNT, STEP, due)["next_act"] == "Fill in the amount (clears: Past close, No amount)"


def test_missing_lists_titles_of_unmet_exit_criteria_whole():
    exits = tuple(criterion(name, yes("pain_identified")) for name in ("pain-known", "buyer-known", "budget-known"))
    sales = process(discovery=((), exits))
    deal = DEAL | {"pain_identified": False}
    assert fields(deal=deal, processes=(sales,))["missing"] == "Pain known; Buyer known; Budget known"
    assert fields(deal=deal, processes=(sales,), our=shorter("missing", 24))["missing"] == "Pain known; and 2 more"


def test_what_no_process_knows_is_reported():
    sales = process(discovery=((), (criterion("pain-known", yes("pain_identified")),)))
    assert fields(deal=DEAL | {"process": None}, processes=(sales,))["checked"] == "No process claims this deal."
    assert fields(deal=DEAL | {"stage": None}, processes=(sales,))["checked"] == "Its stage is in no process."


def test_a_doubly_claimed_deal_is_reported_as_such():
    sales = process(discovery=((), (criterion("pain-known", yes("pain_identified")),)))
    seen = wide(DEAL | {"process": None})
    seen = replace(seen, frame=seen.frame.with_columns(_process_unknown=pl.lit("doubly claimed")))
    v = judge(seen, policies(processes=(sales,)), PreviousVerdict(), Context())
    assert dict(views.wanted(v, RULES))[1]["checked"] == "More than one process claims this deal."


def test_an_observed_flag_is_nowhere_on_the_record():
    seen = policy("seen", blank("amount"), mode="observe")
    assert fields(seen) == fields()


def test_under_sixty_percent_of_points_known_there_is_no_score_never_zero():
    deal = {"unknown": ["last_activity"], "amount": 5}
    shown = fields(ACTIVITY, AMOUNT, deal=deal)
    assert shown["score"] is None
    assert shown["checked"].startswith("No score: 20 of 35 applicable points could be judged; a score needs 60 %.")


def test_exactly_sixty_percent_is_enough():
    deal = {"unknown": ["last_activity"], "amount": 5}
    heavy = policy(points=40)
    light = policy("no-amount", blank("amount"), points=60)
    assert fields(heavy, light, deal=deal)["score"] == 100


def test_a_closed_deal_is_not_written():
    v = judge(wide(DEAL | {"is_open": False}), policies(ACTIVITY), PreviousVerdict(), Context())
    assert dict(views.wanted(v, RULES)) == {}


def test_the_last_patch_of_a_deal_that_closes_empties_all_but_the_score():
    own = fields(ACTIVITY, AMOUNT)
    patch = plan([PlanRow("d1", last_patch(RULES), own, own)], RULES, wide(DEAL).as_of).patches[0]
    assert "score" not in patch.fields
    assert set(patch.fields.values()) == {None}
    assert {name for name, value in (own | patch.fields).items() if value is not None} == {"score"}


def test_only_fields_that_the_connection_maps_are_wanted():
    assert set(fields(ACTIVITY, our={"score": FieldRule("number")})) == {"score"}


def test_a_criterion_counts_as_a_flag_by_its_path():
    rule = criterion("amount-known", compare("amount", ">", 0), holds="while_in", severity="critical")
    shown = fields(ACTIVITY, processes=(process(discovery=((rule,), ())),))
    assert shown["flag_ids"] == ";no-activity;sales/discovery/amount-known;"
    assert (shown["gate"], shown["top_flag"], shown["score"]) == ("breached", "Missing: amount known", 75)
