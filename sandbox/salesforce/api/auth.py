"""Ways in: OAuth 2.0 token endpoint, SOAP login of the partner API, identity."""

from __future__ import annotations

import base64
import re
from html import escape, unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import jwt

from sandbox.salesforce.api.call import Call, Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.salesforce.api.logins import Login
    from sandbox.salesforce.org import Org

_SOAP = (
    '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope '
    'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:partner.soap.sforce.com" '
    'xmlns:sf="urn:fault.partner.soap.sforce.com" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
    "<soapenv:Body>{}</soapenv:Body></soapenv:Envelope>"
)


class RefusedError(Exception):
    """A login that fails: OAuth error, description, status."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error, self.description, self.status = error, description, status


def token(call: Call) -> Reply:
    """POST /services/oauth2/token."""
    form = dict(parse_qsl(call.body.decode())) or dict(call.params)
    basic = call.headers.get("authorization", "")
    if basic.lower().startswith("basic "):
        form["client_id"], _, form["client_secret"] = base64.b64decode(basic[6:]).decode().partition(":")
    try:
        grant = _GRANTS.get(form.get("grant_type", ""), _unknown)
        return Reply(_issued(call, grant(call, form), form))
    except RefusedError as refused:
        return Reply({"error": refused.error, "error_description": refused.description}, refused.status)


def _unknown(call: Call, form: dict[str, str]) -> str:
    del call, form
    raise RefusedError("unsupported_grant_type", "grant type not supported")


def _issued(call: Call, user_id: str, form: dict[str, str]) -> dict[str, Any]:
    if not call.org.tables["User"].rows[user_id]["IsActive"]:
        raise RefusedError("invalid_grant", "inactive user")
    if not call.org.access.has(user_id, "PermissionsApiEnabled"):
        raise RefusedError("invalid_grant", "user is not allowed to use the API")
    reply = {
        "access_token": call.org.logins.open(user_id),
        "signature": "c2FuZGJveA==",
        "scope": "api refresh_token",
        "instance_url": call.base,
        "id": identity_url(call, user_id),
        "token_type": "Bearer",
        "issued_at": str(int(call.org.clock.now().timestamp() * 1000)),
    }
    if form["grant_type"] == "password":
        reply.pop("scope")
    return reply


def identity_url(call: Call, user_id: str) -> str:
    """Where a client asks who it is."""
    return f"{call.base}/id/{call.org.org_id}/{user_id}"


def _app(org: Org, form: dict[str, str], *, secret: bool = True) -> Login:
    found = org.logins.app(form.get("client_id", ""))
    if found is None:
        raise RefusedError("invalid_client_id", "client identifier invalid")
    if secret and form.get("client_secret") != found.client_secret:
        raise RefusedError("invalid_client", "invalid client credentials", 401)
    return found


def _client_credentials(call: Call, form: dict[str, str]) -> str:
    return _app(call.org, form).user_id


def _refresh(call: Call, form: dict[str, str]) -> str:
    app = _app(call.org, form, secret="client_secret" in form)
    if form.get("refresh_token") != app.refresh_token:
        raise RefusedError("invalid_grant", "expired access/refresh token")
    return app.user_id


def _password(call: Call, form: dict[str, str]) -> str:
    _app(call.org, form)
    login = call.org.logins.of(form.get("username", ""))
    if login is None or not form.get("password", "").startswith(login.password):
        raise RefusedError("invalid_grant", "authentication failure")
    return login.user_id


def _jwt(call: Call, form: dict[str, str]) -> str:
    claims = _claims(call, form.get("assertion", ""))
    if call.org.logins.app(str(claims.get("iss"))) is None:
        raise RefusedError("invalid_client_id", "client identifier invalid")
    login = call.org.logins.of(str(claims.get("sub")))
    if login is None:
        raise RefusedError("invalid_grant", "user hasn't approved this consumer")
    return login.user_id


def _claims(call: Call, assertion: str) -> dict[str, Any]:
    """The verified claims; expiry is judged by real time, since the signer's clock is real."""
    audience = [call.base, "https://login.salesforce.com", "https://test.salesforce.com"]
    need = {"require": ["exp", "iss", "sub", "aud"]}
    for key in call.org.logins.public_keys():
        try:
            claims = jwt.decode(assertion, key, ["RS256"], audience=audience, options=need)  # type: ignore[arg-type]
        except jwt.InvalidSignatureError:
            continue
        except jwt.ExpiredSignatureError as error:
            raise RefusedError("invalid_grant", "expired authorization code") from error
        except jwt.InvalidAudienceError as error:
            raise RefusedError("invalid_grant", "audience is invalid") from error
        except jwt.InvalidTokenError as error:
            raise RefusedError("invalid_grant", "invalid assertion") from error
        return claims
    raise RefusedError("invalid_grant", "invalid assertion")


