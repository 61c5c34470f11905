"""The client alone, before a portal that `responses` plays: what is sent, what is tried again, what is reported."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
import requests
import responses

from connectors.hubspot.client import headers, windows
from connectors.hubspot.client.auth import Login
from connectors.hubspot.client.client import Client
from connectors.hubspot.client.convert import instant
from connectors.hubspot.client.faults import ObjectGone, Refused, ScopeMissing, TooLong
from connectors.hubspot.client.schema import Schema
from connectors.hubspot.pull import pipelines
from connectors.hubspot.settings import HubspotSettings
from connectors.shared.client.retries import ATTEMPTS
from model.errors import AccessRefused, BudgetSpent, RetryLater

BASE = "https://api.hubapi.com"
DEALS = f"{BASE}/crm/v3/objects/deals"
UPDATE = f"{DEALS}/batch/update"
TOKENS = f"{BASE}/oauth/v1/token"
NOW = datetime(2026, 11, 3, 9, tzinfo=UTC)
OAUTH = {"auth": "oauth", "client_id": "app", "client_secret": "hush", "refresh_token": "again"}


class TimedClient:
    """A client, the waits it asked for, and the time."""

    def __init__(self, **settings):
        self.waited, self.now = [], NOW
        values = {"name": "acme", "access_token": "pat-secret"} | settings
        self.client = Client(
            HubspotSettings(**values),
            clock=lambda: self.now,
            sleep=self.waited.append,
            random=Random(1),  # noqa: S311
        )

    def list(self, **given):
        return self.client.call(self.client.api("crm.deals.basic_api").get_page, **given)

    def update(self):
        api = self.client.api("crm.deals.batch_api")
        return self.client.call(api.update, {"inputs": [{"id": "1", "properties": {}}]}, repeatable=False)


@pytest.fixture
def portal():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def page(*ids):
    return {"results": [{"id": one, "properties": {"amount": "1000.10"}} for one in ids]}


def limited(policy):
    return {
        "status": "error",
        "errorType": "RATE_LIMIT",
        "policyName": policy,
        "message": "You have reached your limit.",
    }


def test_every_call_goes_through_our_session_and_money_stays_as_written(portal):
    portal.get(DEALS, json=page("1"))
    found = TimedClient().list(limit=50, properties=["amount", "dealname"])
    assert found["results"][0]["properties"]["amount"] == "1000.10"
    sent = portal.calls[0].request
    assert sent.headers["Authorization"] == "Bearer pat-secret"
    assert "properties=amount&properties=dealname" in sent.url


def test_a_yes_in_an_address_is_written_as_hubspot_writes_it(portal):
    portal.get(DEALS, json=page())
    TimedClient().list(archived=True)
    assert "archived=true" in portal.calls[0].request.url


def test_calls_of_two_threads_are_all_counted_and_pass_the_limits_in_turn(portal, tmp_path):
    portal.get(DEALS, json=page())
    timed = TimedClient(limits=str(tmp_path / "limits.db"))
    with ThreadPoolExecutor(2) as beside:
        found = list(beside.map(lambda _: timed.list(limit=50), range(90)))
    assert found == [page()] * 90
    assert timed.client.wire.calls == 90
    assert timed.waited == []


def test_a_shared_redis_that_is_away_is_waited_for(tmp_path):
    timed = TimedClient(limits=f"unix://{tmp_path / 'nobody.sock'}")
    with pytest.raises(RetryLater, match="shared rate limits"):
        timed.list(limit=50)
    assert len(timed.waited) == ATTEMPTS - 1


def test_an_api_object_is_kept(portal):
    client = TimedClient().client
    assert client.api("crm.deals.basic_api") is client.api("crm.deals.basic_api")


@pytest.mark.parametrize(
    "passing",
    [
        {"status": 502, "body": "<html>Bad gateway</html>"}, {"status": 503, "json": {"category": "x"}},
        {"status": 423, "json": {"message": "locked"}}, {"status": 521}, {"status": 200, "body": "<html>ok</html>"},
        {"body": requests.exceptions.ConnectionError("dropped")}, {"body": requests.exceptions.ReadTimeout("late")},
        {"status": 429, "json": limited("TEN_SECONDLY_ROLLING")}, {"status": 429, "json": limited("SECONDLY")},
        {"status": 502, "body": "Passerelle défaillante".encode("latin-1")},
    ],
)  # fmt: skip
def test_a_passing_fault_of_a_read_is_not_noticed(portal, passing):
    portal.get(DEALS, **passing)
    portal.get(DEALS, json=page("1"))
    timed = TimedClient()
    assert timed.list()["results"]
    assert len(timed.waited) == 1


@pytest.mark.parametrize(("policy", "wait"), [("TEN_SECONDLY_ROLLING", 10), ("SECONDLY", 1)])
def test_each_limit_is_waited_for_as_long_as_it_lasts(portal, policy, wait):
    portal.get(DEALS, status=429, json=limited(policy))
    portal.get(DEALS, json=page("1"))
    timed = TimedClient()
    timed.list()
    assert wait <= timed.waited[0] <= wait + 1


def test_the_days_limit_stops_until_the_accounts_midnight(portal):
    portal.get(f"{BASE}/account-info/v3/details", json={"portalId": 7, "timeZone": "America/New_York"})
    portal.get(DEALS, status=429, json=limited("DAILY"))
    timed = TimedClient()
    assert timed.client.account.portal == "7"
    with pytest.raises(BudgetSpent) as raised:
        timed.list()
    assert raised.value.until == datetime(2026, 11, 4, 5, tzinfo=UTC)
    assert timed.waited == []


@pytest.mark.parametrize(
    ("expected", "window"),
    [
        ({"x-hubspot-ratelimit-max": "190", "x-hubspot-ratelimit-interval-milliseconds": "5000"}, (190, 5000)),
        ({"X-HubSpot-RateLimit-Max": "190"}, (190, 10_000)),
        ({"X-HubSpot-RateLimit-Interval-Milliseconds": "10000"}, None),
        ({}, None),
    ],
)
def test_the_window_is_known_by_as_many_headers_as_there_are(expected, window):
    assert headers.window(requests.structures.CaseInsensitiveDict(expected)) == window


def test_our_share_of_the_days_calls_is_kept(portal):
    day = {"X-HubSpot-RateLimit-Daily": "100", "X-HubSpot-RateLimit-Daily-Remaining": "60"}
    portal.get(DEALS, json=page("1"), headers=day)
    timed = TimedClient(budget_share=0.02)
    timed.list()
    timed.list()
    with pytest.raises(BudgetSpent, match="2 of 2"):
        timed.list()
    assert timed.client.budget().used == 40


@pytest.mark.parametrize(
    "expected",
    [{"Retry-After": "120"}, {"Retry-After": "Tue, 03 Nov 2026 09:02:00 GMT", "Date": "Tue, 03 Nov 2026 09:00:00 GMT"}],
)
def test_a_wait_beyond_the_cap_is_left_to_the_caller(portal, expected):
    portal.get(DEALS, status=429, json=limited("TEN_SECONDLY_ROLLING"), headers=expected)
    timed = TimedClient()
    with pytest.raises(RetryLater) as raised:
        timed.list()
    assert raised.value.seconds >= 120
    assert timed.waited == []


@pytest.mark.parametrize(
    "dark",
    [
        {"status": 502}, {"status": 500, "json": {"category": "INTERNAL"}}, {"status": 200, "body": "<html>"},
        {"body": requests.exceptions.ConnectionError("dropped")}, {"body": requests.exceptions.ReadTimeout("late")},
    ],
)  # fmt: skip
def test_a_write_of_unknown_fate_is_never_sent_again(portal, dark):
    portal.post(UPDATE, **dark)
    with pytest.raises(RetryLater, match="read the records again before"):
        TimedClient().update()
    assert len(portal.calls) == 1


def test_a_write_that_was_not_taken_is_sent_again(portal):
    portal.post(UPDATE, status=429, json=limited("TEN_SECONDLY_ROLLING"))
    portal.post(UPDATE, json={"status": "COMPLETE", "results": []})
    assert TimedClient().update() == {"status": "COMPLETE", "results": []}


def test_a_207_is_an_answer_with_its_errors(portal):
    portal.post(UPDATE, status=207, json={"results": [], "errors": [{"category": "OBJECT_NOT_FOUND"}]})
    assert TimedClient().update()["errors"][0]["category"] == "OBJECT_NOT_FOUND"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"category": "VALIDATION_ERROR", "message": "no"}, Refused),
        (403, {"category": "MISSING_SCOPES", "message": "no"}, ScopeMissing),
        (404, {"category": "OBJECT_NOT_FOUND"}, ObjectGone),
        (409, {"category": "OBJECT_ALREADY_EXISTS"}, Refused),
        (414, None, TooLong),
    ],
)
def test_what_no_repetition_changes_is_not_repeated(portal, status, body, kind):
    portal.get(DEALS, status=status, **({"json": body} if body else {"body": "<html>"}))
    with pytest.raises(kind):
        TimedClient().list()
    assert len(portal.calls) == 1


def test_a_missing_scope_is_named(portal):
    context = {"requiredGranularScopes": ["crm.objects.deals.read"]}
    portal.get(
        DEALS, status=403, json={"category": "MISSING_SCOPES", "message": "No.", "errors": [{"context": context}]}
    )
    with pytest.raises(AccessRefused, match=r"crm\.objects\.deals\.read"):
        TimedClient().list()


def test_a_bad_private_token_is_asked_once_and_never_printed(portal):
    portal.get(DEALS, status=401, json={"category": "INVALID_AUTHENTICATION", "message": "bad pat-secret"})
    with pytest.raises(AccessRefused, match="access_token of connection acme") as raised:
        TimedClient().list()
    assert len(portal.calls) == 1
    assert "pat-secret" not in str(raised.value)


def given_tokens(portal, *tokens):
    for token in tokens:
        portal.post(TOKENS, json={"access_token": token, "expires_in": 1800, "refresh_token": "again"})


def test_an_oauth_token_is_renewed_before_it_ends_and_reaches_kept_objects(portal):
    given_tokens(portal, "first", "second")
    portal.get(DEALS, json=page("1"))
    timed = TimedClient(**OAUTH, access_token=None)
    timed.list()
    timed.now += timedelta(minutes=29, seconds=30)
    timed.list()
    rows = [call.request.headers.get("Authorization") for call in portal.calls if call.request.url.startswith(DEALS)]
    assert rows == ["Bearer first", "Bearer second"]
    assert "refresh_token=again" in portal.calls[0].request.body


def test_an_oauth_token_that_ends_in_the_middle_is_renewed_once(portal):
    given_tokens(portal, "first", "second")
    portal.get(DEALS, status=401, json={"category": "EXPIRED_AUTHENTICATION"})
    portal.get(DEALS, json=page("1"))
    assert TimedClient(**OAUTH, access_token=None).list()["results"]


def test_a_token_that_two_calls_lose_at_once_is_renewed_once():
    tokens = iter(["first", "second", "third"])
    login = Login(HubspotSettings(name="acme", **OAUTH), lambda: NOW, lambda _: {"access_token": next(tokens)})
    lost = [login.token(), login.token()]
    for token in lost:
        login.ended(token)
        assert login.token() == "second"


def test_a_lasting_401_is_answered_by_one_renewal(portal):
    given_tokens(portal, "first", "second", "third")
    portal.get(DEALS, status=401, json={"category": "INVALID_AUTHENTICATION"})
    with pytest.raises(AccessRefused, match="new token did not help"):
        TimedClient(**OAUTH, access_token=None).list()
    assert len(portal.calls) == 4


def test_a_dead_refresh_token_is_not_tried_again(portal):
    portal.post(TOKENS, status=400, json={"status": "BAD_REFRESH_TOKEN", "message": "missing or invalid: again"})
    with pytest.raises(AccessRefused, match="Connect the app again") as raised:
        TimedClient(**OAUTH, access_token=None).list()
    assert len(portal.calls) == 1
    assert "hush" not in str(raised.value)


@pytest.mark.parametrize("status", [400, 401])
def test_a_renewal_that_is_refused_in_the_words_of_the_standard_is_asked_once_and_reported(portal, status):
    portal.post(TOKENS, status=status, json={"error": "invalid_grant", "error_description": "it was revoked"})
    with pytest.raises(AccessRefused, match=r"it was revoked \(invalid_grant\)\. Connect the app again"):
        TimedClient(**OAUTH, access_token=None).list()
    assert len(portal.calls) == 1


def test_a_batch_that_leaves_records_out_for_another_reason_than_absence_is_no_success(portal):
    loss = {"category": "INTERNAL_ERROR", "message": "could not be read"}
    portal.post(f"{DEALS}/batch/read", status=207, json={"results": [], "errors": [loss]})
    with pytest.raises(RetryLater, match="could not be read"):
        list(windows.batch(TimedClient().client, "deals", ["1"], ["amount"]))


def test_a_page_that_leads_to_itself_is_not_read_for_ever(portal):
    portal.get(DEALS, json=page("1") | {"paging": {"next": {"after": "7"}}})
    with pytest.raises(RetryLater, match="for ever"):
        list(windows.listed(TimedClient().client, "deals"))


def test_a_short_page_of_a_search_that_names_a_next_one_is_not_the_last(portal):
    portal.get(f"{BASE}/account-info/v3/details", json={"portalId": 7})
    portal.post(f"{DEALS}/search", json=page("1", "2") | {"total": 3, "paging": {"next": {"after": "2"}}})
    portal.post(f"{DEALS}/search", json=page("9") | {"total": 1})
    found = windows.changed(TimedClient().client, "deals", NOW, "", ["amount"], stamp="hs_lastmodifieddate")
    assert [row["id"] for rows in found for row in rows] == ["1", "2", "9"]


@pytest.mark.parametrize("path", ["pipelines/deals", "properties/deals"])
def test_an_answer_without_results_is_asked_for_later_and_no_empty_portal(portal, path):
    portal.get(f"{BASE}/crm/v3/{path}", json={"status": "ok"})
    client = TimedClient().client
    with pytest.raises(RetryLater, match="no results"):
        pipelines.read(client) if "pipelines" in path else Schema(client).fields()


def test_living_pipelines_reported_twice_are_not_archived(portal):
    stage = {"id": "s", "label": "Talks", "metadata": {"probability": "0.5"}}
    values = {"id": "p", "label": "Partner", "displayOrder": 0, "stages": [stage]}
    portal.get(f"{BASE}/crm/v3/pipelines/deals", json={"results": [values]})
    assert pipelines.read(TimedClient().client).stages["s"]["is_active"]


def test_a_200_without_results_is_no_empty_page(portal):
    portal.get(DEALS, json={"status": "ok"})
    with pytest.raises(RetryLater, match="no results"):
        list(windows.listed(TimedClient().client, "deals"))


@pytest.mark.parametrize("expected", [1_793_696_400_250, "1793696400250", "2026-11-03T09:00:00.250Z"])
def test_an_instant_is_the_same_as_a_number_as_milliseconds_or_in_words(expected):
    assert instant(expected) == NOW + timedelta(milliseconds=250)
