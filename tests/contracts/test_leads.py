"""What holds for leads in every CRM: read when asked for, with what is logged on them, and told when they go."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from model.errors import RetryLater
from model.records import COLUMNS, LEAD, LEAD_ACTIVITY
from tests.contracts.test_connectors import KINDS
from tests.contracts.test_crms import cursors, later, said
from tests.crm_drivers import OFFICES


@pytest.fixture(params=OFFICES)
def office(request):
    with OFFICES[request.param]() as opened:
        yield opened


def of(pages, table):
    return {record["id"]: record for page in pages for record in page.records.get(table, ())}


def feeds(pages):
    return frozenset[str]().union(*(page.feeds for page in pages))


def pulled(crm, known=None, **how):
    return list(crm.pull(known or {}, subjects={"lead"}, **how))


def test_a_lead_arrives_with_its_status_as_people_see_it(office):
    score = office.custom("lead_score", "Lead score", "number", on="lead")
    lead = office.lead("  Ada Größe ", status=office.new_lead)
    office.flag_lead(lead, score, 81)
    later(office, minutes=1)
    found = of(pulled(office.connector(lead_fields={"lead_score": score})), "lead")[lead]
    assert (found["name"], found["company"], found["status"]) == ("Ada Größe", "Acme", office.new_lead)
    assert (found["is_converted"], found["converted_on"], found["gone"]) == (False, None, None)
    assert found["created"] == datetime.fromisoformat("2026-11-03T09:00:00+00:00")
    assert (found["facts"], found["unread"]) == ({"lead_score": 81}, [])


def test_records_have_the_types_that_the_model_says(office):
    leads = [office.lead(name) for name in ("one", "two")]
    office.call_lead(leads[0])
    office.convert_lead(leads[1])
    later(office, minutes=1)
    pages = pulled(office.connector())
    for table, columns in (("lead", LEAD), ("lead_activity", LEAD_ACTIVITY)):
        for record in of(pages, table).values():
            assert record.keys() <= columns.keys()
            wrong = [c for c, value in record.items() if value is not None and not KINDS[COLUMNS[table][c]](value)]
            assert wrong == []


def test_nothing_of_leads_is_read_or_described_unasked(office):
    office.call_lead(office.lead())
    crm = office.connector()
    pages = list(crm.pull({}))
    assert "lead" not in cursors(pages)
    assert {"leads", "lead_activities"}.isdisjoint(feeds(pages))
    assert not of(pages, "lead")
    assert crm.describe().of("lead").mapped == frozenset()


def test_leads_cost_no_call_unasked(office):
    office.lead()
    plain, asking = office.connector(), office.connector()
    list(plain.pull({}))
    pulled(asking)
    assert plain.calls < asking.calls


def test_a_description_tells_what_a_lead_has(office):
    score = office.custom("lead_score", "Lead score", "number", on="lead")
    gone = {"lead_score": score, "hidden": "no_such_field"}
    told = office.connector(lead_fields=gone).describe(subjects={"lead"})
    assert {"hours_waiting", "status", "owner", "lead_score", "hidden"} <= told.of("lead").mapped
    assert told.of("lead").types == {"lead_score": "number"}
    assert {office.new_lead, office.given_up} <= set(told.of("lead").choices["status"])
    assert "segment" not in told.of("lead").mapped


def test_a_field_that_cannot_be_read_is_unread_and_check_names_it(office):
    lead = office.lead()
    later(office, minutes=1)
    crm = office.connector(lead_fields={"lead_score": "no_such_field"})
    assert of(pulled(crm), "lead")[lead]["unread"] == ["lead_score"]
    assert "no_such_field (lead_score of leads) cannot be read" in said(
        crm.check(office.clock.now(), subjects={"lead"}), "missing"
    )


def test_the_second_pull_brings_only_what_changed(office):
    old, edited = office.lead("Old"), office.lead("Edited")
    later(office, minutes=30)
    first = pulled(office.connector())
    later(office, hours=2)
    office.edit_lead(edited, status=office.given_up)
    later(office, minutes=1)
    found = of(pulled(office.connector(), cursors(first)), "lead")
    assert (set(found), found[edited]["status"]) == ({edited}, office.given_up)
    assert old not in found


def test_a_change_while_the_last_pull_ran_is_found_by_the_next(office):
    lead = office.lead()
    first = []
    for page in office.connector().pull({}, subjects={"lead"}):
        first.append(page)
        office.edit_lead(lead, status=office.given_up)
    later(office, minutes=15)
    assert of(pulled(office.connector(), cursors(first)), "lead")[lead]["status"] == office.given_up


def test_a_lead_first_asked_for_later_comes_though_deals_have_a_cursor(office):
    lead = office.lead()
    later(office, hours=3)
    first = list(office.connector().pull({}))
    assert set(of(pulled(office.connector(), cursors(first)), "lead")) == {lead}


def test_a_converted_lead_says_so_and_when(office):
    lead = office.lead()
    first = pulled(office.connector())
    later(office, hours=24)
    office.convert_lead(lead)
    later(office, minutes=1)
    found = of(pulled(office.connector(), cursors(first)), "lead")[lead]
    assert (found["is_converted"], found["converted_on"], found["gone"]) == (True, date(2026, 11, 4), None)


def test_deleted_and_merged_leads_are_told_at_once(office):
    winner, loser, gone = (office.lead(name) for name in ("winner", "loser", "gone"))
    first = pulled(office.connector())
    later(office, hours=1)
    office.merge_leads(winner, loser)
    office.delete_lead(gone)
    later(office, minutes=1)
    found = of(pulled(office.connector(), cursors(first)), "lead")
    assert (found[loser]["gone"], found[loser]["merged_into"]) == ("merged", winner)
    assert found[gone]["gone"] == "deleted"
    assert found[winner]["gone"] is None


def test_a_full_pass_names_every_lead_that_is_there_and_no_other(office):
    kept, gone = office.lead("kept"), office.lead("gone")
    office.convert_lead(office.lead("converted"))
    office.delete_lead(gone)
    later(office, minutes=1)
    (present,) = (page.present["lead"] for page in pulled(office.connector(), full=True) if "lead" in page.present)
    assert kept in present
    assert len(present) == 2
    assert gone not in present


def test_what_is_logged_comes_with_its_lead(office):
    lead = office.lead()
    first = pulled(office.connector())
    assert not of(first, "lead_activity")
    later(office, hours=2)
    office.call_lead(lead)
    at = office.clock.now()
    later(office, minutes=1)
    second = pulled(office.connector(), cursors(first))
    (call,) = of(second, "lead_activity").values()
    assert (call["lead_id"], call["kind"], call["state"], call["at"], call["bulk"]) == (lead, "call", "done", at, False)
    assert {"leads", "lead_activities"} <= feeds(second)


def test_what_is_logged_on_leads_is_no_activity_of_a_deal(office):
    lead, deal = office.lead(), office.deal()
    office.call_lead(lead)
    office.call(deal)
    later(office, minutes=1)
    pages = pulled(office.connector())
    assert len(of(pages, "lead_activity")) == 1
    assert [record["opportunity_id"] for record in of(pages, "activity").values()] == [deal]


def test_where_leads_may_not_be_read_deals_come_all_the_same_and_check_says_what_is_missing(office):
    deal, _ = office.deal(), office.lead()
    office.hide_leads()
    later(office, minutes=1)
    crm = office.connector()
    pages = pulled(crm)
    assert (set(of(pages, "opportunity")), of(pages, "lead")) == ({deal}, {})
    assert "leads" not in feeds(pages)
    assert "A policy names leads, and" in said(crm.check(office.clock.now(), subjects={"lead"}), "missing")
    assert "leads" not in said(crm.check(office.clock.now()))
    assert "hours_waiting" in crm.describe(subjects={"lead"}).of("lead").mapped  # unknown from now on, not dormant


def test_where_activities_may_not_be_read_leads_come_and_their_feed_does_not(office):
    lead = office.lead()
    office.call_lead(lead)
    office.stop_activities("refused")
    later(office, minutes=1)
    pages = pulled(office.connector())
    assert lead in of(pages, "lead")
    assert "leads" in feeds(pages)
    assert "lead_activities" not in feeds(pages)
    assert not any("lead_activity" in page.whole for page in pages)


def test_an_outage_among_the_leads_is_told_and_the_next_pull_reads_them(office):
    lead = office.lead()
    later(office, minutes=1)
    pages = office.connector().pull({}, subjects={"lead"})
    known = {}
    for page in pages:
        known |= cursors([page])
        if "activities" in page.feeds:  # from here on leads are read
            break
    office.fault("unavailable", "api", count=None)
    with pytest.raises(RetryLater):
        list(pages)
    assert "lead" not in known
    office.faults.clear()
    later(office, minutes=20)
    assert lead in of(pulled(office.connector(), known), "lead")


def test_many_leads_with_one_timestamp_come_once_each(office):
    leads = {office.lead(f"Lead {n}") for n in range(230)}
    first = pulled(office.connector())
    assert set(of(first, "lead")) == leads
    later(office, hours=1)
    for lead in sorted(leads):
        office.edit_lead(lead, status=office.given_up)
    later(office, minutes=1)
    rows = [r["id"] for page in pulled(office.connector(), cursors(first)) for r in page.records.get("lead", ())]
    assert sorted(rows) == sorted(leads)


def test_the_clock_of_a_lead_starts_when_it_became_one(office):
    lead = office.lead()
    later(office, days=3)
    office.edit_lead(lead, status=office.given_up)
    later(office, minutes=1)
    made = of(pulled(office.connector()), "lead")[lead]["created"]
    assert office.clock.now() - made == timedelta(days=3, minutes=1)
