"""The score and its ledger."""

from datetime import timedelta
from random import Random

import polars as pl
import pytest

from model.previous_verdict import PreviousVerdict
from model.sync import FieldRule
from policies.judging.context import Context
from policies.judging.judge import judge
from policies.judging.score import ledger_lines
from policies.reporting.report import report_on
from tests.policies.judge import views
from tests.policies.judge.build import TODAY, blank, no, policies, policy, since, wide

FLAGS = {
    "no-activity": since("last_activity", 14), "stale": since("last_activity", 60), "past": since("close_date", 0, ">"),
    "no-amount": blank("amount"), "no-step": no("has_next_step"),
}  # fmt: skip

NAMES = ("score", "reasons", "flag_ids", "flagged_since", "next_act", "checked", "gate", "top_flag")


@pytest.fixture(scope="module")
def thousand():
    """A thousand random deals, each judged by five policies of one of six weights, some in one topic."""
    random = Random(7)  # noqa: S311 - no secret
    deals = [
        {
            "last_activity": TODAY - timedelta(days=random.randint(0, 90)), "amount": random.choice([None, 5]),
            "close_date": TODAY + timedelta(days=random.randint(-30, 30)), "has_next_step": random.random() < 0.5,
            "unknown": [n for n in ("last_activity", "amount", "has_next_step") if random.random() < 0.15],
        }
        for _ in range(1000)
    ]  # fmt: skip
    rules = [
        policy(name, flag, points=random.choice([0, 15, 30, 45, 60]), topic=random.choice(["", "a"]),
               mode=random.choice(["warn", "warn", "observe"]))
        for name, flag in FLAGS.items()
    ]  # fmt: skip
    rules.append(policy("dear", no("has_next_step"), points=70, topic="a"))
    return judge(wide(*deals), policies(*rules), PreviousVerdict(), Context())


def test_the_ledger_of_each_of_a_thousand_deals_sums_to_its_score(thousand):
    scored = views.scores(thousand).filter(pl.col("score").is_not_null())
    assert scored.height > 500
    report = report_on(thousand)
    for key, score in scored.select("key", "score").iter_rows():
        assert sum(points for _, points in views.ledger(report, key)) == score


def test_the_score_of_each_of_a_thousand_deals_is_that_of_its_flags_by_hand(thousand):
    by_deal = report_on(thousand).by_deal
    for key, score, _ in views.scores(thousand).filter(pl.col("score").is_not_null()).iter_rows():
        dearest: dict[str, int] = {}
        for found in by_deal.get(key, ()):
            if found.status == "broken" and found.rule.mode == "warn":
                topic = found.rule.topic or found.rule.id
                dearest[topic] = max(dearest.get(topic, 0), found.rule.points)
        assert score == max(0, 100 - sum(dearest.values()))


def test_a_deal_without_a_score_has_a_reason_and_no_ledger(thousand):
    without = views.scores(thousand).filter(pl.col("score").is_null())
    assert without.height > 20
    assert without["score_reason"].null_count() == 0
    report = report_on(thousand)
    assert all(views.ledger(report, key) == [] for key in without["key"])


def test_points_beyond_a_hundred_are_given_back_in_a_floor_line():
    rules = [policy("a", blank("amount"), points=70), policy("b", blank("amount"), points=60)]
    v = judge(wide({"amount": None}), policies(*rules), PreviousVerdict(), Context())
    assert views.scores(v)["score"].item() == 0
    assert views.ledger(report_on(v), 1) == [("start", 100), ("a", -70), ("b", -60), ("floor", 30)]


def test_a_ledger_of_nothing_is_a_hundred():
    assert ledger_lines([]) == [("start", 100)]


def test_coverage_counts_every_policy_of_a_topic():
    rules = [
        policy("a", since("last_activity", 14), points=50, topic="t"),
        policy("b", blank("amount"), points=50, topic="t"),
    ]
    v = judge(wide({"amount": 1, "unknown": ["last_activity"]}), policies(*rules), PreviousVerdict(), Context())
    assert views.scores(v).rows() == [(1, None, "50 of 100 applicable points could be judged; a score needs 60 %")]


@pytest.mark.parametrize("days", [1, 2, 5])
def test_nothing_on_a_record_changes_with_the_days_but_what_crosses_a_limit(days):
    """Facts stay, days pass: whatever changes on a record, changes with its set of flags."""
    deals = [
        {"last_activity": TODAY - timedelta(days=n % 40), "close_date": TODAY + timedelta(days=n % 25 - 12),
         "amount": None if n % 3 else 5, "has_next_step": n % 2 == 0, "touched": n % 5 > 0}
        for n in range(200)
    ]  # fmt: skip
    rules = policies(*(policy(name, flag) for name, flag in FLAGS.items()))
    first = judge(wide(*deals), rules, PreviousVerdict(), Context())
    later = judge(wide(*deals, on=TODAY + timedelta(days=days)), rules, views.previous(first), Context())
    before, after = (dict(views.wanted(v, dict.fromkeys(NAMES, FieldRule("text")))) for v in (first, later))
    crossed = {key for key in before if before[key]["flag_ids"] != after[key]["flag_ids"]}
    assert {key for key in before if before[key] != after[key]} == crossed
    assert 0 < len(crossed) < 100
