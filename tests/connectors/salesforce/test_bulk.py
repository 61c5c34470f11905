"""First loads and full reads by Bulk API 2.0: what comes, what is asked for, and what becomes of the jobs."""

import gzip
from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.shared.client.http_session import MOST_BYTES
from model.errors import BudgetSpent, RetryLater
from sandbox.salesforce import ADMIN, SYNC
from sandbox.salesforce.bulk import jobs
from sandbox.salesforce.events import delete_as, erase, hide_field
from sandbox.web import Reply
from tests.connectors.salesforce.sales import Sales, cursors, records

MANY = 3
OBJECT = "FROM Opportunity"


@pytest.fixture(autouse=True)
def small_parts(sales: Sales):
    """Five deals a part, so that a dozen takes several."""
    sales.org.settings.bulk_page = 5


def bulk(sales: Sales, **changes):
    return sales.connector(bulk_above=MANY, **changes)


def deals(sales: Sales, number: int = 12) -> set[str]:
    """So many deals of half an hour ago; nothing else in the org has as many rows."""
    found = {sales.deal(f"Deal {n}", Amount=n + 0.5) for n in range(number)}
    history = sales.org.tables["OpportunityFieldHistory"]
    for row in list(history.rows):
        history.swap(row, None)
    sales.org.clock.forward(timedelta(minutes=30))
    return found


def made(sales: Sales) -> int:
    """How many query jobs for opportunities were made."""
    return sum(one["method"] == "POST" and one["path"].endswith("jobs/query") for one in sales.org.calls)


def parts(sales: Sales) -> int:
    return sum(one["path"].endswith("/results") for one in sales.org.calls)


def killed(pages, stop):
    """The pages up to one at which the run is killed."""
    kept = []
    for page in pages:
        kept.append(page)
        if stop(page):
            break
    pages.close()
    return kept


def saving(locator: bool = True):
    """Whether a page saves a job, with or without the place of its next part."""

    def found(page):
        text = page.cursor.text if page.cursor and page.cursor.stream == "opportunity.bulk" else "{}"
        return '"job":"7' in text and ('"locator":""' not in text) is locator

    return found


def taken(kept, pages):
    """Takes pages into `kept` until something ends them."""
    for page in pages:
        kept.append(page)
    return []


def remarks(pages):
    return [remark for page in pages for remark in page.remarks]


def test_many_rows_come_by_a_job_and_the_job_is_deleted(sales: Sales):
    wanted = deals(sales)
    pages = list(bulk(sales).pull({}))
    assert set(records(pages, "opportunity")) == wanted
    assert (parts(sales) > 2, sales.org.jobs, remarks(pages)) == (True, {}, [])
    sales.org.clock.forward(timedelta(hours=1))
    edited = sales.deal("New")
    before = made(sales)
    sales.org.clock.forward(timedelta(minutes=1))
    assert set(records(bulk(sales).pull(cursors(pages)), "opportunity")) == {edited}
    assert made(sales) == before, "what changed is read page by page"


def test_few_rows_come_page_by_page_and_cost_no_call_more(sales: Sales):
    wanted = deals(sales, MANY)
    plain, crm = sales.connector(), bulk(sales)
    assert set(records(crm.pull({}), "opportunity")) == wanted
    list(plain.pull({}))
    assert (crm.calls, made(sales)) == (plain.calls, 0)


def test_a_query_that_is_too_slow_to_be_counted_goes_by_a_job(sales: Sales):
    wanted = deals(sales, MANY)
    sales.org.faults.add("query_timeout", path=r"queryAll.*FROM\+Opportunity[ +]")
    assert set(records(bulk(sales).pull({}), "opportunity")) == wanted
    assert made(sales) == 1


def test_a_killed_load_goes_on_with_the_next_part_of_the_same_job(sales: Sales):
    wanted = deals(sales)
    kept = killed(bulk(sales).pull({}), saving())
    assert len(records(kept, "opportunity")) == 5
    rest = list(bulk(sales).pull(cursors(kept)))
    assert len(records(rest, "opportunity")) == 7
    assert {*records(kept, "opportunity"), *records(rest, "opportunity")} == wanted
    assert (made(sales), sales.org.jobs) == (1, {})


def test_a_job_whose_id_was_not_kept_is_found_again(sales: Sales):
    wanted = deals(sales)
    kept = killed(bulk(sales).pull({}), saving(locator=False))[:-1]
    assert len(sales.org.jobs) == 1
    rest = list(bulk(sales).pull(cursors(kept)))
    assert (set(records(rest, "opportunity")), made(sales), sales.org.jobs) == (wanted, 1, {})


