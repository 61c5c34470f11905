"""The org's own tables: stages, record types, currencies and their rates. Small, read whole each time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from connectors.salesforce.client import convert as to
from connectors.salesforce.client.faults import Refused
from connectors.salesforce.client.schema import Organization
from connectors.shared.pull import plausible
from connectors.shared.pull.convert import currency_code
from connectors.shared.pull.plausible import NONSENSE
from connectors.shared.pull.rates import ALWAYS, towards
from connectors.shared.pull.rows import legible

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

    from connectors.salesforce.client.client import Client, Rows
    from connectors.salesforce.client.schema import Schema
    from model.records import Record

_STAGE: Final = (
    "Id", "ApiName", "MasterLabel", "IsActive", "IsClosed", "IsWon", "DefaultProbability", "ForecastCategory",
    "SortOrder",
)  # fmt: skip


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


def organization(client: Client, schema: Schema) -> Organization:
    """The org's zone and currency, asked once until `describe` asks again.

    The currency is the corporate one where the org has several, else the default currency of the organization.
    """
    if schema.organization is None:
        rows = table(client, schema, "Organization", ("Id", "TimeZoneSidKey", "DefaultCurrencyIsoCode"))
        seen = rows[0] if rows else {}
        currency = corporate_currency(client, schema) or currency_code(seen.get("DefaultCurrencyIsoCode"))
        schema.organization = Organization(to.text(seen.get("TimeZoneSidKey")), currency)
    return schema.organization


def corporate_currency(client: Client, schema: Schema) -> str | None:
    """The currency of which an org with several has the rates; None in an org with one currency."""
    if not schema.field("Opportunity", "CurrencyIsoCode"):
        return None
    rows = table(client, schema, "CurrencyType", ("IsoCode",), " WHERE IsCorporate = true")
    return currency_code(rows[0].get("IsoCode")) if rows else None


def rates(client: Client, schema: Schema, home: str | None) -> list[Record]:
    """RATE records towards `home`; none in an org with a single currency, or without a rate of `home`."""
    fixed = table(client, schema, "CurrencyType", ("Id", "IsoCode", "ConversionRate"))
    dated = table(client, schema, "DatedConversionRate", ("Id", "IsoCode", "StartDate", "ConversionRate"))
    per_unit: dict[str, list[tuple[date, Decimal]]] = {}
    for row in (*fixed, *dated):
        try:
            on, rate = to.day(row.get("StartDate")) or ALWAYS, plausible.rate(to.money(row["ConversionRate"]))
            per_unit.setdefault(plausible.identifier(row["IsoCode"]), []).append((on, rate))
        except NONSENSE:
            continue  # a rate that nobody can use is none
    return towards(home, per_unit, per_unit=False)
