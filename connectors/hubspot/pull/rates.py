"""Exchange rates towards the home currency, where the portal has several."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from connectors.hubspot.client import convert as to
from connectors.hubspot.client.faults import Refused
from connectors.hubspot.client.windows import following, results
from connectors.shared.client.exact_json import exact
from connectors.shared.pull.rates import ALWAYS, towards

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from connectors.hubspot.client.client import Client
    from model.records import Record

_RATES = "/settings/v3/currencies/exchange-rates"


def read(client: Client, home: str | None) -> list[Record]:
    """Every rate towards `home` that was ever set, by the day from which it holds; none where our app sees none.

    HubSpot's rates lead to the company's currency; towards another `home` they are divided by that currency's own.
    """
    own = client.account.currency or home
    try:
        rows = [row for row in _listed(client) if own in {None, row.get("toCurrencyCode", own)}]
    except Refused:
        return []
    steps: dict[str, list[tuple[date, Decimal]]] = {own: [(ALWAYS, Decimal(1))]} if own else {}
    for row in rows:
        on, rate = to.date_of(row.get("effectiveAt")) or ALWAYS, exact(str(row["conversionRate"]))
        steps.setdefault(str(row["fromCurrencyCode"]), []).append((on, rate))
    return [rate for rate in towards(home or own, steps, per_unit=True) if rate["currency"] != (home or own)]


def _listed(client: Client) -> Iterator[dict[str, Any]]:
    """Page by page: a rate is added each time that somebody sets one."""
    after = ""
    while True:
        body = client.rest(f"{_RATES}?{urlencode({'after': after})}" if after else _RATES)
        yield from results(body, "exchange rates")
        before, after = after, following(body)
        if not after or after == before:
            return


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
