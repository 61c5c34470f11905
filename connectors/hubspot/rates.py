"""Exchange rates towards the company's currency, where the portal has several."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from connectors.exact import exact
from connectors.hubspot import convert as to
from connectors.hubspot.faults import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from connectors.hubspot.client import Client
    from model.records import Record

_RATES = "/settings/v3/currencies/exchange-rates"


def read(client: Client) -> list[Record]:
    """Every rate that was ever set, by the day from which it holds; none where our app may not see them."""
    try:
        rows = (client.rest(_RATES) or {}).get("results") or []
    except Refused:
        return []
    return [
        _rate(str(row["fromCurrencyCode"]), to.date_of(row.get("effectiveAt")), row["conversionRate"]) for row in rows
    ]


def _rate(currency: str, on: date | None, value: Any) -> Record:
    return {
        "id": f"{currency} {on.isoformat() if on else 'always'}",
        "currency": currency,
        "on": on,
        "multiply": exact(str(value)),
        "divide": Decimal(1),
    }


def of_deal(properties: Mapping[str, str | None], record: Record, today: date) -> Record | None:
    """The rate that a deal itself carries: that of its close where it is closed, else that of today."""
    currency, value = to.text(properties.get("deal_currency_code")), properties.get("hs_exchange_rate")
    if not value or not currency:
        return None
    return _rate(currency, record.get("close_date") if record["is_closed"] else today, value)
