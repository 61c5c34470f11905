"""What happened to flags and deals, as the precision of policies is computed from it; the same on both databases."""

from datetime import date

import polars as pl

from model.flag_history import ACTS, DEAL_SPANS, FLAG_SPANS
from model.previous_verdict import BREACHES, DEAL_VERDICTS, FINDINGS
from tests.store.fixtures import DAY, NOON, activity, deal, edited, keep, moved

FLAG = '{"policy":"a","title":"\\"severity\\":\\"info\\"","severity":"critical"}'


def judged(store, day, found, deals):
    run = store.runs.start("acme", day, "", "c1", "judge")
    rows = [(key, policy, "broken", None, date(2026, 11, 2), None, True, FLAG) for key, policy in found]
    verdicts = pl.DataFrame([(key, 90, None, None, "{}") for key in deals], DEAL_VERDICTS, orient="row")
    findings = pl.DataFrame(rows, FINDINGS, orient="row")
    store.verdicts.keep("acme", run, day, findings, verdicts, pl.DataFrame(schema=BREACHES), digest=f"d{run}")
    return run


def test_flags_and_deals_are_reported_with_the_runs_they_stood_between(store):
    keep(store, opportunity=[deal("d1"), deal("d2")])
    one, two = store.mirror.ids("acme").values()
    first = judged(store, NOON, [(one, "a"), (two, "a")], [one, two])
    second = judged(store, NOON + DAY, [(one, "a")], [one])
    third = judged(store, NOON + 2 * DAY, [], [one])
    findings, deals = store.flag_history.flags("acme", NOON)
    assert (findings.schema, deals.schema) == (FLAG_SPANS, DEAL_SPANS)
    assert findings.rows() == [
        (one, "a", "broken", True, "critical", first, third), (two, "a", "broken", True, "critical", first, second),
    ]  # fmt: skip
    assert deals.rows() == [(one, True, first, None), (two, True, first, second)]
    later, _ = store.flag_history.flags("acme", NOON + DAY)
    assert later["key"].to_list() == [one], "what was over by then is not listed"
    assert store.flag_history.runs("acme").select("run", "as_of", "digest", "calibration", "judged").rows() == [
        (run, NOON + n * DAY, f"d{run}", "c1", True) for n, run in enumerate((first, second, third))
    ]


def acts(store, since=NOON - DAY, *, roll_up=False):
    found = store.flag_history.acts("acme", since, roll_up=roll_up)
    assert found.schema == ACTS
    return set(found.select("field", "actor", "value").rows())


def test_changes_moves_and_contacts_are_acts(store):
    keep(store, NOON - 2 * DAY, opportunity=[deal("d1", next_step="Call")])
    keep(store, NOON, opportunity=[edited(NOON, "d1", next_step="Meet", modified_by="u7")],
         stage_change=[moved("m1", "d1", NOON, "Proposal"), moved("m0", "d1", NOON - 9 * DAY, "Qualify")],
         contact_role=[{"id": "r1", "opportunity_id": "d1", "contact_id": "c1", "role": None, "is_primary": False,
                        "created": NOON, "gone": None}])  # fmt: skip
    assert acts(store) == {
        ("next_step", "u7", '"Meet"'), ("stage_name", "u1", None), ("contact_roles", None, None),
    }  # fmt: skip


def test_a_change_seen_after_somebodys_later_save_by_our_own_user_has_no_known_author(store):
    keep(store, NOON - 2 * DAY, opportunity=[deal("d1", next_step="Call")])
    echo = deal("d1", next_step="Meet", modified=NOON, modified_by="sync")
    keep(store, NOON, opportunity=[echo])
    assert acts(store) == {("next_step", None, '"Meet"')}


def test_activities_that_count_are_acts_when_entered_and_when_held(store):
    keep(store, opportunity=[deal("d1", account_id="a1")], activity=[
        activity("t1", "d1", created=NOON - DAY / 2, at=NOON, created_by="u1"),
        activity("t2", "d1", created=NOON, bulk=True, created_by="u2"),
        activity("t3", "d1", created=NOON, state="cancelled", created_by="u3"),
        activity("t4", "d1", created=NOON, possible=True, created_by="u4"),
        activity("t5", "d1", created=NOON - 9 * DAY, at=NOON - 9 * DAY, created_by="u5"),
        activity("t6", None, contact_id="c1", created=NOON, created_by="u6"),
        activity("t7", None, account_id="a1", created=NOON, created_by="u7"),
    ], contact_role=[{"id": "r1", "opportunity_id": "d1", "contact_id": "c1", "role": None, "is_primary": False,
                      "created": NOON - 90 * DAY, "gone": None}])  # fmt: skip
    assert acts(store) == {("activities", "u1", None)}
    assert acts(store, roll_up=True) == {("activities", f"u{n}", None) for n in (1, 6, 7)}
    assert store.flag_history.acts("acme", NOON - DAY, roll_up=False)["at"].to_list() == [NOON - DAY / 2, NOON]


def test_next_steps_are_reported_of_open_deals_that_have_an_owner(store):
    deals = [deal("d1", next_step="Call"), deal("d2", next_step=None), deal("d3", next_step="x", owner_id=None),
             deal("d4", next_step="x", is_closed=True), deal("d5", next_step="x", gone="deleted")]  # fmt: skip
    keep(store, opportunity=deals)
    assert store.flag_history.next_steps("acme").select("owner_id", "next_step").rows() == [("u1", "Call")]
