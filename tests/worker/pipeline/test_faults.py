"""Each way in which a CRM can fail within a whole run: what becomes of it, and what people read."""

from __future__ import annotations

import pytest

from model.errors import AccessRefused
from tests.crm_drivers import CRM_DRIVERS
from tests.worker.governed import NAME, AfterThePull, governed, with_connector
from worker.usecases.answers import deals as deals_json

SOQL, PATCH = {"path": r"FROM\+Opportunity\+"}, {"method": "PATCH", "path": "composite/sobjects"}
EVERYWHERE = {"path": "/services/data"}
LISTED, UPDATE = {"path": r"objects/deals(\?|$|/search|/batch/read)"}, {"path": "deals/batch/update"}


def error(code, status=400, message="as it pleases"):
    return {"code": code, "status": status, "message": message}


def limited(policy):
    more = {"errorType": "RATE_LIMIT", "policyName": policy}
    return {"status": 429, "code": "RATE_LIMITS", "message": "You have reached your limit.", "more": more}


RECOVERED = {
    "salesforce": {
        "session ended": ("session_expired", SOQL),
        "session ended at the push": ("session_expired", PATCH),
        "bad auth header": ("invalid_auth_header", SOQL),
        "503 with HTML": ("unavailable", {**SOQL, "count": 2}),
        "503 with JSON": ("unavailable_json", {**SOQL, "count": 2}),
        "500": ("unknown_exception", SOQL),
        "502": ("bad_gateway", SOQL),
        "504": ("gateway_timeout", SOQL),
        "503 at the push": ("unavailable", PATCH),
        "502 at the push": ("bad_gateway", PATCH),
        "slow query": ("query_timeout", SOQL),
        "too many at once": ("concurrent_limit", SOQL),
        "too many at once at the push": ("concurrent_limit", PATCH),
        "lost cursor": ("invalid_query_locator", SOQL),
        "dropped line": ("drop", SOQL),
        "dropped before the push": ("drop", PATCH),
        "reply lost after the push": ("drop_after", PATCH),
        "reply cut after the push": ("truncate", PATCH),
        "garbage instead of the push's reply": ("garbage", PATCH),
        "cut body": ("truncate", SOQL),
        "200 with garbage": ("garbage", SOQL),
        "field gone": ("", {**SOQL, **error("INVALID_FIELD", message="No such column 'Nothing__c'")}),
        "row lock": ("row_lock", {"count": 2}),
    },
    "hubspot": {
        "ten-second limit": ("", {**LISTED, **limited("TEN_SECONDLY_ROLLING")}),
        "ten-second limit at the push": ("", {**UPDATE, **limited("TEN_SECONDLY_ROLLING")}),
        "search limit": ("secondly", {"count": 2}),
        "limit without a policy": ("", {**UPDATE, **error("RATE_LIMITS", 429, "Too many calls")}),
        "503 with HTML": ("unavailable", {**LISTED, "count": 2}),
        "500": ("internal_error", LISTED),
        "502": ("bad_gateway", LISTED),
        "524": ("edge_timeout", LISTED),
        "503 at the push": ("unavailable", UPDATE),
        "524 at the push": ("edge_timeout", UPDATE),
        "500 at the push": ("internal_error", UPDATE),
        "busy at the push": ("locked", {**UPDATE, "count": 2}),
        "busy record": ("row_lock", {"count": 2}),
        "dropped line": ("drop", LISTED),
        "dropped before the push": ("drop", UPDATE),
        "reply lost after the push": ("drop_after", UPDATE),
        "reply cut after the push": ("truncate", UPDATE),
        "garbage instead of the push's reply": ("garbage", UPDATE),
        "cut body": ("truncate", LISTED),
        "200 with garbage": ("garbage", LISTED),
        "207 that says nothing": (
            "",
            {**UPDATE, **error("X", 207), "more": {"status": "COMPLETE", "results": [], "errors": [], "numErrors": 1}},
        ),
    },
}
STOPPED = {
    "salesforce": {
        "daily limit": ("daily_limit", SOQL, "The org's daily API calls are used up: TotalRequests"),
        "daily limit at the push": ("daily_limit", PATCH, "They come back within 24 hours"),
        "API off": ("api_disabled", SOQL, "Salesforce has switched its API off"),
        "API off for us": ("api_currently_disabled", SOQL, "Ask an admin of the org"),
        "503 for long": ("unavailable", SOQL, "Salesforce is out of order"),
        "502 for long": ("bad_gateway", SOQL, "502 Bad Gateway"),
        "garbage for long": ("garbage", SOQL, "broke off or cannot be read"),
        "cursor lost for ever": ("invalid_query_locator", SOQL, "has lost the pages of a query"),
        "queries slow for ever": ("query_timeout", SOQL, "A query ran out of time"),
    },
    "hubspot": {
        "daily limit": ("daily", LISTED, "The account's daily API calls are used up"),
        "daily limit at the push": ("daily", UPDATE, "They come back at its midnight"),
        "ten-second limit for ever": ("ten_secondly", LISTED, "HubSpot's limit TEN_SECONDLY_ROLLING is reached"),
        "moving house": ("migrating", LISTED, "HubSpot is moving this account to another data centre"),
        "503 for long": ("unavailable", LISTED, "HubSpot is out of order"),
        "garbage for long": ("garbage", LISTED, "with a body that is no JSON"),
        "cut for long": ("truncate", LISTED, "broke off"),
    },
}
REFUSED = {
    "salesforce": {
        "session never accepted": ({**error("INVALID_SESSION_ID", 401), **EVERYWHERE}, "A new login did not help"),
        "bad query": ({**error("MALFORMED_QUERY"), **EVERYWHERE, **SOQL}, "MALFORMED_QUERY"),
        "not enabled": ({**error("FUNCTIONALITY_NOT_ENABLED", 403), **EVERYWHERE}, "FUNCTIONALITY_NOT_ENABLED"),
        "no opportunities": (
            {**error("INVALID_TYPE"), **EVERYWHERE, **SOQL},
            "Our Salesforce user may not read opportunities; give it the object's Read permission.",
        ),
        "login refused": (
            {
                "how": "error",
                "status": 400,
                "path": "oauth2/token",
                "body": '{"error": "invalid_grant"}',
                "count": None,
            },
            "invalid_grant",
        ),
    },
    "hubspot": {
        "token never accepted": ({**error("INVALID_AUTHENTICATION", 401), "path": "/crm/"}, "access_token"),
        "no properties": ({**error("MISSING_SCOPES", 403), "path": "properties/deals"}, "deals"),
        "no deals": ({**error("MISSING_SCOPES", 403, "crm.objects.deals.read"), **LISTED}, "deals.read"),
        "no writing": ({**error("MISSING_SCOPES", 403, "crm.objects.deals.write"), **UPDATE}, "deals.write"),
    },
}


