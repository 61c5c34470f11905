"""Opportunities: the SELECT list from describe and the settings, and rows as records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from connectors.salesforce.client import convert as to
from connectors.salesforce.pull.org_tables import organization
from connectors.salesforce.pull.streams import Plan, Row
from connectors.salesforce.push import our_fields
from connectors.shared.pull import mapping
from connectors.shared.pull.mapping import MAPPABLE, Mapped, column_paths, columns_of, facts_of
from connectors.shared.pull.plausible import NONSENSE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.salesforce.client.client import Client
    from connectors.salesforce.client.convert import Converter
    from connectors.salesforce.client.schema import CrmField, Schema
    from connectors.salesforce.settings import SalesforceSettings
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

_OPTIONAL: Final = ("currency",)
"""Absent where the org has no such feature: then it is not unread."""


def columns(schema: Schema, settings: SalesforceSettings) -> list[Mapped[CrmField]]:
    """Every column of OPPORTUNITY that Salesforce has a field for."""
    found: list[Mapped[CrmField]] = []
    for name, path in column_paths(COLUMNS, settings).items():
        field = schema.field(ENTITY, path)
        how = COLUMNS[name][1]
        if name == "probability" and field and field.type != "percent":
            how = to.number
        found.append(Mapped(name, path, field, how))
    return found


def mapped_facts(schema: Schema, settings: SalesforceSettings) -> list[Mapped[CrmField]]:
    """The facts that the settings map, but for those that are columns."""
    facts = {name: how for name, how in settings.fields.items() if name not in MAPPABLE}
    return mapping.mapped_facts(facts, lambda path: schema.field(ENTITY, path), settings.zone)


def plan(
    client: Client, schema: Schema, settings: SalesforceSettings, kinds: Mapping[str, tuple[str, str]]
) -> Plan | None:
    """How to read opportunities now; `kinds`: record type's id → label and developer name."""
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
        currency=organization(client, schema).currency or settings.currency,
        me=client.user_id,
    )
    return Plan(tuple(dict.fromkeys(fields)), maker.record)


class _Maker:
    """Turns rows into records; everything that does not depend on the row is worked out once."""

    def __init__(
        self,
        read: list[Mapped[CrmField]],
        facts: list[Mapped[CrmField]],
        own: Mapping[str, tuple[str, Converter]],
        kinds: Mapping[str, tuple[str, str]],
        *,
        currency: str | None,
        me: str | None,
    ) -> None:
        self._me = me
        self._plain = [(m.name, m.path, m.convert) for m in read if m.field and "." not in m.path]
        self._deep = [(m.name, m.path, m.convert) for m in read if m.field and "." in m.path]
        self._facts = [m for m in facts if m.field]
        self._own = [(name, path, convert) for name, (path, convert) in own.items()]
        self._unread = [m.name for m in (*read, *facts) if not m.field and m.name not in _OPTIONAL]
        self._kinds = kinds
        constant = {"pipeline": None, "record_type": None, "merged_into": None}
        fixed = {} if any(m.name == "currency" and m.field for m in read) else {"currency": currency}
        self._constant: Record = constant | fixed

    def record(self, row: Row) -> Record:
        """A row as a record of OPPORTUNITY."""
        unread = self._unread.copy()
        try:
            record = {name: convert(row[path]) for name, path, convert in self._plain}
        except NONSENSE:
            record = columns_of(self._plain, row.__getitem__, unread)
        record |= self._constant
        if self._me and record.get("modified_by") == self._me:
            record.pop("last_edit", None)  # our own echo is no edit: what was known of it stays
        record |= columns_of(self._deep, lambda path: at(row, path), unread)
        kind = self._kinds.get(str(row.get("RecordTypeId") or ""))
        if kind:
            record["pipeline"], record["record_type"] = kind
        record["facts"] = facts_of(self._facts, lambda path: at(row, path), unread)
        record["ours"] = columns_of(self._own, row.__getitem__, [])
        record["unread"] = unread
        record["gone"] = "deleted" if row.get("IsDeleted") else None
        return record


def at(row: Row, path: str) -> Any:
    """The value at the end of a path; None below an absent parent."""
    here: Any = row
    for part in path.split("."):
        if here is None:
            return None
        here = here[part]
    return here
