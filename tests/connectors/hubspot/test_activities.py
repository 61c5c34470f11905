"""Calls, mails, meetings, notes and tasks of a local portal: what each becomes, and what is no touch."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from model.touch_rule import what_it_is, why_no_touch
from sandbox.hubspot import Settings
from sandbox.hubspot.api.tokens import OTHER_APP
from sandbox.hubspot.events import create_as, delete_as, link, take_scope
from tests.connectors.hubspot.portal import REP, PortalDriver, cursors, records

AS_OF = datetime(2026, 11, 10, 12, tzinfo=UTC)
PAST, AHEAD = "2026-11-02T15:00:00Z", "2026-12-01T15:00:00Z"


def activities(hub: PortalDriver, **settings):
    return records(hub.connector(**settings).pull({}), "activity")


def only(hub: PortalDriver, **settings):
    (found,) = activities(hub, **settings).values()
    return found


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        ("calls", {"hs_timestamp": PAST}, ("call", "touch")),
        ("calls", {"hs_timestamp": PAST, "hs_call_status": "NO_ANSWER"}, ("call", "touch")),
        ("calls", {"hs_timestamp": PAST, "hs_call_status": "CANCELED"}, ("call", None)),
        ("calls", {"hs_timestamp": AHEAD}, ("call", "task")),
        ("emails", {"hs_timestamp": AHEAD, "hs_email_status": "SCHEDULED"}, ("mail", None)),
        ("notes", {"hs_timestamp": AHEAD, "hs_note_body": "x"}, ("note", None)),
        ("emails", {"hs_timestamp": PAST, "hs_email_direction": "INCOMING_EMAIL"}, ("mail", "touch")),
        ("emails", {"hs_timestamp": PAST, "hs_email_status": "BOUNCED"}, ("mail", None)),
        ("emails", {"hs_timestamp": PAST, "hs_sequence_id": "7"}, ("mail", None)),
        ("notes", {"hs_timestamp": PAST, "hs_note_body": "x"}, ("note", "touch")),
        ("meetings", {"hs_timestamp": PAST, "hs_meeting_start_time": PAST}, ("meeting", "touch")),
        ("meetings", {"hs_timestamp": PAST, "hs_meeting_start_time": AHEAD}, ("meeting", "meeting")),
        ("meetings", {"hs_meeting_start_time": PAST, "hs_meeting_outcome": "NO_SHOW"}, ("meeting", None)),
        ("meetings", {"hs_meeting_start_time": PAST, "hs_meeting_outcome": "RESCHEDULED"}, ("meeting", None)),
        ("meetings", {"hs_meeting_start_time": AHEAD, "hs_meeting_outcome": "CANCELED"}, ("meeting", None)),
        ("tasks", {"hs_timestamp": AHEAD, "hs_task_status": "NOT_STARTED"}, ("task", "task")),
        ("tasks", {"hs_timestamp": PAST, "hs_task_status": "WAITING"}, ("task", "task")),
        ("tasks", {"hs_timestamp": PAST, "hs_task_status": "COMPLETED"}, ("task", "touch")),
    ],
)
def test_what_counts_as_a_touch(hub: PortalDriver, kind, values, expected):
    hub.create(kind, hub.deal(), **values)
    found = only(hub)
    assert (found["kind"], what_it_is(found, (), AS_OF)) == expected


def test_a_task_is_done_when_it_was_completed_not_when_it_was_due(hub: PortalDriver):
    task = hub.create("tasks", hub.deal(), hs_timestamp=AHEAD, hs_task_status="NOT_STARTED")
    hub.later(days=1)
    hub.edit(task, "tasks", hs_task_status="COMPLETED")
    found = only(hub)
    assert (found["at"], found["due"]) == (datetime(2026, 11, 4, 9, tzinfo=UTC), date(2026, 12, 1))


def test_a_call_dated_ahead_is_a_plan_of_its_day(hub: PortalDriver):
    hub.create("calls", hub.deal(), hs_timestamp=AHEAD)
    assert only(hub)["due"] == date(2026, 12, 1)


def test_a_due_day_is_one_of_the_connections_zone(hub: PortalDriver):
    hub.create("tasks", hub.deal(), hs_timestamp="2026-12-01T04:30:00Z", hs_task_status="NOT_STARTED")
    assert only(hub)["due"] == date(2026, 11, 30)


def test_our_own_task_is_no_plan(hub: PortalDriver):
    deal, crm = hub.deal(), hub.connector()
    api = crm._client.api("crm.objects.basic_api")
    to_deal = {"to": {"id": deal}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 216}]}
    body = {"properties": {"hs_timestamp": AHEAD, "hs_task_status": "NOT_STARTED"}, "associations": [to_deal]}
    crm._client.call(api.create, "tasks", body)
    (found,) = records(crm.pull({}), "activity").values()
    assert why_no_touch(found, {crm.describe().user_id}) == "an integration made it"


def test_an_app_listed_by_its_number_is_known_by_an_owner_of_that_id(hub: PortalDriver):
    pages = list(hub.connector(integration_users=(str(OTHER_APP), REP)).pull({}))
    found = records(pages, "owner")[f"integration:{OTHER_APP}"]
    assert found["username"] == str(OTHER_APP)


def test_what_a_rep_logs_is_theirs_by_owner_id(hub: PortalDriver):
    hub.create("calls", hub.deal(), hs_timestamp=PAST)
    assert only(hub)["created_by"] == hub.portal.owner(REP).id


def test_an_activity_on_two_deals_is_a_touch_of_both(hub: PortalDriver):
    deals = [hub.deal("One"), hub.deal("Two")]
    hub.create("calls", *deals, hs_timestamp=PAST)
    found = activities(hub)
    assert sorted(record["opportunity_id"] for record in found.values()) == deals


def test_a_call_on_very_many_deals_is_a_touch_of_each(hub: PortalDriver):
    deals = {hub.deal(f"Deal {n}") for n in range(130)}
    hub.create("calls", *deals, hs_timestamp=PAST)
    assert {one["opportunity_id"] for one in activities(hub).values()} == deals


@pytest.mark.parametrize("hub", [Settings(strict_names=True)], indirect=True)
def test_where_a_property_that_does_not_exist_is_refused_activities_are_read_without_it(hub: PortalDriver):
    deal = hub.deal()
    hub.create("emails", deal, hs_timestamp=PAST)
    lead = create_as(hub.portal, REP, "contacts", {"lastname": "Lee", "lifecyclestage": "lead"})
    create_as(hub.portal, REP, "calls", {"hs_timestamp": PAST}, links={"contacts": [lead]})
    for kind in ("emails", "calls"):
        del hub.portal.properties[kind]["hs_object_source_user_id"]
    pages = list(hub.connector().pull({}, subjects={"lead"}))
    assert [one["opportunity_id"] for one in records(pages, "activity").values()] == [deal]
    assert [one["lead_id"] for one in records(pages, "lead_activity").values()] == [lead]
    assert {"activities", "lead_activities"} <= set().union(*(page.feeds for page in pages))


def test_an_activity_on_a_contact_counts_only_where_it_is_rolled_up(hub: PortalDriver):
    contact = hub.create("contacts", hub.deal(), email="a@b.example")
    create_as(hub.portal, REP, "calls", {"hs_timestamp": PAST}, links={"contacts": [contact]})
    assert not activities(hub)
    found = only(hub, activity={"roll_up": "contacts"})
    assert (found["opportunity_id"], found["contact_id"]) == (None, contact)


def test_without_the_right_to_companies_activities_are_still_read(hub: PortalDriver):
    deal = hub.deal()
    wide = {"activity": {"roll_up": "contacts"}}
    take_scope(hub.portal, "crm.objects.companies.read")
    before = list(hub.connector(**wide).pull({}))
    hub.later(hours=1)
    hub.create("calls", deal, hs_timestamp=PAST)
    hub.later(minutes=1)
    pages = list(hub.connector(**wide).pull(cursors(before)))
    assert [one["opportunity_id"] for one in records(pages, "activity").values()] == [deal]
    assert "activities" in set().union(*(page.feeds for page in pages))


def test_later_pulls_read_what_changed_with_what_it_is_on(hub: PortalDriver):
    deal, other = hub.deal(), hub.deal("Other")
    call = hub.create("calls", deal, hs_timestamp=PAST)
    hub.later(hours=1)
    before = list(hub.connector().pull({}))
    hub.later(hours=1)
    hub.create("notes", other, hs_timestamp=PAST)
    hub.later(minutes=1)
    found = records(hub.connector().pull(cursors(before)), "activity")
    assert [(record["kind"], record["opportunity_id"]) for record in found.values()] == [("note", other)]
    assert f"call:{call}" not in found


def test_an_old_call_put_on_a_deal_later_is_read_with_the_deal(hub: PortalDriver):
    deal, first = hub.deal(), hub.deal("First")
    call = hub.create("calls", first, hs_timestamp=PAST)
    hub.later(hours=1)
    before = list(hub.connector().pull({}))
    hub.later(hours=1)
    link(hub.portal, "deals", deal, "calls", call)
    hub.later(minutes=1)
    found = records(hub.connector().pull(cursors(before)), "activity")
    assert deal in {record["opportunity_id"] for record in found.values()}


def test_a_deleted_call_is_gone(hub: PortalDriver):
    call = hub.create("calls", hub.deal(), hs_timestamp=PAST)
    hub.later(hours=1)
    before = list(hub.connector().pull({}))
    delete_as(hub.portal, REP, "calls", call)
    assert records(hub.connector().pull(cursors(before)), "activity")[f"call:{call}"]["gone"] == "deleted"


def test_mails_that_may_not_be_read_make_the_feed_late(hub: PortalDriver):
    hub.create("calls", hub.deal(), hs_timestamp=PAST)
    take_scope(hub.portal, "sales-email-read")
    pages = list(hub.connector().pull({}))
    assert not any("activities" in page.feeds for page in pages)
    assert records(pages, "activity")


@pytest.mark.parametrize("sources", [("call",), ("call", "note")], ids=["one kind", "one of two kinds"])
def test_calls_that_may_be_read_but_not_on_a_deal_make_the_feed_late(hub: PortalDriver, sources):
    deal, only = hub.deal(), {"activity": {"sources": sources}}
    call = hub.create("calls", hub.deal("First"), hs_timestamp=PAST)
    hub.later(hours=1)
    before = list(hub.connector(**only).pull({}))
    hub.later(hours=1)
    link(hub.portal, "deals", deal, "calls", call)
    hub.later(minutes=1)
    hub.portal.faults.add(status=403, code="MISSING_SCOPES", path="associations/deals/calls", count=None)
    pages = list(hub.connector(**only).pull(cursors(before)))
    assert deal in records(pages, "opportunity")
    assert not any("activities" in page.feeds for page in pages)


def test_only_the_listed_sources_are_read(hub: PortalDriver):
    deal = hub.deal()
    hub.create("calls", deal, hs_timestamp=PAST)
    hub.create("notes", deal, hs_timestamp=PAST)
    pages = list(hub.connector(activity={"sources": ("call",)}).pull({}))
    assert {record["kind"] for record in records(pages, "activity").values()} == {"call"}
    assert any("activities" in page.feeds for page in pages)
    assert hub.called("objects/notes") == 0