def cases(table):
    return [pytest.param(kind, fault, id=f"{kind}-{fault}") for kind, faults in table.items() for fault in faults]


@pytest.fixture(scope="module")
def governed_once(tmp_path_factory):
    """One CRM of each kind for all faults: each run finds one deal to write."""
    with (
        governed(tmp_path_factory.mktemp("salesforce"), "salesforce") as org,
        governed(tmp_path_factory.mktemp("hubspot"), "hubspot") as portal,
    ):
        teams = {"salesforce": org, "hubspot": portal}
        for team in teams.values():
            team.run()
        yield teams


@pytest.fixture
def team(governed_once, kind):
    """The shared CRM with a new deal, and nothing that goes wrong yet."""
    shared = governed_once[kind]
    shared.driver.faults.clear()
    shared.new = shared.deal("New", amount=10)
    shared.later(minutes=11)
    yield shared
    shared.driver.faults.clear()


@pytest.fixture(params=CRM_DRIVERS)
def fresh(request, tmp_path):
    with governed(tmp_path, request.param) as opened:
        yield opened


@pytest.mark.parametrize(("kind", "fault"), cases(RECOVERED))
def test_a_fault_that_passes_is_recovered_within_the_run_and_nothing_is_sent_twice(team, kind, fault):
    name, how = RECOVERED[kind][fault]
    before, struck = len(team.writes()), team.driver.faults.add(name, **how)
    report = team.run()
    assert struck.struck
    assert (report.exit_code, report.stopped, report.outcomes["written"]) == (0, "", 1)
    assert team.written(before) == [team.new]  # and the next fault's run writes its own deal alone


