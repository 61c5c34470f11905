from datetime import timedelta

import pytest
import requests
from hubspot import Client
from hubspot.crm.deals import ApiException
from hubspot.oauth import ApiException as TokenRefused

from sandbox.hubspot import events

DEALS = "/crm/v3/objects/deals"


def test_without_a_token_or_with_a_strange_one_nothing_is_answered(running):
    with requests.Session() as session:
        session.trust_env = False
        for headers in ({}, {"authorization": "Bearer nonsense"}):
            answer = session.get(running.url + DEALS, headers=headers, timeout=10)
            assert (answer.status_code, answer.json()["category"]) == (401, "INVALID_AUTHENTICATION")


def test_a_refresh_token_gives_access_for_half_an_hour(portal, running):
    client, oauth = Client.create(host=running.url), running.oauth
    ask = {"grant_type": "refresh_token", "client_id": oauth.client_id, "client_secret": oauth.client_secret}
    token = client.oauth.tokens_api.create(**ask, refresh_token=oauth.refresh_token)
    assert (token.expires_in, token.refresh_token) == (1800, oauth.refresh_token)
    mine = Client.create(access_token=token.access_token, host=running.url)
    assert mine.crm.deals.basic_api.get_page().results == []
    assert mine.oauth.access_tokens_api.get(token.access_token).app_id == 1_881_003
    portal.clock.forward(timedelta(minutes=30))
    with pytest.raises(ApiException) as caught:
        mine.crm.deals.basic_api.get_page()
    assert (caught.value.status, "EXPIRED_AUTHENTICATION" in caught.value.body) == (401, True)


def test_a_refresh_token_that_was_revoked_stays_refused(portal, running):
    portal.tokens.refused = True
    oauth = running.oauth
    form = {"grant_type": "refresh_token", "client_id": oauth.client_id, "client_secret": oauth.client_secret}
    with requests.Session() as session:
        session.trust_env = False
        answer = session.post(
            f"{running.url}/oauth/v1/token", data={**form, "refresh_token": oauth.refresh_token}, timeout=10
        )
    assert (answer.status_code, answer.json()["status"]) == (400, "BAD_REFRESH_TOKEN")


def test_an_app_that_ends_its_refresh_token_is_given_nothing_more(running):
    oauth = running.oauth
    client = Client.create(host=running.url)
    client.oauth.refresh_tokens_api.archive(oauth.refresh_token)
    form = {"client_id": oauth.client_id, "client_secret": oauth.client_secret, "refresh_token": oauth.refresh_token}
    with pytest.raises(TokenRefused, match="BAD_REFRESH_TOKEN"):
        client.oauth.tokens_api.create(grant_type="refresh_token", **form)


@pytest.mark.parametrize("path", ["/oauth/2026-03/token", "/oauth/v3/token"])
def test_when_the_old_path_has_ended_the_later_ones_give_describe_and_revoke_tokens(portal, running, path):
    portal.settings.oauth_v1 = False
    oauth = running.oauth
    client = {"client_id": oauth.client_id, "client_secret": oauth.client_secret}
    form = {"grant_type": "refresh_token", "refresh_token": oauth.refresh_token, **client}

    def post(where, body):
        return requests.post(running.url + where, data=body, timeout=10)

    assert post("/oauth/v1/token", form).status_code == 404
    token = post(path, form).json()["access_token"]
    found = post(f"{path}/introspect", {"token": token, **client}).json()
    assert (found["active"], found["hub_id"], found["app_id"]) == (True, portal.settings.portal_id, 1_881_003)
    assert post(f"{path}/introspect", {"token": "strange", **client}).json() == {"active": False}
    assert post(f"{path}/revoke", {"token": oauth.refresh_token, **client}).status_code == 204
    assert post(path, form).json()["error"] == "invalid_grant"


def test_a_private_token_tells_its_app_and_scopes(running, raw):
    found = raw.post("/oauth/v2/private-apps/get/access-token-info", {"tokenKey": running.token}).json()
    assert (found["hubId"], found["appId"]) == (52_016_473, 1_881_001)
    assert "crm.objects.deals.write" in found["scopes"]


def test_a_scope_that_is_missing_is_named(portal, raw, admin):
    new = {"name": "x", "label": "X", "type": "string", "fieldType": "text", "groupName": "dealinformation"}
    answer = raw.post("/crm/v3/properties/deals", new)
    body = answer.json()
    assert (answer.status_code, body["category"]) == (403, "MISSING_SCOPES")
    assert body["errors"][0]["context"] == {"requiredGranularScopes": ["crm.schemas.deals.write"]}
    assert body["links"] == {"scopes": "https://developers.hubspot.com/scopes"}
    assert admin.post("/crm/v3/properties/deals", new).status_code == 201
    events.take_scope(portal, "crm.objects.owners.read")
    assert raw.get("/crm/v3/owners").status_code == 403
    events.give_scope(portal, "crm.objects.owners.read")
    assert raw.get("/crm/v3/owners").status_code == 200


