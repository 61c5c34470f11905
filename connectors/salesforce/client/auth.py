"""Logging in: client credentials, JWT bearer, refresh token. simple-salesforce can only log in at salesforce.com."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import jwt
import requests

from connectors.shared.client.certificates import distrust, untrusted
from connectors.shared.client.crm_client import scrub
from connectors.shared.client.exact_json import load_fast
from connectors.shared.client.retries import Transient
from connectors.shared.client.shapes import sentence
from connectors.shared.record_ids import full_id
from model.errors import AccessRefused, SettingsProblem

if TYPE_CHECKING:
    from datetime import datetime

    from connectors.salesforce.settings import Credentials, SalesforceSettings

_PATH: Final = "/services/oauth2/token"
_BUSY: Final = {"server_error", "temporarily_unavailable", "unknown_error", "server_busy"}
_BUSY_STATUS: Final = {408, 429}
_OK, _CLIENT, _SERVER = 200, 400, 500
_DOMAINS: Final = (".salesforce.com", ".force.com", ".cloudforce.com", ".salesforce.mil", ".sfcrmproducts.cn")
"""Where Salesforce's own servers are."""
_LOOPBACK: Final = {"127.0.0.1", "::1", "localhost"}


@dataclass(frozen=True)
class Token:
    """What a login gives; `refresh_token` only where the org hands out a new one each time."""

    access: str = field(repr=False)
    instance_url: str
    user_id: str | None = None
    refresh_token: str | None = field(default=None, repr=False)


def log_in(
    settings: SalesforceSettings, who: Credentials, http: requests.Session, now: datetime, *, refresh: str | None = None
) -> Token:
    """A fresh token; `refresh` is the newest refresh token where it has changed since the settings were read.

    Raises AccessRefused if the org refuses (never repeat it, that would lock the user), Transient if it is busy.
    """
    url = settings.login_url + _PATH
    form = _form(settings, who, now, refresh)
    try:
        reply = http.post(url, data=form, headers={"Accept": "application/json"}, allow_redirects=False)
        body = _body(reply)
    except requests.RequestException as error:
        if untrusted(error):
            raise distrust(settings.login_url, settings.name, error) from None
        raise Transient(f"No answer from {url}: {type(error).__name__}.") from None
    if reply.status_code != _OK or "access_token" not in body:
        raise _refusal(settings, who, reply.status_code, body)
    return _token(settings, body)


def _form(settings: SalesforceSettings, who: Credentials, now: datetime, refresh: str | None) -> dict[str, str]:
    if who.auth == "jwt":
        grant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
        return {"grant_type": grant, "assertion": _assertion(settings, who, now)}
    form = {"grant_type": who.auth, "client_id": who.consumer_key}
    if who.consumer_secret:
        form["client_secret"] = who.consumer_secret.get_secret_value()
    if who.auth == "refresh_token" and who.refresh_token:
        form["refresh_token"] = refresh or who.refresh_token.get_secret_value()
    return form


def _assertion(settings: SalesforceSettings, who: Credentials, now: datetime) -> str:
    claims = {
        "iss": who.consumer_key,
        "sub": who.username,
        "aud": who.audience or audience(settings.login_url),
        "exp": int((now + timedelta(minutes=3)).timestamp()),
    }
    key = who.private_key.get_secret_value() if who.private_key else ""
    try:
        return jwt.encode(claims, key, algorithm="RS256")
    except (ValueError, TypeError, jwt.PyJWTError):
        problem = f"The private key of connection {settings.name} is no RSA key in PEM form."
        raise SettingsProblem(problem) from None


def audience(login_url: str) -> str:
    """The `aud` that Salesforce documents: login or test for its own hosts, else the address itself."""
    host = urlsplit(login_url).hostname or ""
    if host.endswith(".my.salesforce.com"):
        return f"https://{'test' if '.sandbox.' in host else 'login'}.salesforce.com"
    return login_url.rstrip("/")


def _body(reply: requests.Response) -> dict[str, Any]:
    try:
        body = load_fast(reply.content)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _refusal(settings: SalesforceSettings, who: Credentials, status: int, body: dict[str, Any]) -> Exception:
    code, description = sentence(body.get("error") or f"HTTP {status}"), sentence(body.get("error_description") or "")
    if code in _BUSY or status in _BUSY_STATUS or status >= _SERVER or status < _CLIENT:
        return Transient(f"{settings.login_url} cannot log us in just now ({code}).")
    text = f"Salesforce refuses the login of connection {settings.name} by {who.auth}: {code}"
    return AccessRefused(
        scrub(who, f"{text} ({description}). Check the connected app and its user." if description else f"{text}.")
    )


def _token(settings: SalesforceSettings, body: dict[str, Any]) -> Token:
    instance = str(body.get("instance_url") or "").rstrip("/")
    if not instance:
        raise AccessRefused(f"The login at {settings.login_url} names no instance_url; is it a Salesforce address?")
    if not _is_theirs(settings.login_url, instance):
        text = f"The login at {settings.login_url} sends us to an address that is neither its own nor Salesforce's."
        raise AccessRefused(f"{text} Give the org's own address as login_url.")
    user = str(body.get("id") or "").rstrip("/").rsplit("/", 1)[-1]
    known = full_id(user) if user.startswith("005") else None
    refresh = body.get("refresh_token")
    return Token(str(body["access_token"]), instance, known, refresh if isinstance(refresh, str) else None)


def _is_theirs(login_url: str, instance: str) -> bool:
    """Whether our token may go to this address: the login's own host, or a host of Salesforce's."""
    try:
        login, found = urlsplit(login_url), urlsplit(instance)
        hosts = {login.hostname or "", found.hostname or ""}
    except ValueError:
        return False
    if found.scheme not in ("https", "http") or found.username or found.password or not found.hostname:
        return False
    return len(hosts) == 1 or hosts <= _LOOPBACK or found.hostname.endswith(_DOMAINS)
