"""Leads in the store: kept with every change, as they were on a past day, with what is logged on them."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from model.previous_verdict import FINDINGS
from model.subjects import LEADS
from model.sync import Cursor, Description, Offer
from store import TouchRule
from tests.store.fixtures import DAY, NOBODY, NOON, deal, keep, only

MADE = NOON - 10 * DAY


def lead(id_="l1", **changed):
    """An open lead, ten days old."""
    return {
        "id": id_, "name": f"Lead {id_}", "company": "Acme", "source": "Web", "status": "New", "owner_id": "u1",
        "is_converted": False, "converted_on": None, "created": MADE, "last_edit": MADE, "modified": MADE,
        "modified_by": "u1", "facts": {"score": 50}, "unread": [], "gone": None, "merged_into": None,
    } | changed  # fmt: skip


def edited(at, id_="l1", **changed):
    return lead(id_, last_edit=at, modified=at, **changed)


def call(id_="c1", lead_id="l1", at=NOON - DAY, **changed):
    return {
        "id": id_, "lead_id": lead_id, "kind": "call", "state": "done", "at": at, "created": at, "created_by": "u1",
        "bulk": False, "modified": at, "gone": None,
    } | changed  # fmt: skip


def shot(store, at=NOON, touch=NOBODY):
    return store.history.snapshot("acme", at, touch=touch, subject=LEADS).records


def touched(store, at=NOON, touch=NOBODY):
    row = only(shot(store, at, touch))
    return row["first_touch"], row["last_touch"]


def test_a_lead_comes_back_as_it_was_kept(store):
    keep(store, lead=[lead()], feeds=["leads"])
    row = only(shot(store))
    kept = {name: value for name, value in lead().items() if name in row and name not in {"facts", "unread"}}
    assert {name: row[name] for name in kept} == kept
    assert (row["facts"], row["unread"]) == ('{"score":50}', "")
    assert store.history.snapshot("acme", NOON, touch=NOBODY, subject=LEADS).feeds == {"leads": NOON}


def test_an_unchanged_page_writes_nothing_and_a_changed_lead_leaves_its_history(store):
    keep(store, NOON - 5 * DAY, lead=[lead()])
    assert keep(store, NOON - 4 * DAY, lead=[lead()]).unchanged == 1
    kept = keep(store, NOON - 3 * DAY, lead=[edited(NOON - 3 * DAY, status="Working", facts={"score": 90})])
    assert (kept.changed, kept.field_changes) == (1, 2)


def test_a_past_day_has_the_values_of_that_day(store):
    keep(store, NOON - 5 * DAY, lead=[lead()])
    converted = {"is_converted": True, "converted_on": date(2026, 10, 31)}
    keep(store, NOON - 3 * DAY, lead=[edited(NOON - 3 * DAY, status="Working", facts={"score": 90}, owner_id=None)])
    keep(store, NOON - 2 * DAY, lead=[edited(NOON - 2 * DAY, status="Done", facts={"score": 90}, **converted)])

    def lead_at(at):
        row = only(shot(store, at))
        return row["status"], row["owner_id"], row["facts"], row["is_converted"], row["converted_on"]

    assert lead_at(NOON - 4 * DAY) == ("New", "u1", '{"score":50}', False, None)
    assert lead_at(NOON - 3 * DAY) == ("Working", None, '{"score":90}', False, None)
    assert lead_at(NOON) == ("Done", "u1", '{"score":90}', True, date(2026, 10, 31))


def test_what_nobody_saw_is_unread(store):
    """First seen after the day, and edited between it and then."""
    keep(store, NOON, lead=[edited(NOON - DAY), lead("l2")])
    before = {row["id"]: row["unread"] for row in shot(store, NOON - 2 * DAY).to_dicts()}
    assert {"status", "owner_id", "is_converted", "score"} <= set(before["l1"].split(";"))
    assert before["l2"] == ""
    assert only(shot(store, NOON).filter(pl.col("id") == "l1"))["unread"] == ""


def test_a_lead_that_was_not_there_yet_or_no_longer_is_left_out(store):
    keep(store, NOON - 5 * DAY, lead=[lead(), lead("young", created=NOON - 6 * DAY)])
    keep(store, NOON, lead=[{"id": "l1", "gone": "merged", "merged_into": "young", "modified": NOON - DAY}])
    assert shot(store, NOON - 7 * DAY)["id"].to_list() == ["l1"]
    assert shot(store, NOON - 2 * DAY)["id"].to_list() == ["l1", "young"]
    assert shot(store, NOON)["id"].to_list() == ["young"]
    assert [row["id"] for row in store.leads.all("acme")] == ["young"]


def test_a_lead_that_comes_out_of_the_bin_is_there_again(store):
    keep(store, NOON - 5 * DAY, lead=[lead()])
    keep(store, NOON - 2 * DAY, lead=[{"id": "l1", "gone": "deleted"}])
    keep(store, NOON - DAY, lead=[lead()])
    assert shot(store)["id"].to_list() == ["l1"]


def test_one_that_was_gone_before_we_saw_it_is_not_kept(store):
    kept = keep(store, lead=[{"id": "l9", "gone": "deleted"}])
    assert (kept.new, kept.changed) == (0, 0)
    assert shot(store, NOON + DAY).is_empty()


@pytest.mark.parametrize(
    ("lead_at", "counts"),
    [
        ({}, True), ({"kind": "meeting"}, True), ({"kind": "note"}, True), ({"state": "open", "at": None}, False),
        ({"state": "cancelled"}, False), ({"bulk": True}, False), ({"created_by": "robot"}, False),
        ({"gone": "deleted"}, False), ({"gone": "vanished"}, False), ({"at": NOON + DAY}, False),
        ({"created": NOON + DAY}, False), ({"at": MADE - DAY}, False), ({"at": MADE}, True),
        ({"kind": "meeting", "state": "open"}, True), ({"created_by": None}, True),
    ],
)  # fmt: skip
def test_only_touches_since_it_became_a_lead_count(store, lead_at, counts):
    keep(store, lead=[lead()], lead_activity=[call(**lead_at)])
    first, last = touched(store, touch=TouchRule(frozenset({"robot"})))
    assert (first is not None) is counts
    assert first == last


def test_the_first_and_the_newest_touch_are_reported(store):
    days = [NOON - n * DAY for n in (5, 2, 3)]
    keep(store, lead=[lead()], lead_activity=[call(f"c{n}", at=at) for n, at in enumerate(days)])
    assert touched(store) == (days[0], days[1])
    assert touched(store, NOON - 4 * DAY) == (days[0], days[0])
    assert touched(store, NOON - 6 * DAY) == (None, None)


def test_what_was_logged_before_the_conversion_counts_though_it_moved_to_the_contact(store):
    keep(store, lead=[edited(NOON, is_converted=True), lead("l2")], lead_activity=[call(), call("c2", "l2")])
    keep(store, present={"lead_activity": frozenset()})
    assert {row["id"]: row["first_touch"] for row in shot(store).to_dicts()} == {"l1": NOON - DAY, "l2": None}


def test_a_page_that_has_all_of_a_lead_ends_what_it_leaves_out(store):
    keep(store, lead=[lead(), lead("l2")], lead_activity=[call(), call("c2"), call("c3", "l2")])
    keep(store, lead_activity=[call("c2")], whole={"lead_activity": frozenset({"l1"})})
    with store.database.reading() as sql:
        assert dict(sql.rows("SELECT id, gone FROM lead_activity")) == {"c1": "deleted", "c2": None, "c3": None}


def test_a_full_pass_buries_what_it_did_not_find_but_never_many_at_once(store):
    keep(store, lead=[lead(f"l{n}") for n in range(40)])
    kept = keep(store, present={"lead": frozenset(f"l{n}" for n in range(5))})
    assert (kept.vanished, kept.held_back) == (0, 35)
    assert keep(store, present={"lead": frozenset(f"l{n}" for n in range(30))}).vanished == 10
    assert shot(store, NOON + DAY).height == 30


def test_a_lead_and_a_deal_of_one_id_are_two(store):
    keep(store, lead=[lead("x")], opportunity=[deal("x")], cursor=Cursor("lead", "{}"))
    assert store.mirror.ids("acme").keys() == {"x"}
    assert shot(store)["id"].to_list() == ["x"]


def finding(key, policy="slow", status="broken"):
    flag = f'{{"policy": "{policy}"}}'
    values = (key, policy, status, date(2026, 11, 1), date(2026, 11, 1), None, False, flag)
    return dict(zip(FINDINGS.names(), values, strict=True))


def frame(*rows):
    return pl.DataFrame(list(rows), schema=FINDINGS)


def test_the_verdict_on_leads_is_replaced_whole_and_listed(store):
    keep(store, owner=[{"id": "u1", "name": "Rita"}], lead=[lead(), lead("l2", owner_id=None)])
    one, two = shot(store)["key"].to_list()
    store.verdicts.keep_findings("acme", 1, LEADS, frame(finding(one), finding(one, "quiet", "unknown"), finding(two)))
    store.verdicts.keep_findings("acme", 1, LEADS, frame(finding(one), finding(one, "quiet", "unknown")))
    assert store.verdicts.findings("acme", LEADS).to_dicts() == [finding(one, "quiet", "unknown"), finding(one)]
    values = {row["id"]: row for row in store.leads.all("acme")}
    assert (values["l1"]["broken"], values["l1"]["unknown"]) == ([{"policy": "slow"}], [{"policy": "quiet"}])
    assert (values["l1"]["owner"], values["l2"]["owner"], values["l2"]["broken"]) == ("Rita", None, [])
    store.verdicts.keep_findings("acme", 2, LEADS, frame())
    assert store.verdicts.findings("acme", LEADS).is_empty()


def test_findings_of_leads_and_of_deals_do_not_meet(store):
    keep(store, lead=[lead()], opportunity=[deal()])
    (key,) = shot(store)["key"]
    store.verdicts.keep_findings("acme", 1, LEADS, frame(finding(key)))
    assert [deal["flags"] for deal in store.verdicts.deals("acme")] == [[]]


def test_a_store_of_the_version_before_keeps_its_findings_and_its_description(store):
    keep(store, lead=[lead()], opportunity=[deal()])
    (key,) = shot(store)["key"]
    store.verdicts.keep_findings("acme", 1, LEADS, frame(finding(key), finding(key, "quiet", "unknown")))
    offer = Offer(frozenset({"status", "score"}), {"score": "number"}, {"status": ("New", "Gone")})
    described = Description(mapped=frozenset({"id"}), writes={}, offers={"lead": offer}, currency="USD")
    store.connections.keep_description("acme", described)
    store.database.downgrade("0040")
    with store.database.reading() as sql:
        assert sql.rows("SELECT policy FROM lead_finding ORDER BY policy") == [("quiet",), ("slow",)]
        assert sql.rows("SELECT count(*) FROM finding") == [(0,)]
    store.database.upgrade()
    assert store.verdicts.findings("acme", LEADS).to_dicts() == [finding(key, "quiet", "unknown"), finding(key)]
    assert store.connections.description("acme") == described


def test_a_dry_run_knows_the_leads(store):
    keep(store, lead=[lead()], lead_activity=[call()])
    keep(store, NOON, lead=[edited(NOON, status="Working")])
    with store.dry_run("acme") as copy:
        assert shot(copy, NOON - DAY / 2).equals(shot(store, NOON - DAY / 2))
        keep(copy, lead=[lead("l2")])
    assert shot(store)["id"].to_list() == ["l1"]
