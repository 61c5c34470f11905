"""What every store does with pages: nothing lost, nothing twice, every change remembered."""

from datetime import timedelta
from decimal import Decimal

import pytest

from model.sync import Cursor, Page, SetAside
from tests.store.fixtures import DAY, NOON, activity, deal, edited, keep, moved, only, record, rows, snapshot

LATER = NOON + DAY


def changes(store, id_="d1"):
    found = rows(store, "field_change", order="changed_at", key=record(store, id_)["key"])
    return [(row["field"], row["before"], row["after"], row["changed_at"], row["origin"]) for row in found]


def test_a_page_comes_back_as_it_was_read(store):
    big = Decimal("12345678901234567.89")
    keep(store, opportunity=[deal(amount=big, name="Grün ☂\r\nAG", facts={"segment": "mid", "budget": "10.5"})])
    kept = record(store, "d1")
    assert kept["amount"] == big
    assert kept["name"] == "Grün ☂\r\nAG"
    assert kept["created"] == NOON - 30 * DAY
    assert only(snapshot(store).deals)["amount"] == big
    assert only(snapshot(store).deals)["facts"] == '{"budget":"10.5","segment":"mid"}'


def test_a_page_that_brings_nothing_new_writes_nothing(store):
    records = {"opportunity": [deal()], "activity": [activity()], "stage_change": [moved("s1", "d1", NOON, "Qualify")]}
    first, second = keep(store, **records), keep(store, LATER, **records)
    assert (first.new, first.changed, first.unchanged) == (3, 0, 0)
    assert (second.new, second.changed, second.unchanged, second.field_changes) == (0, 0, 3, 0)
    assert record(store, "d1")["first_seen"] == NOON
    assert record(store, "d1")["seen_at"] == LATER


def test_the_cursor_is_kept_with_its_page_or_not_at_all(store):
    keep(store, cursor=Cursor("deals", "1"), opportunity=[deal()])
    with pytest.raises(TypeError):
        keep(store, cursor=Cursor("deals", "2"), opportunity=[deal("d2")], activity=[activity(at="yesterday")])
    assert store.mirror.cursors("acme") == {"deals": Cursor("deals", "1")}
    assert record(store, "d2") is None


def test_a_change_is_remembered_with_its_value_before_and_after(store):
    keep(store, opportunity=[deal(facts={"segment": "small", "budget": "1"})])
    at = NOON + timedelta(hours=3)
    now = edited(at, amount=Decimal(2000), next_step="Call", facts={"segment": "large", "budget": "1"})
    assert keep(store, LATER, opportunity=[now]).field_changes == 3
    assert sorted(changes(store)) == [
        ("amount", "1250.5", "2000", at, "mirror"),
        ("next_step", None, "Call", at, "mirror"),
        ("segment", "small", "large", at, "mirror"),
    ]


@pytest.mark.parametrize("history_first", [True, False])
def test_a_change_that_the_crm_reports_itself_is_not_kept_twice(store, history_first):
    keep(store, opportunity=[deal()])
    at = NOON + timedelta(hours=3)
    values = {
        "id": "h1", "opportunity_id": "d1", "field": "close_date", "before": "2026-12-01", "after": "2027-01-15",
        "changed_at": at, "actor_id": "u1",
    }  # fmt: skip
    pages = [{"field_change": [values]}, {"opportunity": [edited(at, close_date=NOON.date().replace(2027, 1, 15))]}]
    for page in pages if history_first else reversed(pages):
        keep(store, LATER, **page)
    assert changes(store) == [("close_date", "2026-12-01", "2027-01-15", at, "crm")]
    assert snapshot(store, LATER).field_changes.height == 1


def test_a_stage_move_of_the_crms_history_is_not_kept_twice(store):
    keep(store, opportunity=[deal()], stage_change=[moved("s1", "d1", NOON - 30 * DAY, "Qualify")])
    at = NOON + timedelta(hours=3)
    keep(store, LATER, opportunity=[edited(at, stage_name="Propose")])
    keep(store, LATER, stage_change=[moved("s2", "d1", at, "Propose")])
    assert changes(store) == []


def test_a_column_that_was_not_read_keeps_its_value_and_is_listed(store):
    keep(store, opportunity=[deal(facts={"segment": "mid", "budget": "1"})])
    hidden = edited(LATER, facts={"budget": "1"}, unread=["segment"])
    del hidden["amount"]
    keep(store, LATER, opportunity=[hidden])
    row = only(snapshot(store, LATER).deals)
    assert row["amount"] == Decimal("1250.50")
    assert row["facts"] == '{"budget":"1","segment":"mid"}'
    assert row["unread"] == ";amount;segment;"
    assert changes(store) == []


