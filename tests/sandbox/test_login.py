from datetime import timedelta

import jwt
import pytest
from simple_salesforce.exceptions import SalesforceExpiredSession
from simple_salesforce.login import soap_login

from sandbox.salesforce import SYNC, Clock


def real_now():
    return Clock().now()


def ask(client, running, **form):
    return client.session.post(running.url + "/services/oauth2/token", data=form)


def assertion(running, **changes):
    login = running.login(SYNC)
    claims = {
        "iss": login.client_id,
        "sub": SYNC,
        "aud": "https://login.salesforce.com",
        "exp": real_now() + timedelta(minutes=3),
    }
    key = changes.pop("key", running.org.logins.private_key)
    return jwt.encode({**claims, **changes}, key, "RS256")


JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def test_each_grant_gives_a_token_that_works_and_no_expiry(running, sync):
    login = running.login(SYNC)
    app = {"client_id": login.client_id, "client_secret": login.client_secret}
    forms = [
        {"grant_type": "client_credentials", **app},
        {"grant_type": "refresh_token", "refresh_token": login.refresh_token, **app},
        {"grant_type": "password", "username": SYNC, "password": login.password, **app},
        {"grant_type": JWT, "assertion": assertion(running)},
    ]
    for form in forms:
        token = ask(sync, running, **form).json()
        assert token["token_type"] == "Bearer"
        assert "expires_in" not in token
        headers = {"Authorization": f"Bearer {token['access_token']}"}
        assert sync.session.get(token["id"], headers=headers).json()["username"] == SYNC


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"grant_type": "client_credentials", "client_id": "svc-key", "client_secret": "wrong"}, 401, "invalid_client"),
        ({"grant_type": "client_credentials", "client_id": "nobody"}, 400, "invalid_client_id"),
        ({"grant_type": "refresh_token", "client_id": "svc-key", "refresh_token": "old"}, 400, "invalid_grant"),
        ({"grant_type": "telepathy"}, 400, "unsupported_grant_type"),
        ({"grant_type": JWT, "assertion": "x.y.z"}, 400, "invalid_grant"),
    ],
)
def test_a_wrong_login_is_refused_with_the_oauth_error(running, sync, form, status, error):
    reply = ask(sync, running, **form)
    assert (reply.status_code, reply.json()["error"]) == (status, error)


@pytest.mark.parametrize(
    "changes", [{"exp": 1_000_000_000}, {"aud": "https://elsewhere.example"}, {"sub": "ghost@x.y"}]
)
def test_a_jwt_that_is_late_or_meant_for_another_or_for_nobody_is_refused(running, sync, changes):
    reply = ask(sync, running, grant_type=JWT, assertion=assertion(running, **changes))
    assert reply.json()["error"] == "invalid_grant"


def test_an_inactive_user_cannot_log_in(running, org, sync):
    user = org.tables["User"].where("Username", SYNC)[0]
    org.tables["User"].put({**user, "IsActive": False})
    login = running.login(SYNC)
    form = {
        "grant_type": "client_credentials",
        "client_id": login.client_id,
        "client_secret": login.client_secret,
    }
    assert ask(sync, running, **form).json() == {"error": "invalid_grant", "error_description": "inactive user"}


def test_soap_login_as_the_partner_api_words_it(running, sync):
    envelope = "<env><n1:username>svc@acme.example</n1:username><n1:password>svc-password</n1:password></env>"
    session, instance = soap_login(running.url + "/services/Soap/u/60.0", envelope, {}, None, sync.session)
    assert running.org.logins.sessions[session] == running.login(SYNC).user_id
    assert running.url.endswith(instance)


def test_an_ended_session_answers_invalid_session_id(running, sync):
    running.org.logins.expire()
    with pytest.raises(SalesforceExpiredSession) as caught:
        sync.sf.query("SELECT Id FROM Opportunity")
    assert caught.value.content == [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}]
