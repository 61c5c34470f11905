"""What holds for leads in every CRM: read when asked for, with what is logged on them, and reported when they go."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from model.errors import RetryLater
from model.records import COLUMNS, LEAD, LEAD_ACTIVITY
from tests.contracts.test_connectors import KINDS
from tests.contracts.test_crms import cursors, later, text_of
from tests.crm_drivers import CRM_DRIVERS


@pytest.fixture(params=CRM_DRIVERS)
def driver(request):
    with CRM_DRIVERS[request.param]() as opened:
        yield opened


def of(pages, table):
    return {record["id"]: record for page in pages for record in page.records.get(table, ())}


def feeds(pages):
    return frozenset[str]().union(*(page.feeds for page in pages))


def pulled(crm, known=None, **how):
    return list(crm.pull(known or {}, subjects={"lead"}, **how))


def test_a_lead_arrives_with_its_status_as_people_see_it(driver):
    score = driver.custom("lead_score", "Lead score", "number", on="lead")
    lead = driver.lead("  Ada Größe ", status=driver.new_lead)
    driver.flag_lead(lead, score, 81)
    later(driver, minutes=1)
    found = of(pulled(driver.connector(lead_fields={"lead_score": score})), "lead")[lead]
    assert (found["name"], found["company"], found["status"]) == ("Ada Größe", "Acme", driver.new_lead)
    assert (found["is_converted"], found["converted_on"], found["gone"]) == (False, None, None)
    assert found["created"] == datetime.fromisoformat("2026-11-03T09:00:00+00:00")
    assert (found["facts"], found["unread"]) == ({"lead_score": 81}, [])


def test_records_have_the_types_that_the_model_says(driver):
    leads = [driver.lead(name) for name in ("one", "two")]
    driver.call_lead(leads[0])
    driver.convert_lead(leads[1])
    later(driver, minutes=1)
    pages = pulled(driver.connector())
    for table, columns in (("lead", LEAD), ("lead_activity", LEAD_ACTIVITY)):
        for record in of(pages, table).values():
            assert record.keys() <= columns.keys()
            wrong = [c for c, value in record.items() if value is not None and not KINDS[COLUMNS[table][c]](value)]
            assert wrong == []


def test_leads_and_what_is_logged_on_them_are_read_again_by_id(driver):
    driver.call_lead(driver.lead())
    later(driver, minutes=1)
    crm = driver.connector()
    pages = pulled(crm)
    first = {table: of(pages, table) for table in ("lead", "lead_activity")}
    again = list(crm.again({table: list(found) for table, found in first.items()}))
    assert {table: of(again, table) for table in first} == first
    assert {table for page in again for table in page.asked} == set(first)


def test_leads_that_may_not_be_read_are_not_looked_for(driver):
    lead = driver.lead()
    driver.hide_leads()
    again = list(driver.connector().again({"lead": [lead]}))
    assert not of(again, "lead")
    assert "lead" not in {table for page in again for table in page.asked}


def test_nothing_of_leads_is_read_or_described_unasked(driver):
    driver.call_lead(driver.lead())
    crm = driver.connector()
    pages = list(crm.pull({}))
    assert "lead" not in cursors(pages)
    assert {"leads", "lead_activities"}.isdisjoint(feeds(pages))
    assert not of(pages, "lead")
    assert crm.describe().of("lead").mapped == frozenset()


def test_leads_cost_no_call_unasked(driver):
    driver.lead()
    plain, asking = driver.connector(), driver.connector()
    list(plain.pull({}))
    pulled(asking)
    assert plain.calls < asking.calls


def test_a_description_tells_what_a_lead_has(driver):
    score = driver.custom("lead_score", "Lead score", "number", on="lead")
    gone = {"lead_score": score, "hidden": "no_such_field"}
    found = driver.connector(lead_fields=gone).describe(subjects={"lead"})
    assert {"hours_waiting", "status", "owner", "lead_score", "hidden"} <= found.of("lead").mapped
    assert found.of("lead").types == {"lead_score": "number"}
    assert {driver.new_lead, driver.given_up} <= set(found.of("lead").choices["status"])
    assert "segment" not in found.of("lead").mapped


def test_a_field_that_cannot_be_read_is_unread_and_check_names_it(driver):
    lead = driver.lead()
    later(driver, minutes=1)
    crm = driver.connector(lead_fields={"lead_score": "no_such_field"})
    assert of(pulled(crm), "lead")[lead]["unread"] == ["lead_score"]
    assert "no_such_field (lead_score of leads) cannot be read" in text_of(
        crm.check(driver.clock.now(), subjects={"lead"}), "missing"
    )


def test_the_second_pull_brings_only_what_changed(driver):
    old, edited = driver.lead("Old"), driver.lead("Edited")
    later(driver, minutes=30)
    first = pulled(driver.connector())
    later(driver, hours=2)
    driver.edit_lead(edited, status=driver.given_up)
    later(driver, minutes=1)
    found = of(pulled(driver.connector(), cursors(first)), "lead")
    assert (set(found), found[edited]["status"]) == ({edited}, driver.given_up)
    assert old not in found


def test_a_change_while_the_last_pull_ran_is_found_by_the_next(driver):
    lead = driver.lead()
    first = []
    for page in driver.connector().pull({}, subjects={"lead"}):
        first.append(page)
        driver.edit_lead(lead, status=driver.given_up)
    later(driver, minutes=15)
    assert of(pulled(driver.connector(), cursors(first)), "lead")[lead]["status"] == driver.given_up


def test_a_lead_first_asked_for_later_comes_though_deals_have_a_cursor(driver):
    lead = driver.lead()
    later(driver, hours=3)
    first = list(driver.connector().pull({}))
    assert set(of(pulled(driver.connector(), cursors(first)), "lead")) == {lead}


def test_a_converted_lead_says_so_and_when(driver):
    lead = driver.lead()
    first = pulled(driver.connector())
    later(driver, hours=24)
    driver.convert_lead(lead)
    later(driver, minutes=1)
    found = of(pulled(driver.connector(), cursors(first)), "lead")[lead]
    assert (found["is_converted"], found["converted_on"], found["gone"]) == (True, date(2026, 11, 4), None)


def test_deleted_and_merged_leads_are_reported_at_once(driver):
    winner, loser, gone = (driver.lead(name) for name in ("winner", "loser", "gone"))
    first = pulled(driver.connector())
    later(driver, hours=1)
    driver.merge_leads(winner, loser)
    driver.delete_lead(gone)
    later(driver, minutes=1)
    found = of(pulled(driver.connector(), cursors(first)), "lead")
    assert (found[loser]["gone"], found[loser]["merged_into"]) == ("merged", winner)
    assert found[gone]["gone"] == "deleted"
    assert found[winner]["gone"] is None


def test_a_full_pass_names_every_lead_that_is_there_and_no_other(driver):
    kept, gone = driver.lead("kept"), driver.lead("gone")
    driver.convert_lead(driver.lead("converted"))
    driver.delete_lead(gone)
    later(driver, minutes=1)
    (present,) = (page.present["lead"] for page in pulled(driver.connector(), full=True) if "lead" in page.present)
    assert kept in present
    assert len(present) == 2
    assert gone not in present


def test_what_is_logged_comes_with_its_lead(driver):
    lead = driver.lead()
    first = pulled(driver.connector())
    assert not of(first, "lead_activity")
    later(driver, hours=2)
    driver.call_lead(lead)
    at = driver.clock.now()
    later(driver, minutes=1)
    second = pulled(driver.connector(), cursors(first))
    (call,) = of(second, "lead_activity").values()
    assert (call["lead_id"], call["kind"], call["state"], call["at"], call["bulk"]) == (lead, "call", "done", at, False)
    assert {"leads", "lead_activities"} <= feeds(second)


def test_what_is_logged_on_leads_is_no_activity_of_a_deal(driver):
    lead, deal = driver.lead(), driver.deal()
    driver.call_lead(lead)
    driver.call(deal)
    later(driver, minutes=1)
    pages = pulled(driver.connector())
    assert len(of(pages, "lead_activity")) == 1
    assert [record["opportunity_id"] for record in of(pages, "activity").values()] == [deal]


def test_where_leads_may_not_be_read_deals_come_all_the_same_and_check_says_what_is_missing(driver):
    deal, _ = driver.deal(), driver.lead()
    driver.hide_leads()
    later(driver, minutes=1)
    crm = driver.connector()
    pages = pulled(crm)
    assert (set(of(pages, "opportunity")), of(pages, "lead")) == ({deal}, {})
    assert "leads" not in feeds(pages)
    assert "A policy names leads, and" in text_of(crm.check(driver.clock.now(), subjects={"lead"}), "missing")
    assert "leads" not in text_of(crm.check(driver.clock.now()))
    assert "hours_waiting" in crm.describe(subjects={"lead"}).of("lead").mapped  # unknown from now on, not dormant


def test_where_activities_may_not_be_read_leads_come_and_their_feed_does_not(driver):
    lead = driver.lead()
    driver.call_lead(lead)
    driver.stop_activities("refused")
    later(driver, minutes=1)
    pages = pulled(driver.connector())
    assert lead in of(pages, "lead")
    assert "leads" in feeds(pages)
    assert "lead_activities" not in feeds(pages)
    assert not any("lead_activity" in page.whole for page in pages)


def test_an_outage_among_the_leads_is_reported_and_the_next_pull_reads_them(driver):
    lead = driver.lead()
    later(driver, minutes=1)
    pages = driver.connector().pull({}, subjects={"lead"})
    known = {}
    for page in pages:
        known |= cursors([page])
        if "activities" in page.feeds:  # from here on leads are read
            break
    driver.fault("unavailable", "api", count=None)
    with pytest.raises(RetryLater):
        list(pages)
    assert "lead" not in known
    driver.faults.clear()
    later(driver, minutes=20)
    assert lead in of(pulled(driver.connector(), known), "lead")


def test_many_leads_with_one_timestamp_come_once_each(driver):
    leads = {driver.lead(f"Lead {n}") for n in range(230)}
    first = pulled(driver.connector())
    assert set(of(first, "lead")) == leads
    later(driver, hours=1)
    for lead in sorted(leads):
        driver.edit_lead(lead, status=driver.given_up)
    later(driver, minutes=1)
    rows = [r["id"] for page in pulled(driver.connector(), cursors(first)) for r in page.records.get("lead", ())]
    assert sorted(rows) == sorted(leads)


def test_the_clock_of_a_lead_starts_when_it_became_one(driver):
    lead = driver.lead()
    later(driver, days=3)
    driver.edit_lead(lead, status=driver.given_up)
    later(driver, minutes=1)
    made = of(pulled(driver.connector()), "lead")[lead]["created"]
    assert driver.clock.now() - made == timedelta(days=3, minutes=1)
