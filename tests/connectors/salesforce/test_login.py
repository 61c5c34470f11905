"""Three ways to log in, none of which tells a secret or locks the user."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import jwt
import pytest
import requests
import responses
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import ValidationError

from connectors.salesforce.client.auth import audience
from connectors.salesforce.connector import SalesforceConnector
from connectors.salesforce.settings import SalesforceSettings
from model.errors import AccessRefused, RetryLater, SettingsProblem
from sandbox.salesforce import SYNC

if TYPE_CHECKING:
    from tests.connectors.salesforce.sales import Sales

NOW = datetime(2026, 11, 3, 9, tzinfo=UTC)
TOKEN = "https://acme.my.salesforce.com/services/oauth2/token"
SECRET = "s3cr3t-of-the-app"


@pytest.fixture
def web():
    with responses.RequestsMock() as mocked:
        yield mocked


def connector(**changes):
    given = {"name": "acme", "login_url": "https://acme.my.salesforce.com", "consumer_key": "key"}
    return SalesforceConnector(
        SalesforceSettings(**(given | {"consumer_secret": SECRET} | changes)),
        clock=lambda: NOW,
        sleep=lambda seconds: None,
    )


@pytest.mark.parametrize("flow", ["client_credentials", "refresh_token", "jwt"])
def test_each_flow_logs_in_at_any_host_and_port(sales: Sales, flow):
    login = sales.server.login(SYNC)
    sales.org.clock.set(datetime.now(UTC))  # noqa: TID251 - the server judges a signature by real time
    crm = sales.connector(
        auth=flow,
        username=SYNC,
        refresh_token=login.refresh_token,
        private_key=sales.org.logins.private_key,
    )
    found = crm.describe()
    assert found.user_id == login.user_id
    assert found.zone == "America/New_York"


def test_a_signed_login_ends_after_three_minutes_and_names_the_documented_audience(web):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    web.post(TOKEN, status=400, json={"error": "invalid_grant", "error_description": "audience is invalid"})
    with pytest.raises(AccessRefused, match="audience is invalid"):
        connector(auth="jwt", username="svc@acme", private_key=key.private_bytes(*form).decode()).describe()
    sent = parse_qs(web.calls[0].request.body)
    options = {"verify_exp": False}
    claims = jwt.decode(
        sent["assertion"][0], key.public_key(), ["RS256"], audience="https://login.salesforce.com", options=options
    )
    assert claims["exp"] == int((NOW + timedelta(minutes=3)).timestamp())
    assert (claims["iss"], claims["sub"]) == ("key", "svc@acme")


def test_the_audience_follows_the_login_address():
    assert audience("https://login.salesforce.com") == "https://login.salesforce.com"
    assert audience("https://acme--uat.sandbox.my.salesforce.com") == "https://test.salesforce.com"
    assert audience("https://localhost:8443") == "https://localhost:8443"


@pytest.mark.parametrize("error", ["invalid_grant", "invalid_client", "invalid_client_id", "inactive_user"])
def test_a_refused_login_is_asked_once(web, error):
    web.post(TOKEN, status=400, json={"error": error, "error_description": f"no, not with {SECRET}"})
    crm = connector()
    with pytest.raises(AccessRefused, match=error) as raised:
        crm.describe()
    assert crm.calls == 1
    assert SECRET not in str(raised.value)


def test_a_busy_login_server_is_asked_again_and_then_left_alone(web):
    web.post(TOKEN, status=503, body="<html>down</html>")
    crm = connector()
    with pytest.raises(RetryLater):
        crm.describe()
    assert crm.calls == 6


def test_an_address_that_redirects_is_not_followed_with_the_secret(web):
    web.post(TOKEN, status=302, headers={"Location": "https://elsewhere.example/"})
    with pytest.raises(RetryLater, match=r"Redirects are not followed.*login_url"):
        connector().describe()


def test_a_login_that_sends_our_token_elsewhere_is_refused(web):
    web.post(TOKEN, json={"access_token": "x", "instance_url": "https://elsewhere.example"})
    with pytest.raises(AccessRefused, match="neither its own nor Salesforce's"):
        connector().describe()


def test_an_untrusted_certificate_names_the_setting(sales: Sales):
    with pytest.raises(SettingsProblem, match="ca_file"):
        sales.connector(ca_file=None).describe()


def test_the_environment_cannot_switch_our_certificate_off(sales: Sales, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere.pem")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    assert sales.connector().describe().user_id


def test_no_secret_shows_in_a_repr_or_an_error(web):
    settings = SalesforceSettings(name="acme", consumer_key="key", consumer_secret=SECRET)
    assert SECRET not in repr(settings) + str(settings) + settings.model_dump_json()
    web.post(TOKEN, body=requests.ConnectionError(SECRET))
    with pytest.raises(RetryLater) as raised:
        connector().describe()
    assert SECRET not in repr(raised.value)


def test_a_proxy_that_echoes_our_token_does_not_get_it_into_an_error(web):
    granted = {"access_token": "00D-token", "instance_url": "https://acme.my.salesforce.com"}
    web.post(TOKEN, json=granted)
    web.get(
        "https://acme.my.salesforce.com/services/data/v62.0/sobjects/Opportunity/describe",
        status=403,
        body="<p>Blocked: Authorization: Bearer 00D-token</p>",
    )
    with pytest.raises(AccessRefused, match="Blocked") as raised:
        connector().describe()
    assert "00D-token" not in str(raised.value)


def test_a_rotated_refresh_token_is_used_from_then_on(web):
    granted = {"access_token": "t", "instance_url": "https://acme.my.salesforce.com", "refresh_token": "second"}
    web.post(TOKEN, json=granted)
    web.get(
        "https://acme.my.salesforce.com/services/data/v62.0/sobjects/Opportunity/describe",
        status=401,
        json=[{"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}],
    )
    with pytest.raises(AccessRefused):
        connector(auth="refresh_token", refresh_token="first").describe()
    sent = [parse_qs(call.request.body)["refresh_token"][0] for call in web.calls if call.request.url == TOKEN]
    assert sent == ["first", "second"]


def test_a_401_that_is_no_list_of_errors_is_a_401_all_the_same(web):
    web.post(TOKEN, json={"access_token": "t", "instance_url": "https://acme.my.salesforce.com"})
    web.get(
        "https://acme.my.salesforce.com/services/data/v62.0/sobjects/Opportunity/describe", status=401, body="<p>no</p>"
    )
    with pytest.raises(AccessRefused, match="new login did not help"):
        connector().describe()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"auth": "jwt"}, "username and private_key"),
        ({"login_url": "http://acme"}, "https://"),
        ({"writes": {"score": "Amount"}}, "standard field"),
        ({"writes": {"stage": "X__c"}}, "no field of ours"),
        ({"writes": {"score": "X__c", "gate": "X__c"}}, "same Salesforce field"),
    ],
)
def test_wrong_settings_are_reported_in_a_sentence(changes, expected):
    with pytest.raises(ValidationError, match=expected):
        connector(**changes)
