"""Account details, the day's usage and currencies."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.hubspot.api.call import Call, Reply
from sandbox.hubspot.clock import iso, millis
from sandbox.hubspot.errors import invalid

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
