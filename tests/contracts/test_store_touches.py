"""The touch rule in SQL gives what the rule in model/touch_rule.py gives, whatever the activities are."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model.snapshot import ACTIVITY, TASK_DAYS
from model.touch_rule import what_it_is, why_no_touch
from store import TouchRule
from tests.store.fixtures import DAY, NOON, activity, deal, keep, only, snapshot

OURS = frozenset({"bot"})
INSTANTS = st.integers(-40 * 24, 40 * 24).map(lambda hours: NOON + timedelta(hours=hours))
ACTIVITIES = st.fixed_dictionaries({
    "deal_id": st.sampled_from(["d1", "d2"]),
    "kind": st.sampled_from(["call", "mail", "meeting", "note", "task"]),
    "state": st.sampled_from(["done", "open", "cancelled"]),
    "at": st.none() | INSTANTS,
    "due": st.none() | st.integers(-5, 5).map(lambda days: (NOON + days * DAY).date()),
    "created": st.none() | INSTANTS,
    "owner_id": st.none() | st.sampled_from(["u1", "u2"]),
    "created_by": st.none() | st.sampled_from(["u1", "bot"]),
    "bulk": st.none() | st.booleans(),
    "possible": st.none() | st.booleans(),
    "gone": st.sampled_from([None, None, None, "vanished", "deleted"]),
})  # fmt: skip


def newest(rows):
    return max((row["at"] for row in rows), default=None)


def reduced(rows, as_of):
    """One deal's row of the snapshot, by the plain rule."""
    is_a = {kind: [r for r in rows if what_it_is(r, OURS, as_of) == kind] for kind in ("touch", "meeting", "task")}
    if_only = [
        [r for r in rows if r[field] == value and what_it_is(r | {field: None}, OURS, as_of) == "touch"]
        for field, value in (("gone", "vanished"), ("possible", True))
    ]
    last = max(is_a["touch"], key=lambda r: (r["at"], r["kind"], r["id"]), default=None)
    due = [(r["due"], r["owner_id"] or "") for r in is_a["task"] if r["due"]]
    tasks = {
        day: min((d for d in due if d[0] >= (as_of + n * DAY).date()), default=(None, None))
        for day, n in TASK_DAYS.items()
    }
    return {
        "last_touch": last and last["at"], "last_touch_id": last and last["id"],
        "last_touch_kind": last and last["kind"],
        "touches_30d": sum(r["at"] > as_of - 30 * DAY for r in is_a["touch"]),
        "newest_seen": max((seen_on(r) for r in rows if is_seen(r, as_of)), default=None),
        "vanished_touch": newest(if_only[0]), "possible_touch": newest(if_only[1]),
        "next_meeting": min((r["at"] for r in is_a["meeting"]), default=None),
        **{f"task_due_from_{day}": task[0] for day, task in tasks.items()},
        **{f"task_owner_id_from_{day}": task[1] or None for day, task in tasks.items()},
        "undated_task": any(r["due"] is None for r in is_a["task"]),
        "vanished_plan": any(r["gone"] == "vanished" and is_plan(r | {"gone": None}, as_of) for r in rows),
    }  # fmt: skip


def is_plan(row, as_of):
    kind = what_it_is(row, OURS, as_of)
    ahead = row["due"] is None or row["due"] >= (as_of - DAY).date()
    return kind == "meeting" or (kind == "task" and ahead)


def is_seen(row, as_of):
    known = row["created"] is None or row["created"] <= as_of
    held = row["kind"] == "meeting" and row["at"] is not None and row["at"] <= as_of and counts(row)
    return known and row["gone"] is None and (row["state"] != "open" or held) and (row["at"] or row["due"])


def counts(row):
    return why_no_touch(row | {"gone": None, "possible": None}, OURS) is None or row["state"] == "open"


def seen_on(row):
    return max(day for day in (row["at"] and row["at"].astimezone(UTC).date(), row["due"]) if day)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=st.lists(ACTIVITIES, min_size=1, max_size=8), as_of=st.integers(-5, 5).map(lambda days: NOON + days * DAY))
