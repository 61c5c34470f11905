"""Account details, the day's usage, tokens and currencies."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote
from zoneinfo import ZoneInfo

from sandbox.hubspot.call import Call, Reply
from sandbox.hubspot.clock import iso, millis
from sandbox.hubspot.errors import ApiError, invalid, not_found
from sandbox.hubspot.tokens import LIFE, Token, bad_refresh

if TYPE_CHECKING:
    from sandbox.hubspot.portal import Portal
    from sandbox.web import Asked

_RATES_PAGE = 100


def details(call: Call) -> Reply:
    """GET /account-info/v3/details."""
    settings = call.portal.settings
    now = call.portal.clock.now().astimezone(ZoneInfo(settings.zone))
    offset = now.utcoffset() or timedelta()
    minutes = round(offset.total_seconds() / 60)
    return Reply(
        {
            "portalId": settings.portal_id,
            "accountType": "STANDARD",
            "timeZone": settings.zone,
            "companyCurrency": settings.currency,
            "additionalCurrencies": [code for code in settings.currencies if code != settings.currency],
            "utcOffset": f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}",
            "utcOffsetMilliseconds": minutes * 60_000,
            "uiDomain": "app.hubspot.com",
            "dataHostingLocation": "na1",
        }
    )


def usage(call: Call) -> Reply:
    """GET /account-info/v3/api-usage/daily/private-apps: all private apps of the portal together."""
    portal = call.portal
    zone = ZoneInfo(portal.settings.zone)
    now = portal.clock.now().astimezone(zone)
    midnight = datetime.combine(now.date() + timedelta(days=1), time(), zone)
    one = {
        "name": "private-apps-api-calls-daily",
        "usageLimit": portal.settings.most_a_day,
        "currentUsage": portal.limits.used,
        "collectedAt": iso(portal.clock.ms()),
        "fetchStatus": "SUCCESS",
        "resetsAt": iso(millis(midnight)),
    }
    return Reply({"results": [one]})


def private_token(portal: Portal, asked: Asked) -> Reply:
    """POST /oauth/v2/private-apps/get/access-token-info: whose token it is, and its scopes."""
    import orjson

    try:
        text = orjson.loads(asked.body).get("tokenKey")
    except (orjson.JSONDecodeError, AttributeError) as error:
        raise invalid("Invalid input JSON: tokenKey is missing") from error
    token = portal.tokens.by_text.get(text)
    if token is None or token.oauth:
        raise not_found("No private app has this token")
    ids = {"userId": token.user_id, "hubId": portal.settings.portal_id, "appId": token.app_id}
    return Reply({**ids, "scopes": sorted(token.scopes)})


def token(portal: Portal, asked: Asked) -> Reply:
    """POST /oauth/v1/token with a form: a refresh token gives an access token of thirty minutes."""
    form = {key: values[0] for key, values in parse_qs(asked.body.decode()).items()}
    oauth = portal.tokens.oauth
    if form.get("grant_type") != "refresh_token":
        raise invalid("unsupported grant_type")
    if (form.get("client_id"), form.get("client_secret")) != (oauth.client_id, oauth.client_secret):
        raise ApiError(400, "BAD_CLIENT_ID", "missing or unknown client id", more={"status": "BAD_CLIENT_ID"})
    if form.get("refresh_token") != oauth.refresh_token or portal.tokens.refused:
        raise bad_refresh()
    made = portal.tokens.refresh()
    life = round(LIFE.total_seconds())
    told = {"token_type": "bearer", "refresh_token": oauth.refresh_token, "access_token": made.text}
    return Reply({**told, "expires_in": life})


def access_token(portal: Portal, asked: Asked) -> Reply:
    """GET /oauth/v1/access-tokens/…: whose token it is, its scopes and when it ends."""
    found = portal.tokens.by_text.get(unquote(asked.path.rsplit("/", 1)[1]))
    now = portal.clock.ms()
    if found is None or found.ends is None or found.ends <= now:
        raise not_found("access token not found")
    return Reply({**_whose(portal, found), "token": found.text, "expires_in": (found.ends - now) // 1000})


def refresh_token(portal: Portal, asked: Asked) -> Reply:
    """GET /oauth/v1/refresh-tokens/…: whose token it is, and its scopes."""
    oauth = portal.tokens.oauth
    if unquote(asked.path.rsplit("/", 1)[1]) != oauth.refresh_token:
        raise not_found("refresh token not found")
    owner = Token("", 0, "", portal.tokens.sync.user_id, portal.tokens.oauth_scopes)
    whose = {k: v for k, v in _whose(portal, owner).items() if k != "app_id"}
    return Reply({**whose, "token_type": "refresh", "token": oauth.refresh_token, "client_id": oauth.client_id})


def _whose(portal: Portal, found: Token) -> dict[str, object]:
    return {
        "user": "admin@acme.example",
        "hub_domain": "acme.example",
        "scopes": sorted(found.scopes),
        "hub_id": portal.settings.portal_id,
        "app_id": found.app_id,
        "user_id": found.user_id,
        "token_type": "access",
    }


def currencies(call: Call) -> Reply:
    """GET /settings/v3/currencies/exchange-rates: every rate that was ever set, newest first, in pages."""
    home = call.portal.settings.currency
    found = [
        {
            "id": f"{place}{code}",
            "fromCurrencyCode": code,
            "toCurrencyCode": home,
            "conversionRate": float(rate),
            "effectiveAt": f"{day}T00:00:00Z",
            "createdAt": f"{day}T00:00:00Z",
            "updatedAt": f"{day}T00:00:00Z",
            "visibleInUI": True,
        }
        for code, rates in call.portal.rates.items()
        for place, (day, rate) in enumerate(rates)
    ]
    found.sort(key=lambda one: str(one["effectiveAt"]), reverse=True)
    return Reply(_page(call, found))


def _page(call: Call, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """How many a page holds is a guess; that there are pages is documented."""
    limit, after = call.number("limit", _RATES_PAGE, _RATES_PAGE), call.one("after") or "0"
    if not after.isdigit():
        raise invalid(f"after was not valid: {after}")
    start, end = int(after), int(after) + limit
    link = f"{call.asked.base}{call.asked.path}?after={end}"
    more = {"paging": {"next": {"after": str(end), "link": link}}} if end < len(rows) else {}
    return {"results": rows[start:end], **more}