def test_a_job_of_another_program_is_neither_read_nor_deleted(sales: Sales):
    wanted = deals(sales)
    kept = killed(bulk(sales).pull({}), saving(locator=False))[:-1]
    sales.org.jobs.clear()
    us = next(row["Id"] for row in sales.org.tables["User"].rows.values() if row["Username"] == SYNC)
    theirs = jobs.create(sales.org, us, {"operation": "queryAll", "query": f"SELECT Id, Name {OBJECT}"}, "62.0")
    assert set(records(bulk(sales).pull(cursors(kept)), "opportunity")) == wanted
    assert list(sales.org.jobs) == [theirs.id]


@pytest.mark.parametrize("fault", ["drop_after", "bad_gateway", "garbage", "session_expired"])
def test_a_lost_reply_makes_no_second_job(sales: Sales, fault):
    wanted = deals(sales)
    sales.org.faults.add(fault, method="POST", path="jobs/query")
    assert set(records(bulk(sales).pull({}), "opportunity")) == wanted
    assert (len(sales.org.bulk_made), sales.org.jobs) == (1, {})


@pytest.mark.parametrize("path", ["/results", r"jobs/query/750\w+\?"])
@pytest.mark.parametrize("fault", ["drop", "truncate", "garbage", "bad_gateway", "session_expired", "unavailable_json"])
def test_a_passing_fault_is_not_noticed(sales: Sales, fault, path):
    wanted = deals(sales)
    struck = sales.org.faults.add(fault, method="GET", path=path, after=path == "/results")
    assert set(records(bulk(sales).pull({}), "opportunity")) == wanted
    assert (struck.struck, len(sales.org.bulk_made), sales.org.jobs) == (1, 1, {})


def test_a_part_that_lacks_rows_is_asked_for_again(sales: Sales):
    wanted, cut = deals(sales), []

    def twist(call, reply):
        if cut or not call.path.endswith("/results"):
            return reply
        cut.append(reply)
        lines = gzip.decompress(reply.body).splitlines(keepends=True)
        return replace(reply, body=gzip.compress(b"".join(lines[:-2])))

    sales.org.faults.twist = twist
    assert set(records(bulk(sales).pull({}), "opportunity")) == wanted
    assert (len(cut), made(sales)) == (1, 1)


def test_a_job_that_fails_is_deleted_and_made_anew(sales: Sales):
    wanted = deals(sales)
    sales.org.faults.add("job_fails", entity="Opportunity")
    pages = list(bulk(sales).pull({}))
    assert (set(records(pages, "opportunity")), remarks(pages), sales.org.jobs) == (wanted, [], {})


def test_an_object_with_jobs_that_fail_twice_is_read_page_by_page_with_a_remark(sales: Sales):
    wanted = deals(sales)
    sales.org.faults.add("job_fails", entity="Opportunity", count=2)
    pages = list(bulk(sales).pull({}))
    assert (set(records(pages, "opportunity")), sales.org.jobs) == (wanted, {})
    why = "Bulk API 2.0 does not give them (QUERY_TIMEOUT: the query was retried more than 15 times)."
    text = f"Opportunity has more than 3 rows and was read page by page, which takes more calls: {why}"
    assert remarks(pages) == [text]


@pytest.mark.parametrize("lost", ["locator", "job", "version"])
def test_a_job_that_cannot_be_gone_on_with_is_made_anew(sales: Sales, lost):
    wanted = deals(sales)
    kept = killed(bulk(sales).pull({}), saving())
    crm = bulk(sales, api_version="61.0") if lost == "version" else bulk(sales)
    if lost == "locator":
        sales.org.faults.add("locator_expired")
    if lost == "job":
        sales.org.clock.forward(timedelta(days=8))
    rest = list(crm.pull(cursors(kept)))
    assert set(records(rest, "opportunity")) == wanted
    assert (made(sales), sales.org.jobs) == (2, {})


def test_a_run_waits_with_growing_pauses_and_the_next_one_goes_on_with_the_job(sales: Sales):
    wanted = deals(sales)
    stays = sales.org.faults.add("job_stays")
    kept = []
    with pytest.raises(RetryLater, match="The next run goes on with it") as raised:
        kept += taken(kept, bulk(sales).pull({}))
    assert raised.value.seconds == 300
    assert sales.waited == sorted(sales.waited)
    assert (900 < sum(sales.waited) < 1000, max(sales.waited), len(sales.waited) < 30) == (True, 60, True)
    stays.code = None
    rest = list(bulk(sales).pull(cursors(kept)))
    assert (set(records(rest, "opportunity")), made(sales), sales.org.jobs) == (wanted, 1, {})


