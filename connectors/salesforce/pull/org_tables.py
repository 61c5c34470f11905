"""The org's own tables: stages, record types, currencies and their rates. Small, read whole each time."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from connectors.salesforce.client import convert as to
from connectors.salesforce.client.faults import Refused
from connectors.shared.pull import plausible
from connectors.shared.pull.convert import currency_code
from connectors.shared.pull.plausible import NONSENSE
from connectors.shared.pull.rows import legible

if TYPE_CHECKING:
    from decimal import Decimal

    from connectors.salesforce.client.client import Client, Rows
    from connectors.salesforce.client.schema import Schema
    from model.records import Record

_STAGE: Final = (
    "Id", "ApiName", "MasterLabel", "IsActive", "IsClosed", "IsWon", "DefaultProbability", "ForecastCategory",
    "SortOrder",
)  # fmt: skip
_ALWAYS: Final = date.min


def table(client: Client, schema: Schema, entity: str, fields: tuple[str, ...], where: str = "") -> Rows:
    """All rows of a small object; none where it does not exist or may not be read."""
    seen = schema.entity(entity)
    if seen is None:
        return []
    try:
        return client.rows(f"SELECT {', '.join(seen.having(fields))} FROM {entity}{where}")
    except Refused:
        return []


def record_types(client: Client, schema: Schema) -> dict[str, tuple[str, str]]:
    """Record types of opportunities: id → (label, developer name); none where the org has none."""
    fields = ("Id", "Name", "DeveloperName", "IsActive")
    rows = table(client, schema, "RecordType", fields, " WHERE SobjectType = 'Opportunity'")
    named = (row for row in rows if all(isinstance(row.get(name), str) for name in ("Id", "Name", "DeveloperName")))
    return {row["Id"]: (row["Name"], row["DeveloperName"]) for row in named}


def stages(client: Client, schema: Schema) -> list[Record]:
    """The org's stages as CRM_STAGE records, the inactive ones too."""
    rows = client.with_ids(table(client, schema, "OpportunityStage", _STAGE), "crm_stage", "Id")
    return [made for row in rows if (made := legible(row, _stage, "Id"))]


def _stage(row: dict[str, Any]) -> Record:
    name = to.text(row.get("ApiName") or row.get("MasterLabel"))
    return {
        "id": name,
        "pipeline": None,
        "name": name,
        "label": to.text(row.get("MasterLabel")),
        "is_active": to.yes_no(row.get("IsActive")),
        "is_closed": to.yes_no(row.get("IsClosed")),
        "is_won": to.yes_no(row.get("IsWon")),
        "probability": to.share(row.get("DefaultProbability")),
        "forecast_category": to.forecast(row.get("ForecastCategory")),
        "sort": row.get("SortOrder"),
    }


def home_currency(client: Client, schema: Schema, setting: str | None) -> str | None:
    """The currency of KPIs: the setting, else the org's corporate currency."""
    if setting or schema.entity("CurrencyType") is None:
        return setting
    rows = table(client, schema, "CurrencyType", ("IsoCode",), " WHERE IsCorporate = true")
    return currency_code(rows[0].get("IsoCode")) if rows else None


def rates(client: Client, schema: Schema, home: str | None) -> list[Record]:
    """RATE records towards `home`; none in an org with a single currency."""
    fixed = table(client, schema, "CurrencyType", ("Id", "IsoCode", "ConversionRate"))
    dated = table(client, schema, "DatedConversionRate", ("Id", "IsoCode", "StartDate", "ConversionRate"))
    per_unit: dict[str, list[tuple[date, Decimal]]] = {}
    for row in (*fixed, *dated):
        try:
            on, rate = to.day(row.get("StartDate")) or _ALWAYS, plausible.rate(to.money(row["ConversionRate"]))
            per_unit.setdefault(plausible.identifier(row["IsoCode"]), []).append((on, rate))
        except NONSENSE:
            continue  # a rate that nobody can use is none
    if home not in per_unit:
        return []
    towards = sorted(per_unit[home])
    return [record for code, own in per_unit.items() for record in _towards(code, sorted(own), towards)]


def _towards(code: str, own: list[tuple[date, Decimal]], home: list[tuple[date, Decimal]]) -> list[Record]:
    """Both rates are units per corporate unit, so a deal's amount is divided by its own and multiplied by home's."""
    days = sorted({on for on, _ in (*own, *home)})
    found = []
    for on in days:
        mine, theirs = _valid(own, on), _valid(home, on)
        if mine and theirs:
            found.append({
                "id": f"{code} {'always' if on == _ALWAYS else on.isoformat()}",
                "currency": code,
                "on": None if on == _ALWAYS else on,
                "multiply": theirs,
                "divide": mine,
            })  # fmt: skip
    return found


def _valid(steps: list[tuple[date, Decimal]], on: date) -> Decimal | None:
    place = bisect_right(steps, on, key=lambda step: step[0])
    return steps[place - 1][1] if place else None
