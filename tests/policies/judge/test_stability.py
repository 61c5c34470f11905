"""What is written changes only when a fact changes or a deal crosses a limit, never because a day went by."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from model.previous_verdict import PreviousVerdict
from model.sync import OUR_FIELDS, FieldRule
from policies.files import read_policies
from policies.judging.context import Context
from policies.judging.judge import judge
from policies.reporting.report import report_on
from tests.policies.judge import views
from tests.policies.judge.build import wide

STARTER = read_policies({"starter.yaml": Path("policies/packs/starter.yaml").read_text(encoding="utf-8")})
STAGES = STARTER.processes[0].stage_ids()[:-1]
RULES = {name: FieldRule("long_text", 400) for name in OUR_FIELDS}
START = date(2026, 11, 2)
BACK = st.integers(0, 100).map(lambda days: START - timedelta(days=days))
MASKED = ("last_activity", "has_next_step", "contact_count", "days_in_stage", "pushes")
DEALS = st.fixed_dictionaries({
    "stage": st.sampled_from([*STAGES, None]),
    "last_activity": BACK,
    "touched": st.booleans(),
    "stage_since": BACK,
    "stage_median_days": st.none() | st.integers(3, 30),
    "close_date": st.integers(-40, 60).map(lambda days: START + timedelta(days=days)),
    "amount": st.none() | st.sampled_from([Decimal(0), Decimal(5000)]),
    "pushes": st.integers(0, 5),
    "has_next_step": st.booleans(),
    "next_step_due": st.none() | BACK,
    "next_step_owner": st.none() | st.just("Ada"),
    "contact_count": st.integers(0, 2),
    "owner_is_active": st.booleans(),
    "budget_confirmed": st.none() | st.booleans(),
    "unknown": st.sets(st.sampled_from(MASKED), max_size=2).map(sorted),
})  # fmt: skip


def on(day, deals):
    """The same facts on a day; those that count days count on."""
    ages = ({"process": "seven-stages", "days_in_stage": (day - deal["stage_since"]).days} for deal in deals)
    return wide(*(deal | age for deal, age in zip(deals, ages, strict=True)), on=day)


def record(deals, day, previous):
    verdict = judge(on(day, deals), STARTER, previous, Context())
    return verdict, dict(views.wanted(verdict, RULES))


@settings(max_examples=15, deadline=None)
@given(st.lists(DEALS, min_size=1, max_size=12), st.lists(st.integers(1, 9), min_size=1, max_size=4))
def test_days_that_pass_change_a_record_only_where_a_limit_is_crossed(deals, gaps):
    day, (verdict, before) = START, record(deals, START, PreviousVerdict())
    for gap in gaps:
        day, found = day + timedelta(days=gap), by_deal(verdict)
        verdict, after = record(deals, day, views.previous(verdict))
        changed = {key for key in before if before[key] != after[key]}
        assert all(found.get(key) != by_deal(verdict).get(key) for key in changed)
        before = after


def by_deal(verdict):
    """Broken and unknown policies of each deal: a limit can also be crossed while a fact is unreadable."""
    found = views.findings(verdict).select("key", "policy", "status").rows()
    return {key: {row for row in found if row[0] == key} for key, *_ in found}


@settings(max_examples=15, deadline=None)
@given(st.lists(DEALS, min_size=1, max_size=12))
def test_judging_again_the_same_day_changes_nothing_at_all(deals):
    first, before = record(deals, START, PreviousVerdict())
    again, after = record(deals, START, views.previous(first))
    assert (after, views.findings(again).rows()) == (before, views.findings(first).rows())
    assert (views.deals(again).rows(), again.breaches().rows()) == (views.deals(first).rows(), first.breaches().rows())


@settings(max_examples=15, deadline=None)
@given(st.lists(DEALS, min_size=1, max_size=12), st.sets(st.sampled_from(MASKED), min_size=1))
def test_a_feed_that_stops_for_thirty_hours_writes_nothing(deals, unreadable):
    first, before = record(deals, START, PreviousVerdict())
    blanked = [deal | {"unknown": sorted({*deal["unknown"], *unreadable})} for deal in deals]
    later = judge(on(START, blanked), STARTER, views.previous(first), Context())
    assert dict(views.wanted(later, RULES)) == before


@settings(max_examples=10, deadline=None)
@given(st.lists(DEALS, min_size=1, max_size=8))
def test_every_text_names_a_date_of_its_own_and_no_count_of_days_gone_by(deals):
    """Judged anew on another day without any previous, a flag that facts can date says the same words."""
    texts = []
    for day in (START, START + timedelta(days=1)):
        verdict = judge(on(day, deals), STARTER, PreviousVerdict(), Context())
        broken = [f for f in report_on(verdict).findings if f.status == "broken"]
        flags = {(f.key, f.rule.id): f.payload["evidence"]["text"] for f in broken}
        texts.append({at: text for at, text in flags.items() if "first seen" not in text})
    both = texts[0].keys() & texts[1].keys()
    assert all(texts[0][at] == texts[1][at] for at in both)
