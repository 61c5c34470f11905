"""Query jobs of Bulk API 2.0 as Salesforce's pages describe them, asked by simple-salesforce and by plain calls."""

import csv
import io
from datetime import timedelta

import pytest
from simple_salesforce.bulk2 import ColumnDelimiter, LineEnding
from simple_salesforce.exceptions import SalesforceError, SalesforceOperationError

from sandbox.salesforce import ADMIN
from sandbox.salesforce.events import delete_as, edit_as

ALL = "SELECT Id, Name FROM Opportunity"


def made(client, query=ALL, operation="query", **form):
    return client.sf.restful("jobs/query", method="POST", json={"operation": operation, "query": query, **form})


def results(client, job, **params):
    url, headers = f"{client.sf.base_url}jobs/query/{job['id']}/results", client.sf.headers
    reply = client.session.get(url, params=params, headers=headers)
    reply.raise_for_status()
    return list(csv.reader(io.StringIO(reply.content.decode(), newline=""))), reply.headers


def refused(call, *given, **named):
    with pytest.raises(SalesforceError) as error:
        call(*given, **named)
    return error.value.status, error.value.content[0]["errorCode"]


def jobs_of(client):
    return {job["id"]: job["state"] for job in client.sf.restful("jobs/query")["records"]}


def test_simple_salesforces_own_bulk_query_reads_everything_in_parts(sync, deal):
    wanted = {deal() for _ in range(7)}
    parts = list(sync.sf.bulk2.Opportunity.query("SELECT Id FROM Opportunity", max_records=3, wait=0))
    assert [part.count("\n") - 1 for part in parts] == [3, 3, 1]
    assert {line.strip('"') for part in parts for line in part.splitlines()[1:]} == wanted


def test_a_job_is_queued_then_under_way_then_complete(sync, org, deal):
    deal()
    org.settings.bulk_seconds = 60
    job = made(sync)
    assert (job["state"], job["object"], job["apiVersion"]) == ("UploadComplete", "Opportunity", 60.0)
    path = f"jobs/query/{job['id']}"
    assert sync.sf.restful(path)["state"] == "InProgress"
    assert refused(sync.sf.restful, f"{path}/results") == (400, "INVALIDJOBSTATE")
    org.clock.forward(timedelta(minutes=1))
    assert {**sync.sf.restful(path), **job}.keys() >= {"numberRecordsProcessed", "retries", "jobType"}
    assert sync.sf.restful(path)["numberRecordsProcessed"] == 1


def test_parts_follow_each_other_by_locators_that_can_be_read_again(sync, deal):
    for _ in range(5):
        deal()
    job = made(sync)
    rows, headers = results(sync, job, maxRecords=2)
    assert (rows[0], len(rows), headers["Sforce-NumberOfRecords"]) == (["Id", "Name"], 3, "2")
    second, after = results(sync, job, maxRecords=2, locator=headers["Sforce-Locator"])
    assert second[0] == ["Id", "Name"]
    assert results(sync, job, maxRecords=2, locator=headers["Sforce-Locator"])[0] == second
    last, end = results(sync, job, maxRecords=2, locator=after["Sforce-Locator"])
    assert (len(last), end["Sforce-Locator"]) == (2, "null")
    assert refused(sync.sf.restful, f"jobs/query/{job['id']}/results", params={"locator": "MTIz"})[0] == 400


def test_values_are_texts_of_bulks_own_form(sync, admin, deal):
    text = 'He said "no", then;\nleft 🙂'
    deal(Name="Plain", Amount=12345678.5, NextStep=text)
    deal(Name="Bare")
    fields = "Name, Amount, Probability, NextStep, IsClosed, CreatedDate, CloseDate, Account.Name"
    query = f"SELECT {fields} FROM Opportunity"
    rows = {row[0]: row[1:] for row in results(sync, made(sync, query))[0]}
    assert rows["Plain"] == [
        "1.23456785E7", "10.0", text, "false", "2026-11-15T12:00:00.000Z", "2026-12-01", "",
    ]  # fmt: skip
    assert (rows["Bare"][0], rows["Bare"][2], rows["Name"][-1]) == ("", "", "Account.Name")