def while_it_waits(sales: Sales, happens) -> list:
    """A load with something that happens while the job is under way, and once more than the overlap has passed."""
    sales.org.settings.bulk_seconds = 1_000
    pages, kept = bulk(sales).pull({}), []
    for page in pages:
        kept.append(page)
        if page.prepared is not None:
            sales.org.clock.forward(timedelta(minutes=15))
            happens()
            happens = lambda: None  # noqa: E731 - it happens once
    return kept


def test_what_people_change_while_a_job_is_under_way_is_read_and_nothing_older_follows(sales: Sales):
    changed, lost, *others = sorted(deals(sales))
    new = []

    def happens():
        sales.edit(changed, NextStep="Send the offer")
        delete_as(sales.org, ADMIN, "Opportunity", lost)
        new.append(sales.deal("New"))

    pages = while_it_waits(sales, happens)
    seen = [record for page in pages for record in page.records.get("opportunity", ())]
    assert {record["id"] for record in seen} == {changed, lost, *others, *new}
    assert [record["next_step"] for record in seen if record["id"] == changed] == ["Send the offer"]
    assert [record["gone"] for record in seen if record["id"] == lost] == ["deleted"]


def test_what_changes_after_the_load_is_read_by_the_next_pull(sales: Sales):
    changed = min(deals(sales))
    pages = while_it_waits(sales, lambda: None)
    sales.edit(changed, NextStep="Send the offer")
    sales.org.clock.forward(timedelta(hours=1))
    assert records(bulk(sales).pull(cursors(pages)), "opportunity")[changed]["next_step"] == "Send the offer"


def test_a_full_pass_by_a_job_names_all_that_is_still_there(sales: Sales):
    erased, binned, *kept = sorted(deals(sales))
    first = list(bulk(sales).pull({}))
    erase(sales.org, "Opportunity", erased)
    delete_as(sales.org, ADMIN, "Opportunity", binned)
    pages = list(bulk(sales).pull(cursors(first), full=True))
    present = frozenset().union(*(page.present.get("opportunity", ()) for page in pages))
    assert (present, records(pages, "opportunity")[binned]["gone"]) == (set(kept), "deleted")
    assert (made(sales), sales.org.jobs) == (2, {})


@pytest.mark.parametrize(("hours", "jobs_made"), [(1, 2), (7, 3)])
def test_a_full_pass_that_was_killed_reads_its_job_again_while_it_is_fresh(sales: Sales, hours, jobs_made):
    wanted = deals(sales)
    first = list(bulk(sales).pull({}))
    kept = killed(bulk(sales).pull(cursors(first), full=True), saving())
    sales.org.clock.forward(timedelta(hours=hours))
    between = list(bulk(sales).pull(cursors([*first, *kept])))
    pages = list(bulk(sales).pull(cursors([*first, *kept, *between]), full=True))
    assert frozenset().union(*(page.present.get("opportunity", ()) for page in pages)) == wanted
    assert (made(sales), sales.org.jobs) == (jobs_made, {})


def test_a_full_pass_never_brings_an_older_value_than_a_pull_in_between(sales: Sales):
    changed = min(deals(sales))
    first = list(bulk(sales).pull({}))
    kept = killed(bulk(sales).pull(cursors(first), full=True), saving(locator=False))
    sales.org.clock.forward(timedelta(hours=1))
    sales.edit(changed, NextStep="Send the offer")
    sales.org.clock.forward(timedelta(minutes=30))
    between = list(bulk(sales).pull(cursors([*first, *kept])))
    pages = bulk(sales).pull(cursors([*first, *kept, *between]), full=True)
    seen = [record for page in pages for record in page.records.get("opportunity", ()) if record["id"] == changed]
    assert [record["next_step"] for record in seen] == ["Send the offer"]


def test_a_finished_job_that_a_kill_left_behind_is_deleted_by_the_next_pull(sales: Sales):
    deals(sales)
    kept = killed(bulk(sales).pull({}), lambda page: page.cursor is not None and '"done":"2' in page.cursor.text)
    assert ("opportunity" in cursors(kept), len(sales.org.jobs)) == (False, 1)
    pages = list(bulk(sales).pull(cursors(kept)))
    assert (records(pages, "opportunity"), made(sales), sales.org.jobs) == ({}, 1, {})
    assert cursors(pages)["opportunity.bulk"].text == "{}"


