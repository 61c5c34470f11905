import asyncio
from datetime import timedelta

import pytest
import requests
from simple_salesforce.exceptions import SalesforceError

from sandbox.salesforce import SYNC, events
from sandbox.salesforce.serving import OrgDoor
from sandbox.web import application

QUERY = "SELECT Id, Name, NextStep FROM Opportunity"


def refused(client):
    with pytest.raises(SalesforceError) as caught:
        client.sf.query(QUERY)
    return caught.value.status, caught.value.content


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("session_expired", 401, "INVALID_SESSION_ID"),
        ("invalid_auth_header", 401, "INVALID_AUTH_HEADER"),
        ("unavailable_json", 503, "SERVER_UNAVAILABLE"),
        ("unknown_exception", 500, "UNKNOWN_EXCEPTION"),
        ("query_timeout", 400, "QUERY_TIMEOUT"),
        ("invalid_query_locator", 400, "INVALID_QUERY_LOCATOR"),
        ("daily_limit", 403, "REQUEST_LIMIT_EXCEEDED"),
        ("concurrent_limit", 403, "REQUEST_LIMIT_EXCEEDED"),
        ("api_disabled", 403, "API_DISABLED_FOR_ORG"),
        ("api_currently_disabled", 403, "API_CURRENTLY_DISABLED"),
        ("not_enabled", 403, "FUNCTIONALITY_NOT_ENABLED"),
    ],
)
def test_a_named_fault_answers_with_its_code(sync, org, name, status, code):
    org.faults.add(name)
    got, content = refused(sync)
    assert (got, content[0]["errorCode"]) == (status, code)


@pytest.mark.parametrize(("name", "status"), [("unavailable", 503), ("bad_gateway", 502), ("gateway_timeout", 504)])
def test_a_gateway_answers_in_html(sync, org, name, status):
    org.faults.add(name)
    got, content = refused(sync)
    assert got == status
    assert "<html>" in content


def test_a_fault_strikes_the_nth_call_that_fits_and_then_no_more(sync, org, deal):
    deal()
    org.faults.add("query_timeout", method="GET", path=r"/query/?\?", after=1, count=1)
    assert sync.sf.query(QUERY)["totalSize"] == 1
    assert sync.sf.limits()["DailyApiRequests"]["Max"] == 100_000
    assert refused(sync)[0] == 400
    assert sync.sf.query(QUERY)["totalSize"] == 1


def test_a_dropped_line_leaves_nothing_done_and_a_dropped_reply_leaves_it_done(sync, org, deal):
    mine = deal()
    for name, step in (("drop", None), ("drop_after", "written")):
        org.faults.add(name, method="PATCH")
        with pytest.raises(requests.exceptions.ConnectionError):
            sync.sf.Opportunity.update(mine, {"NextStep": "written"})
        assert sync.sf.Opportunity.get(mine)["NextStep"] == step


def test_a_cut_body_and_a_body_that_is_no_json(sync, org, deal):
    deal()
    org.faults.add("truncate")
    with pytest.raises(requests.exceptions.RequestException):
        sync.sf.query(QUERY)
    org.faults.add("garbage")
    with pytest.raises(requests.exceptions.JSONDecodeError):
        sync.sf.query(QUERY)


def test_a_hang_outlasts_a_clients_patience(sync, org):
    org.faults.add("hang", seconds=0.5)
    with pytest.raises(requests.exceptions.ReadTimeout):
        sync.sf.query(QUERY, timeout=(1, 0.1))


def test_a_locked_row_fails_alone(sync, org, deal):
    first, second = deal(), deal()
    org.faults.add("row_lock", ids=(second,), count=1)
    records = [{"attributes": {"type": "Opportunity"}, "id": i, "NextStep": "n"} for i in (first, second)]
    results = sync.collection(records)
    assert results[0]["success"]
    assert results[1]["errors"][0]["statusCode"] == "UNABLE_TO_LOCK_ROW"
    assert all(r["success"] for r in sync.collection(records))


def test_the_daily_limit_is_counted_reported_and_enforced(sync, org):
    org.settings.daily_limit = org.used + 1
    sync.sf.query(QUERY)
    assert sync.sf.api_usage["api-usage"] == (org.used, org.used)
    status, content = refused(sync)
    assert (status, content[0]["errorCode"]) == (403, "REQUEST_LIMIT_EXCEEDED")


def test_a_late_commit_shows_up_below_a_stamp_that_was_already_seen(sync, org, deal):
    late_one, other = deal(Name="Late"), deal()
    early = org.clock.stamp()
    late = events.run_late(
        org, lambda: events.edit_as(org, "rep@acme.example", "Opportunity", late_one, {"Name": "New"})
    )
    org.clock.forward(timedelta(seconds=5))
    sync.sf.Opportunity.update(other, {"NextStep": "n"})
    newest = max(r["SystemModstamp"] for r in sync.sf.query("SELECT SystemModstamp FROM Opportunity")["records"])
    assert sync.sf.Opportunity.get(late_one)["Name"] == "Late"
    late.commit()
    row = sync.sf.Opportunity.get(late_one)
    assert row["Name"] == "New"
    assert row["SystemModstamp"] == early < newest


def test_another_process_drives_the_server_by_its_control_door(sync, running, org, deal):
    mine = deal()

    def post(name, body):
        return sync.session.post(f"{running.url}/__sandbox__/{name}", json=body).json()

    post("faults", {"name": "query_timeout"})
    assert refused(sync)[0] == 400
    assert post("clock", {"forward_seconds": 60})["now"] == "2026-11-15T12:01:00+00:00"
    edit = {"user": "rep@acme.example", "entity": "Opportunity", "id": mine, "values": {"NextStep": "Call"}}
    assert post("edit", edit) == {"id": mine}
    post("hide_field", {"entity": "Opportunity", "field": "NextStep", "user": SYNC})
    assert refused(sync)[1][0]["errorCode"] == "INVALID_FIELD"
    log = sync.session.get(f"{running.url}/__sandbox__/log").json()["writes"]
    assert (log[-1]["user"], log[-1]["values"]) == ("rep@acme.example", {"NextStep": "Call"})
    calls = sync.session.get(f"{running.url}/__sandbox__/calls").json()["calls"]
    assert calls[-1] == {
        "at": "2026-11-15T12:01:00.000+0000",
        "user": SYNC,
        "method": "GET",
        "path": "/services/data/v60.0/query/",
        "query": QUERY,
        "outcome": "400",
    }
    assert "ghost" in post("edit", {**edit, "user": "ghost"})["error"]


def test_a_client_that_dies_in_the_middle_of_its_call_is_no_fault_of_the_server(org):
    sent = []

    async def receive():
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": [], "scheme": "https"}
    asyncio.run(application(OrgDoor(org))(scope, receive, send))
    assert sent == []