@pytest.mark.parametrize(("kind", "fault"), cases(STOPPED))
def test_a_fault_that_lasts_stops_the_run_which_goes_on_where_it_stopped(team, kind, fault):
    name, how, found = STOPPED[kind][fault]
    before = len(team.writes())
    team.driver.faults.add(name, **how, count=None)
    report = team.run()
    assert report.exit_code == 3
    assert found in report.stopped
    assert team.services.store.runs.latest()[0]["reason"] == report.stopped
    assert report.calls
    assert team.written(before) == []
    team.driver.faults.clear()
    assert team.run().exit_code == 0
    assert team.written(before) == [team.new]


@pytest.mark.parametrize(("kind", "fault"), cases(REFUSED))
def test_what_no_repetition_changes_is_for_a_person_to_settle(team, kind, fault):
    how, found = REFUSED[kind][fault]
    if "login" in fault:
        team.driver.expire()
    before = len(team.writes())
    team.driver.faults.add(**{**how, "count": None})
    with pytest.raises(AccessRefused) as raised:
        team.run()
    assert found in str(raised.value)
    assert team.services.store.runs.latest()[0]["reason"] == str(raised.value)
    team.driver.faults.clear()
    assert team.run().exit_code == 0
    assert team.written(before) == [team.new]


def test_deals_that_are_deleted_are_never_written_again(fresh):
    kept, deleted = fresh.deal("Kept", amount=10), fresh.deal("Deleted", amount=10)
    fresh.run()
    before = len(fresh.writes())
    fresh.later(hours=1)
    fresh.driver.delete(deleted)
    fresh.later(days=15)  # both would be flagged for silence
    report = fresh.run()
    assert (report.exit_code, fresh.written(before)) == (0, [kept])
    assert fresh.run(full=True).outcomes["gone"] == 0
    assert [deal["name"] for deal in deals_json(fresh.services, NAME)] == ["Kept"]


def test_a_reconciliation_never_buries_more_than_two_percent_at_once(fresh):
    deals = [fresh.deal(f"Deal {n}", amount=10) for n in range(60)]
    fresh.run()
    fresh.later(hours=1)
    for deal in deals[:30]:
        fresh.driver.erase(deal)
    report = fresh.run(full=True)
    assert report.held == 30
    assert report.exit_code == 4
    assert any(
        "30 deals were not found" in remark and "none of them was given up" in remark for remark in report.remarks
    )
    assert len(deals_json(fresh.services, NAME)) == 60


@pytest.mark.parametrize("kind", CRM_DRIVERS)
def test_a_run_out_of_daily_calls_goes_on_to_what_an_undisturbed_one_leaves(tmp_path, kind):
    ends = []
    for spent_after in (None, 14, 27):
        folder = tmp_path / str(spent_after)
        folder.mkdir()
        with governed(folder, kind) as team:
            team.seed(40)
            if spent_after:
                team.driver.fault("daily_limit", "api", after=spent_after, count=None)
                report = team.run()
                assert (report.exit_code, "daily API calls are used up" in report.stopped) == (3, True)
                team.driver.faults.clear()
            assert team.run().exit_code == 0
            assert len(team.written()) == len(set(team.written()))
            ends.append(team.all_on_record())
            assert team.run().patches == 0
    assert all(end == ends[0] for end in ends)


def test_a_token_that_expires_between_pull_and_push_is_renewed(fresh):
    deal = fresh.deal("New", amount=10)
    connector = AfterThePull(fresh.driver.connector(**fresh.driver.renewable()), fresh.driver.expire)
    assert with_connector(fresh, connector).run().exit_code == 0
    assert fresh.written() == [deal]
