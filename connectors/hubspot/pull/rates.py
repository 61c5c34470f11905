"""Exchange rates towards the home currency, where the portal has several."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from connectors.hubspot.client import convert as to
from connectors.hubspot.client.faults import Refused
from connectors.hubspot.client.windows import following, results
from connectors.shared.client.exact_json import exact
from connectors.shared.client.paging import Paging
from connectors.shared.pull import plausible
from connectors.shared.pull.plausible import NONSENSE
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
        if step := _step(row):
            steps.setdefault(step[0], []).append(step[1:])
    return [rate for rate in towards(home or own, steps, per_unit=True) if rate["currency"] != (home or own)]


def _step(row: Mapping[str, Any]) -> tuple[str, date, Decimal] | None:
    """Currency, first day and rate of a row of the list; None for one that makes no sense."""
    try:
        code = plausible.identifier(row["fromCurrencyCode"])
        rate = plausible.rate(exact(str(row["conversionRate"])))
        return code, to.date_of(row.get("effectiveAt")) or ALWAYS, rate
    except NONSENSE:
        return None


def _listed(client: Client) -> Iterator[dict[str, Any]]:
    """Page by page: a rate is added each time that somebody sets one."""
    after, paging = "", Paging("exchange rates")
    while True:
        body = client.rest(f"{_RATES}?{urlencode({'after': after})}" if after else _RATES)
        found = results(body, "exchange rates")
        yield from client.only_records(found, "rate")
        after = following(body)
        if not after:
            return
        paging.check(after, len(found))


def _rate(currency: str, on: date | None, value: Any) -> Record:
    return {
        "id": f"{currency} {on.isoformat() if on else 'always'}",
        "currency": currency,
        "on": on,
        "multiply": plausible.rate(exact(str(value))),
        "divide": Decimal(1),
    }


def of_deal(properties: Mapping[str, str | None], record: Record, today: date) -> Record | None:
    """The rate that a deal itself carries: that of its close where it is closed, else that of today."""
    currency, value = record.get("currency"), properties.get("hs_exchange_rate")
    if not value or not currency or not properties.get("deal_currency_code"):
        return None
    try:
        return _rate(currency, record.get("close_date") if record.get("is_closed") else today, value)
    except NONSENSE:
        return None