_GRANTS: dict[str, Callable[[Call, dict[str, str]], str]] = {
    "client_credentials": _client_credentials,
    "refresh_token": _refresh,
    "password": _password,
    "urn:ietf:params:oauth:grant-type:jwt-bearer": _jwt,
}


def identity(call: Call) -> Reply:
    """GET /id/... and /services/oauth2/userinfo."""
    user = call.org.tables["User"].rows[call.user_id]
    name = {"username": user["Username"], "display_name": user["Name"], "email": user["Email"]}
    account = {"user_id": user["Id"], "organization_id": call.org.org_id, "active": user["IsActive"]}
    openid = {"sub": identity_url(call, user["Id"]), "name": user["Name"], "preferred_username": user["Username"]}
    urls = {"rest": call.base + "/services/data/v{version}/", "query": call.base + "/services/data/v{version}/query/"}
    return Reply(
        {**openid, **name, **account, "id": identity_url(call, user["Id"]), "urls": urls, "user_type": "STANDARD"}
    )


def soap_login(call: Call) -> Reply:
    """POST /services/Soap/u/NN: `login`, which jsforce uses; anything else is refused."""
    text = call.body.decode()
    found = {tag: re.search(rf"<[^>]*{tag}>(.*?)</", text, re.DOTALL) for tag in ("username", "password")}
    name, secret = (unescape(m[1]) if m else "" for m in found.values())
    login = call.org.logins.of(name)
    if login is None or not secret.startswith(login.password):
        return _soap_fault("INVALID_LOGIN", "Invalid username, password, security token; or user locked out.")
    user = call.org.tables["User"].rows[login.user_id]
    if not user["IsActive"]:
        return _soap_fault("INVALID_LOGIN", "Invalid username, password, security token; or user locked out.")
    info = f"<userId>{user['Id']}</userId><organizationId>{call.org.org_id}</organizationId>"
    names = f"<userName>{escape(user['Username'])}</userName><userFullName>{escape(user['Name'])}</userFullName>"
    server = f"{call.base}{call.path}/{call.org.org_id}"
    session = call.org.logins.open(user["Id"])
    result = (
        f"<metadataServerUrl>{server.replace('/u/', '/m/')}</metadataServerUrl>"
        "<passwordExpired>false</passwordExpired>"
        f"<sandbox>false</sandbox><serverUrl>{server}</serverUrl><sessionId>{session}</sessionId>"
        f"<userId>{user['Id']}</userId><userInfo>{info}{names}</userInfo>"
    )
    return Reply(
        _SOAP.format(f"<loginResponse><result>{result}</result></loginResponse>"), kind="text/xml;charset=UTF-8"
    )


def _soap_fault(code: str, message: str) -> Reply:
    texts = f"<sf:exceptionCode>{code}</sf:exceptionCode><sf:exceptionMessage>{message}</sf:exceptionMessage>"
    detail = f'<detail><sf:LoginFault xsi:type="sf:LoginFault">{texts}</sf:LoginFault></detail>'
    head = f"<faultcode>sf:{code}</faultcode><faultstring>{code}: {message}</faultstring>"
    fault = f"<soapenv:Fault>{head}{detail}</soapenv:Fault>"
    return Reply(_SOAP.format(fault), 500, kind="text/xml;charset=UTF-8")
