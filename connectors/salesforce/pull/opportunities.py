"""Opportunities: the SELECT list from describe and the settings, and rows as records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from connectors.salesforce.client import convert as to
from connectors.salesforce.pull.streams import Plan, Row
from connectors.salesforce.push import our_fields
from model.facts import FACTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.salesforce.client.convert import Converter
    from connectors.salesforce.client.schema import CrmField, Schema
    from connectors.salesforce.settings import SalesforceSettings
    from model.facts import FactType
    from model.records import Record

ENTITY: Final = "Opportunity"


def _same(value: Any) -> Any:
    return value


COLUMNS: Final[dict[str, tuple[str, Converter]]] = {
    "id": ("Id", _same),
    "name": ("Name", to.text),
    "deal_type": ("Type", to.text),
    "source": ("LeadSource", to.text),
    "stage_name": ("StageName", to.text),
    "is_closed": ("IsClosed", to.yes_no),
    "is_won": ("IsWon", to.yes_no),
    "amount": ("Amount", to.money),
    "currency": ("CurrencyIsoCode", to.text),
    "close_date": ("CloseDate", to.day),
    "probability": ("Probability", to.share),
    "forecast_category": ("ForecastCategory", to.forecast),
    "next_step": ("NextStep", to.text),
    "owner_id": ("OwnerId", _same),
    "account_id": ("AccountId", _same),
    "activity_hint": ("LastActivityDate", to.day),
    "created": ("CreatedDate", to.instant),
    "last_edit": ("LastModifiedDate", to.instant),
    "modified": ("SystemModstamp", to.instant),
    "modified_by": ("LastModifiedById", _same),
}
"""Column of OPPORTUNITY → standard field and its converter; settings.fields may name another field for some."""

MAPPABLE: Final = (
    "name",
    "deal_type",
    "source",
    "amount",
    "close_date",
    "probability",
    "forecast_category",
    "next_step",
)
_OPTIONAL: Final = ("currency",)
"""Absent where the org has no such feature: then it is not unread."""


@dataclass(frozen=True)
class Mapped:
    """Where one fact or column is read; `field` None where it cannot be."""

    name: str
    path: str
    field: CrmField | None
    convert: Converter
    when_blank: Any = None


def column_paths(settings: SalesforceSettings) -> dict[str, str]:
    """Column → CRM path, after the settings' own."""
    own = {name: settings.fields[name].field for name in MAPPABLE if name in settings.fields}
    return {name: own.get(name, field) for name, (field, _) in COLUMNS.items()}


def columns(schema: Schema, settings: SalesforceSettings) -> list[Mapped]:
    """Every column of OPPORTUNITY that Salesforce has a field for."""
    found = []
    for name, path in column_paths(settings).items():
        field = schema.field(ENTITY, path)
        how = COLUMNS[name][1]
        if name == "probability" and field and field.type != "percent":
            how = to.number
        found.append(Mapped(name, path, field, how))
    return found


def mapped_facts(schema: Schema, settings: SalesforceSettings) -> list[Mapped]:
    """The facts that the settings map, but for those that are columns."""
    zone = ZoneInfo(settings.zone or "UTC")
    found = []
    for name, how in settings.fields.items():
        if name not in MAPPABLE:
            field = schema.field(ENTITY, how.field)
            convert = to.fact_converter(type_of(name, field), field.type if field else "", zone)
            found.append(Mapped(name, how.field, field, convert, how.when_blank))
    return found


def type_of(fact: str, field: CrmField | None) -> FactType:
    """The fact's own type, else what the field gives."""
    return FACTS[fact].type if fact in FACTS else to.fact_type(field.type if field else "")


def plan(
    schema: Schema, settings: SalesforceSettings, kinds: Mapping[str, tuple[str, str]], me: str | None
) -> Plan | None:
    """How to read opportunities now; `kinds`: record type's id → label and developer name; `me`: our user's id."""
    entity = schema.entity(ENTITY)
    if entity is None:
        return None
    read = columns(schema, settings)
    facts = mapped_facts(schema, settings)
    own = our_fields.readable(schema, settings)
    fields = [m.path for m in (*read, *facts) if m.field]
    fields += [f.path for f in own.values()] + entity.having(("RecordTypeId", "IsDeleted"))
    maker = _Maker(
        read,
        facts,
        {name: (f.path, our_fields.converter(f)) for name, f in own.items()},
        kinds,
        currency=settings.currency,
        me=me,
    )
    return Plan(tuple(dict.fromkeys(fields)), maker.record)


class _Maker:
    """Turns rows into records; everything that does not depend on the row is worked out once."""

    def __init__(
        self,
        read: list[Mapped],
        facts: list[Mapped],
        own: Mapping[str, tuple[str, Converter]],
        kinds: Mapping[str, tuple[str, str]],
        *,
        currency: str | None,
        me: str | None,
    ) -> None:
        self._me = me
        self._plain = [(m.name, m.path, m.convert) for m in read if m.field and "." not in m.path]
        self._deep = [m for m in read if m.field and "." in m.path]
        self._facts = [m for m in facts if m.field]
        self._own = [(name, path, convert) for name, (path, convert) in own.items()]
        self._unread = [m.name for m in (*read, *facts) if not m.field and m.name not in _OPTIONAL]
        self._kinds = kinds
        constant = {"pipeline": None, "record_type": None, "merged_into": None}
        told = {} if any(m.name == "currency" and m.field for m in read) else {"currency": currency}
        self._constant: Record = constant | told

    def record(self, row: Row) -> Record:
        """A row as a record of OPPORTUNITY."""
        record = {name: convert(row[path]) for name, path, convert in self._plain}
        record |= self._constant
        if self._me and record.get("modified_by") == self._me:
            record.pop("last_edit", None)  # our own echo is no edit: what was known of it stays
        unread = self._unread.copy()
        for mapped in self._deep:
            record[mapped.name] = mapped.convert(at(row, mapped.path))
        kind = self._kinds.get(row.get("RecordTypeId") or "")
        if kind:
            record["pipeline"], record["record_type"] = kind
        record["facts"] = self._mapped(row, unread)
        record["ours"] = {
            name: None if (value := row[path]) is None else convert(value) for name, path, convert in self._own
        }
        record["unread"] = unread
        record["gone"] = "deleted" if row.get("IsDeleted") else None
        return record

    def _mapped(self, row: Row, unread: list[str]) -> dict[str, Any]:
        facts = {}
        for mapped in self._facts:
            value = at(row, mapped.path)
            try:
                found = mapped.convert(value)
            except (ValueError, TypeError, ArithmeticError):
                unread.append(mapped.name)
                continue
            facts[mapped.name] = mapped.when_blank if found is None else found
        return facts


def at(row: Row, path: str) -> Any:
    """The value at the end of a path; None below an absent parent."""
    here: Any = row
    for part in path.split("."):
        if here is None:
            return None
        here = here[part]
    return here