def test_associations_need_the_right_to_either_end(portal, raw, deal):
    ask = {"inputs": [{"id": deal()}]}
    path = "/crm/v4/associations/deals/contacts/batch/read"
    assert raw.post(path, ask).status_code == 207
    events.take_scope(portal, "crm.objects.contacts.read")
    assert raw.post(path, ask).json()["errors"][0]["context"] == {
        "requiredGranularScopes": ["crm.objects.contacts.read"]
    }


def test_owners_who_left_are_listed_apart_and_have_no_user_id(portal, client, raw):
    events.deactivate_owner(portal, "other@acme.example")
    assert [o.email for o in client.crm.owners.get_all()] == ["admin@acme.example", "rep@acme.example"]
    (gone,) = raw.get("/crm/v3/owners", archived="true").json()["results"]
    assert (gone["email"], "userId" in gone, gone["archived"]) == ("other@acme.example", False, True)
    assert gone["userIdIncludingInactive"] != int(gone["id"])
    page = raw.get("/crm/v3/owners", limit=1).json()
    assert len(raw.get("/crm/v3/owners", limit=1, after=page["paging"]["next"]["after"]).json()["results"]) == 1
    assert raw.get(f"/crm/v3/owners/{gone['id']}").status_code == 404
    (rep,) = raw.get("/crm/v3/owners", email="rep@acme.example").json()["results"]
    assert rep["teams"] == [{"id": "77", "name": "EMEA", "primary": True}]


def test_the_account_tells_its_zone_currency_and_id(raw):
    found = raw.get("/account-info/v3/details").json()
    assert (found["timeZone"], found["companyCurrency"], found["portalId"]) == ("America/New_York", "USD", 52_016_473)
    assert (found["utcOffset"], found["utcOffsetMilliseconds"]) == ("-05:00", -18_000_000)


def test_calls_in_ten_seconds_are_counted_by_app_and_reported_in_headers(portal, running, raw, admin):
    portal.settings.window = 3
    answers = [raw.get(DEALS) for _ in range(4)]
    assert [a.status_code for a in answers] == [200, 200, 200, 429]
    assert [a.headers["X-HubSpot-RateLimit-Remaining"] for a in answers] == ["2", "1", "0", "0"]
    assert answers[0].headers["X-HubSpot-RateLimit-Interval-Milliseconds"] == "10000"
    body = answers[-1].json()
    assert (body["errorType"], body["policyName"]) == ("RATE_LIMIT", "TEN_SECONDLY_ROLLING")
    assert body["message"] == "You have reached your ten_secondly_rolling limit."
    assert admin.get(DEALS).status_code == 200
    portal.clock.forward(timedelta(seconds=10))
    assert raw.get(DEALS).status_code == 200


def test_the_day_is_shared_by_all_private_apps_and_ends_at_the_accounts_midnight(portal, raw, admin):
    portal.settings.daily = 2
    assert [raw.get(DEALS).status_code, admin.get(DEALS).status_code] == [200, 200]
    refused = raw.get(DEALS)
    assert (refused.status_code, refused.json()["policyName"]) == (429, "DAILY")
    portal.clock.forward(timedelta(hours=16))
    assert raw.get(DEALS).status_code == 429
    portal.clock.forward(timedelta(hours=1))
    answer = raw.get("/account-info/v3/api-usage/daily/private-apps")
    (usage,) = answer.json()["results"]
    assert (usage["usageLimit"], usage["currentUsage"], usage["resetsAt"]) == (2, 1, "2026-11-17T05:00:00Z")
    assert answer.headers["X-HubSpot-RateLimit-Daily-Remaining"] == "1"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"{DEALS}/search", {"sorts": {"propertyName": "amount"}}),
        (f"{DEALS}/search", {"filterGroups": [{"filters": ["amount"]}]}),
        (f"{DEALS}/search", {"properties": "amount"}),
        (f"{DEALS}/batch/read", {"inputs": ["1"]}),
        (DEALS, {"properties": {"dealname": ["Acme"]}}),
        ("/crm/v3/pipelines/deals", {"label": "Third", "stages": ["Only"]}),
        ("/crm/v3/properties/deals/groups", {"name": "mine", "label": "Mine", "displayOrder": "first"}),
    ],
)
def test_json_that_does_not_fit_is_refused_in_hubspots_words(admin, path, body):
    answer = admin.post(path, body)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("Invalid input JSON")


def test_what_is_not_there_and_what_may_not_be_done_there(raw):
    assert raw.get("/crm/v3/unicorns").status_code == 404
    assert raw("PUT", DEALS).status_code == 405
    assert raw.get(f"{DEALS}/abc").status_code == 404


def test_a_refresh_token_is_described(running):
    client, oauth = Client.create(host=running.url), running.oauth
    found = client.oauth.refresh_tokens_api.get(oauth.refresh_token)
    assert (found.client_id, found.token, found.token_type) == (oauth.client_id, oauth.refresh_token, "refresh")
    with pytest.raises(TokenRefused):
        client.oauth.refresh_tokens_api.get("na1-nobody")