def test_delimiter_and_line_ending_are_the_callers_choice(sync, deal):
    found = sync.sf.bulk2.Opportunity.query(
        "SELECT Id, Name FROM Opportunity",
        column_delimiter=ColumnDelimiter.PIPE,
        line_ending=LineEnding.CRLF,
        wait=0,
    )
    deal(Name="A")
    assert '"|"A"\r\n' in next(iter(found))
    assert refused(made, sync, columnDelimiter="DOT") == (400, "INVALIDJOB")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("SELECT COUNT() FROM Opportunity", "API_ERROR"),
        ("SELECT StageName FROM Opportunity GROUP BY StageName", "API_ERROR"),
        ("SELECT Id FROM Opportunity LIMIT 5 OFFSET 5", "API_ERROR"),
        ("SELECT Id, (SELECT Id FROM Tasks) FROM Opportunity", "API_ERROR"),
        ("SELECT Id FROM TaskStatus", "INVALIDENTITY"),
        ("SELECT Wrong FROM Opportunity", "INVALID_FIELD"),
        ("SELECT Id FROM", "MALFORMED_QUERY"),
    ],
)
def test_what_bulk_cannot_ask_is_refused_when_the_job_is_made(sync, query, code):
    assert refused(made, sync, query) == (400, code)


def test_query_all_also_gives_the_bin(sync, org, deal):
    kept, lost = deal(), deal()
    delete_as(org, ADMIN, "Opportunity", lost)
    both = [{row[0] for row in results(sync, made(sync, ALL, way))[0][1:]} for way in ("query", "queryAll")]
    assert both == [{kept}, {kept, lost}]


def test_rows_are_as_they_stood_when_the_job_was_made(sync, org, deal):
    one = deal(Name="Before")
    job = made(sync)
    edit_as(org, ADMIN, "Opportunity", one, {"Name": "After"})
    assert results(sync, job)[0][1] == [one, "Before"]


def test_a_job_is_aborted_while_it_is_under_way_and_deleted_once_it_has_ended(sync, org):
    org.settings.bulk_seconds = 60
    path = f"jobs/query/{made(sync)['id']}"
    assert refused(sync.sf.restful, path, method="DELETE") == (400, "API_ERROR")
    assert sync.sf.restful(path, method="PATCH", json={"state": "Aborted"})["state"] == "Aborted"
    assert refused(sync.sf.restful, path, method="PATCH", json={"state": "Aborted"}) == (400, "INVALIDJOBSTATE")
    assert sync.sf.restful(path, method="DELETE") is None
    assert refused(sync.sf.restful, path) == (404, "NOT_FOUND")


def test_all_jobs_of_the_org_are_listed_and_only_their_maker_reads_them(sync, admin):
    mine, other = made(sync)["id"], made(admin)["id"]
    assert jobs_of(sync) == {mine: "JobComplete", other: "JobComplete"}
    assert refused(sync.sf.restful, f"jobs/query/{other}/results") == (403, "INVALIDUSER")


def test_a_job_is_kept_for_seven_days(sync, org):
    job = made(sync)
    org.clock.forward(timedelta(days=7, minutes=1))
    assert refused(sync.sf.restful, f"jobs/query/{job['id']}/results") == (404, "NOT_FOUND")


def test_so_many_jobs_may_be_made_in_a_day(sync, org):
    org.settings.bulk_jobs = 1
    made(sync)
    assert refused(made, sync) == (400, "LIMIT_EXCEEDED")
    org.clock.forward(timedelta(days=1))
    assert made(sync)["id"]


def test_results_are_read_in_the_version_in_which_the_job_was_made(sync):
    job = made(sync)
    sync.sf.base_url = sync.sf.base_url.replace("v60.0", "v61.0")
    assert refused(sync.sf.restful, f"jobs/query/{job['id']}/results")[0] == 409


def test_a_job_fails_or_stays_under_way_where_a_fault_waits(sync, org):
    org.faults.add("job_fails", entity="Opportunity")
    with pytest.raises(SalesforceOperationError, match="retried more than 15 times"):
        list(sync.sf.bulk2.Opportunity.query(ALL, wait=0))
    org.faults.add("job_stays")
    assert sync.sf.restful(f"jobs/query/{made(sync)['id']}")["state"] == "InProgress"
    assert sync.sf.restful(f"jobs/query/{made(sync)['id']}")["state"] == "JobComplete"
    org.faults.add("bulk_off")
    assert refused(made, sync) == (403, "FEATURENOTENABLED")