def test_sql_and_the_plain_rule_agree_on_any_activities(store, made, as_of):
    rows = [activity(f"t{n}", **row) for n, row in enumerate(made)]
    old = [activity(f"t{n}", None, at=None, state="cancelled") for n in range(len(rows), 8)]
    keep(store, opportunity=[deal("d1", created=None), deal("d2", created=None)], activity=rows + old)
    keys = store.mirror.ids("acme")
    found = {row.pop("key"): row for row in snapshot(store, as_of, TouchRule(OURS)).activity.to_dicts()}
    for id_ in ("d1", "d2"):
        mine = [r for r in rows if r["opportunity_id"] == id_]
        assert found.get(keys[id_], reduced([], as_of)) == reduced(mine, as_of)


def test_the_frame_has_its_declared_columns_even_when_it_is_empty(store):
    keep(store, opportunity=[deal()])
    assert snapshot(store).activity.schema == ACTIVITY


def test_an_activity_on_a_contact_counts_only_where_contacts_roll_up(store):
    role = {"id": "r1", "opportunity_id": "d1", "contact_id": "c1", "role": "Buyer", "is_primary": True, "gone": None}
    keep(
        store,
        opportunity=[deal(account_id=None)],
        contact_role=[role],
        activity=[activity(None, None, id="t1", contact_id="c1")],
    )
    assert snapshot(store).activity.is_empty()
    assert only(snapshot(store, touch=TouchRule(roll_up="contacts")).activity)["last_touch_id"] == "t1"


@pytest.mark.parametrize("on", ["contact_id", "account_id"])
def test_an_activity_that_several_open_deals_share_is_only_possible(store, on):
    deals = [deal("d1"), deal("d2"), deal("d3", is_closed=True)]
    roles = [
        {"id": f"r{d['id']}", "opportunity_id": d["id"], "contact_id": "a1", "role": None, "gone": None} for d in deals
    ]
    keep(store, opportunity=deals, contact_role=roles, activity=[activity("t1", None, **{on: "a1"})])
    row = snapshot(store, touch=TouchRule(roll_up="contacts")).activity.to_dicts()[0]
    assert (row["last_touch"], row["possible_touch"]) == (None, NOON - DAY)
    keep(store, opportunity=[deal("d2", is_closed=True)])
    row = snapshot(store, touch=TouchRule(roll_up="contacts")).activity.to_dicts()[0]
    assert (row["last_touch"], row["possible_touch"]) == (NOON - DAY, None)


def test_contacts_are_counted_once_and_their_roles_listed(store):
    roles = [("c1", "Buyer"), ("c1", "Champion"), ("c2", None), ("c3", "Buyer")]
    rows = [
        {"id": f"r{n}", "opportunity_id": "d1", "contact_id": contact, "role": role, "gone": None}
        for n, (contact, role) in enumerate(roles)
    ]
    keep(
        store, opportunity=[deal()], contact_role=[*rows, rows[0] | {"id": "r9", "contact_id": "c9", "gone": "deleted"}]
    )
    assert only(snapshot(store).roles) == {
        "key": store.mirror.ids("acme")["d1"],
        "contact_count": 3,
        "roles": ["Buyer", "Champion"],
    }


def test_a_task_of_yesterday_hides_no_later_one_from_owners_in_later_zones(store):
    def task(id_, day, owner):
        return activity(id_, state="open", kind="task", at=None, due=date(2026, 11, day), owner_id=owner)

    keep(store, opportunity=[deal()], activity=[task("t1", 1, "u1"), task("t2", 2, "u2"), task("t3", 20, "u3")])
    row = only(snapshot(store, datetime(2026, 11, 2, 1, tzinfo=UTC)).activity)
    assert [row[f"task_due_from_{day}"].day for day in TASK_DAYS] == [1, 2, 20]
    assert [row[f"task_owner_id_from_{day}"] for day in TASK_DAYS] == ["u1", "u2", "u3"]
    row = only(snapshot(store, datetime(2026, 11, 22, 1, tzinfo=UTC)).activity)
    assert [row[f"task_due_from_{day}"] for day in TASK_DAYS] == [None, None, None]