def test_a_job_that_asks_for_other_columns_than_today_is_stopped_deleted_and_made_anew(sales: Sales):
    wanted = deals(sales)
    sales.org.settings.bulk_seconds = 60
    kept = killed(bulk(sales).pull({}), saving(locator=False))
    sales.org.settings.bulk_seconds = 0
    next(iter(sales.org.jobs.values())).fate = sales.org.faults.add("job_stays", count=0)
    crm = bulk(sales, fields={"approved": "Fiscal"})
    found = records(crm.pull(cursors(kept)), "opportunity")
    assert (set(found), {deal["facts"]["approved"] for deal in found.values()}) == (wanted, {"2026 4"})
    assert (made(sales), sales.org.jobs) == (2, {})
    assert [one["method"] for one in sales.org.calls if one["method"] in {"PATCH", "DELETE"}][:3] == [
        "DELETE", "PATCH", "DELETE",
    ]  # fmt: skip


@pytest.mark.parametrize("refusal", ["bulk_off", "api_disabled"])
def test_an_org_without_bulk_is_read_page_by_page_with_one_remark(sales: Sales, refusal):
    wanted = deals(sales)
    calls = [sales.create("Task", WhatId=min(wanted), Subject="Call") for _ in range(MANY + 1)]
    sales.org.faults.add(refusal, path="jobs/query", count=None)
    pages = list(bulk(sales).pull({}))
    assert (set(records(pages, "opportunity")), set(records(pages, "activity"))) == (wanted, set(calls))
    assert (len(remarks(pages)), made(sales)) == (1, 1)
    assert "is not enabled" in remarks(pages)[0] or "isn't enabled" in remarks(pages)[0]


def test_an_object_that_bulk_refuses_is_read_page_by_page_and_others_by_jobs(sales: Sales):
    wanted = deals(sales)
    calls = {sales.create("Task", WhatId=min(wanted), Subject="Call") for _ in range(MANY + 1)}
    refused = {"code": "INVALIDENTITY", "message": "Entity 'Opportunity' is not supported by the Bulk API."}
    sales.org.faults.add(**refused, status=400, method="POST", path="jobs/query")
    pages = list(bulk(sales).pull({}))
    assert (set(records(pages, "opportunity")), set(records(pages, "activity"))) == (wanted, calls)
    assert (len(remarks(pages)), len(sales.org.bulk_made), sales.org.jobs) == (1, 1, {})


def test_parts_that_are_too_large_are_read_again_in_smaller_ones(sales: Sales):
    wanted, asked = deals(sales), []
    huge = Reply(gzip.compress(bytes(MOST_BYTES + 1), 1), headers={"Content-Encoding": "gzip"}, kind="text/csv")

    def twist(call, reply):
        most = dict(call.query).get("maxRecords")
        asked.extend([most] if most else [])
        return huge if most and int(most) > 10_000 else reply

    sales.org.faults.twist = twist
    assert set(records(bulk(sales).pull({}), "opportunity")) == wanted
    assert (asked[:3], made(sales), sales.org.jobs) == (["25000", "12500", "6250"], 1, {})


def test_a_pull_out_of_calls_goes_on_with_its_job(sales: Sales):
    wanted = deals(sales)
    kept = killed(bulk(sales).pull({}), saving())
    crm, sales.org.settings.daily_limit = bulk(sales), sales.org.used
    with pytest.raises(BudgetSpent):
        list(crm.pull(cursors(kept)))
    sales.org.settings.daily_limit = 100_000
    rest = list(bulk(sales).pull(cursors(kept)))
    assert {*records(kept, "opportunity"), *records(rest, "opportunity")} == wanted
    assert (made(sales), sales.org.jobs) == (1, {})


def test_a_field_that_is_hidden_while_a_job_is_under_way_is_unread(sales: Sales):
    wanted = deals(sales)
    pages = while_it_waits(sales, lambda: hide_field(sales.org, "Opportunity", "Amount", SYNC))
    found = records(pages, "opportunity")
    assert set(found) == wanted
    assert all(deal["unread"] == ["amount"] and "amount" not in deal for deal in found.values())
    assert (made(sales), sales.org.jobs) == (2, {})
