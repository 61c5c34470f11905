"""The one function that makes patches."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from model.sync import FieldRule
from policies.reporting.plan import PlanRow, plan

NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)
RULES = {
    "score": FieldRule("number"), "top_flag": FieldRule("text", 10), "reasons": FieldRule("long_text", 80),
    "flagged_since": FieldRule("date"),
}  # fmt: skip
TEXTS = st.none() | st.text("ab \r\n", max_size=14)
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "score": st.none() | st.integers(0, 100), "top_flag": TEXTS, "reasons": TEXTS,
        "flagged_since": st.none() | st.dates(date(2026, 1, 1), date(2026, 1, 3)), "stage": st.just("Closed Won"),
    },
)  # fmt: skip
MOMENTS = st.none() | st.integers(0, 48).map(lambda hours: NOW - timedelta(hours=hours))
ROWS = st.lists(st.tuples(VALUES, VALUES, VALUES, MOMENTS), max_size=6).map(
    lambda rows: [PlanRow(f"d{n}", *row) for n, row in enumerate(rows)]
)


def one(want, value, sent=None, put_back_at=None):
    return plan([PlanRow("d1", want, value, sent or {}, put_back_at)], RULES, NOW)


def test_only_fields_that_differ_are_sent_with_what_they_replace():
    made = one({"score": 70, "top_flag": "Stale"}, {"score": 100, "top_flag": "Stale"})
    assert [(p.id, p.fields, p.before) for p in made.patches] == [("d1", {"score": 70}, {"score": 100})]


def test_a_record_that_already_shows_what_is_wanted_gets_no_patch():
    assert (
        one({"score": 70, "flagged_since": date(2026, 11, 3)}, {"score": 70, "flagged_since": "2026-11-03"}).patches
        == ()
    )


def test_values_are_compared_as_the_crm_keeps_them():
    want = {"top_flag": "No activity in 14 days", "reasons": "a\r\nb  ", "score": 70}
    assert one(want, {"top_flag": "No activit", "reasons": "a\nb", "score": 70.0}).patches == ()


def test_a_field_that_the_map_does_not_list_is_never_sent():
    assert one({"stage": "Closed Lost"}, {"stage": "Proposal"}).patches == ()


def test_a_field_that_the_verdict_leaves_out_stays_as_it_is():
    assert one({"score": 70}, {"score": 70, "top_flag": "Mine"}).patches == ()


def test_none_empties_a_field():
    assert one({"top_flag": None}, {"top_flag": "Stale"}).patches[0].fields == {"top_flag": None}


def test_a_persons_change_of_our_field_is_put_back_and_counted():
    made = one({"score": 70}, {"score": 99}, {"score": 70})
    assert (made.patches[0].fields, made.overwritten) == ({"score": 70}, ("d1",))


def test_it_is_put_back_once_in_24_hours():
    assert one({"score": 70}, {"score": 99}, {"score": 70}, NOW - timedelta(hours=23, minutes=59)).patches == ()
    assert one({"score": 70}, {"score": 99}, {"score": 70}, NOW - timedelta(hours=24)).overwritten == ("d1",)


def test_while_that_waits_what_the_verdict_changed_is_still_written():
    want, own = {"score": 70, "top_flag": "Stale"}, {"score": 99, "top_flag": None}
    made = one(want, own, {"score": 70, "top_flag": None}, NOW - timedelta(hours=1))
    assert (made.patches[0].fields, made.overwritten) == ({"top_flag": "Stale"}, ())


def test_a_new_verdict_on_a_field_that_somebody_changed_is_a_plain_write():
    made = one({"score": 55}, {"score": 99}, {"score": 70}, NOW)
    assert (made.patches[0].fields, made.overwritten) == ({"score": 55}, ())


@given(ROWS)
def test_planning_again_after_the_patches_arrived_gives_none(rows):
    made = {p.id: p.fields for p in plan(rows, RULES, NOW).patches}
    after = [
        PlanRow(
            r.id, r.want, {**r.on_crm, **made.get(r.id, {})}, {**r.sent, **made.get(r.id, {})},
            NOW if r.id in plan(rows, RULES, NOW).overwritten else r.put_back_at,
        )
        for r in rows
    ]  # fmt: skip
    assert plan(after, RULES, NOW).patches == ()


@given(ROWS, st.randoms())
def test_the_order_of_records_does_not_matter(rows, random):
    shuffled = random.sample(rows, len(rows))
    first, second = plan(rows, RULES, NOW), plan(shuffled, RULES, NOW)
    assert {p.id: p for p in first.patches} == {p.id: p for p in second.patches}
    assert set(first.overwritten) == set(second.overwritten)


@given(ROWS)
def test_nothing_but_our_mapped_fields_is_ever_in_a_patch(rows):
    assert all(set(p.fields) <= set(RULES) for p in plan(rows, RULES, NOW).patches)