def test_a_child_may_come_before_its_deal(store):
    keep(store, activity=[activity()], stage_change=[moved("s1", "d1", NOON - 30 * DAY, "Qualify")])
    assert snapshot(store).deals.is_empty()
    assert snapshot(store).stage_changes.is_empty()
    assert snapshot(store).activity.is_empty()
    keep(store, opportunity=[deal()])
    assert only(snapshot(store).activity)["last_touch_id"] == "t1"
    assert snapshot(store).stage_changes.height == 1


def test_a_child_that_moves_to_another_deal_leaves_the_first(store):
    keep(store, opportunity=[deal(), deal("d2")], activity=[activity()])
    keep(store, activity=[activity(deal_id="d2")])
    assert only(snapshot(store).activity)["key"] == store.mirror.ids("acme")["d2"]


def test_a_deleted_deal_is_gone_and_comes_back_when_it_is_read_again(store):
    keep(store, opportunity=[deal(), deal("d2")])
    keep(store, LATER, opportunity=[{"id": "d1", "gone": "deleted", "modified": LATER}])
    assert snapshot(store, LATER).deals["id"].to_list() == ["d2"]
    assert snapshot(store, NOON).deals["id"].to_list() == ["d1", "d2"]
    keep(store, LATER + DAY, opportunity=[edited(LATER + DAY)])
    assert snapshot(store, LATER + DAY).deals["id"].to_list() == ["d1", "d2"]


def test_what_a_full_pass_no_longer_finds_has_vanished(store):
    keep(store, opportunity=[deal(), deal("d2")], activity=[activity(), activity("t2")])
    kept = keep(store, LATER, present={"opportunity": frozenset({"d1"}), "activity": frozenset({"t1"})})
    assert (kept.vanished, kept.held_back) == (2, 0)
    assert record(store, "d2")["gone"] == "vanished"
    assert only(snapshot(store, LATER).activity)["vanished_touch"] == NOON - DAY


def test_a_reconciliation_never_buries_more_than_a_fiftieth_of_the_deals(store):
    keep(store, opportunity=[deal(f"d{n}") for n in range(1100)])
    left = frozenset(f"d{n}" for n in range(1100 - 23))
    kept = keep(store, LATER, present={"opportunity": left})
    assert (kept.vanished, kept.held_back) == (0, 23)
    assert snapshot(store, LATER).deals.height == 1100
    kept = keep(store, LATER, present={"opportunity": left | {"d1099"}})
    assert (kept.vanished, kept.held_back) == (22, 0)


def test_connections_do_not_see_each_other(store):
    keep(store, opportunity=[deal()])
    store.mirror.keep_page("other", Page({"opportunity": [deal(name="Theirs")]}), NOON, NOON)
    assert only(snapshot(store).deals)["name"] == "Deal d1"
    assert record(store, "d1", "other")["name"] == "Theirs"


def test_a_record_set_aside_is_kept_with_its_reason(store):
    page = Page({}, aside=(SetAside("opportunity", "d9", "the amount is 'abc'"),))
    assert store.mirror.keep_page("acme", page, NOON, NOON, run_id=7).aside == 1
    assert [(row["id"], row["reason"]) for row in rows(store, "aside", run=7)] == [("d9", "the amount is 'abc'")]


def test_feeds_say_when_they_were_last_read_to_their_end(store):
    keep(store, feeds=["activities"])
    keep(store, LATER, feeds=["stage_history"])
    assert snapshot(store, LATER).feeds == {"activities": NOON, "stage_history": LATER}


def test_text_that_no_database_takes_is_kept_without_what_offends(store):
    keep(store, opportunity=[deal(name="a\x00b \ud83d ☂", next_step="x\x00")], crm_stage=[{"id": "s\x00", "name": "☂"}])
    kept = record(store, "d1")
    assert (kept["name"], kept["next_step"]) == ("ab ? ☂", "x")
    assert store.mirror.records("acme", "crm_stage")[0]["id"] == "s"


def test_a_contact_who_left_a_deal_is_no_longer_on_it(store):
    roles = [
        {"id": f"{deal_id}:{contact}", "opportunity_id": deal_id, "contact_id": contact, "role": None, "gone": None}
        for deal_id, contact in (("d1", "ada"), ("d1", "bob"), ("d2", "ada"))
    ]
    keep(store, opportunity=[deal("d1"), deal("d2")], contact_role=roles)
    kept = keep(store, LATER, contact_role=roles[:1], whole={"contact_role": frozenset({"d1"})})
    assert kept.changed == 1
    assert snapshot(store, LATER).roles["contact_count"].to_list() == [1, 1]
    keep(store, LATER, whole={"contact_role": frozenset({"d1"})})
    assert snapshot(store, LATER).roles["contact_count"].to_list() == [1]
    keep(store, LATER, contact_role=roles[1:2], whole={"contact_role": frozenset({"d1"})})
    assert snapshot(store, LATER).roles["contact_count"].to_list() == [1, 1]
