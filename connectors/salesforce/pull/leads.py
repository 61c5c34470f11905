"""Leads, and the tasks and events on them, which are read where a policy names leads. None is ever written to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from connectors.salesforce.client import convert as to
from connectors.salesforce.pull import activities
from connectors.salesforce.pull.opportunities import Mapped, at
from connectors.salesforce.pull.streams import Plan, Row, Stream
from connectors.shared import lead_remarks
from model.subjects import LEADS
from model.sync import Offer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.salesforce.client.convert import Converter
    from connectors.salesforce.client.schema import CrmField, Schema
    from connectors.salesforce.settings import SalesforceSettings
    from model.facts import FactType
    from model.records import Record
    from model.sync import Description, Remark

ENTITY: Final = "Lead"
_USER: Final = "005"
_CLOSED: Final = ("IsDeleted", "MasterRecordId")


def _same(value: Any) -> Any:
    return value


def _owner(value: Any) -> str | None:
    """The user; a queue owns what nobody has taken yet."""
    return value if value and str(value).startswith(_USER) else None


COLUMNS: Final[dict[str, tuple[str, Converter]]] = {
    "id": ("Id", _same),
    "name": ("Name", to.text),
    "company": ("Company", to.text),
    "source": ("LeadSource", to.text),
    "status": ("Status", to.text),
    "owner_id": ("OwnerId", _owner),
    "is_converted": ("IsConverted", to.yes_no),
    "converted_on": ("ConvertedDate", to.day),
    "created": ("CreatedDate", to.instant),
    "last_edit": ("LastModifiedDate", to.instant),
    "modified": ("SystemModstamp", to.instant),
    "modified_by": ("LastModifiedById", _same),
}
"""Column of LEAD → standard field and its converter."""


def type_of(fact: str, field: CrmField | None) -> FactType:
    """The fact's own type, else what the field gives."""
    return LEADS.facts[fact].type if fact in LEADS.facts else to.fact_type(field.type if field else "")


def columns(schema: Schema) -> list[Mapped]:
    """Every column of LEAD."""
    return [Mapped(name, path, schema.field(ENTITY, path), how) for name, (path, how) in COLUMNS.items()]


def mapped_facts(schema: Schema, settings: SalesforceSettings) -> list[Mapped]:
    """The facts of leads that the settings map."""
    zone = ZoneInfo(settings.zone or "UTC")
    found = []
    for name, how in settings.lead_fields.items():
        field = schema.field(ENTITY, how.field)
        convert = to.fact_converter(type_of(name, field), field.type if field else "", zone)
        found.append(Mapped(name, how.field, field, convert, how.when_blank))
    return found


def plan(schema: Schema, settings: SalesforceSettings) -> Plan | None:
    """How to read leads now; None where our user may not."""
    entity = schema.entity(ENTITY)
    if entity is None:
        return None
    read, facts = columns(schema), mapped_facts(schema, settings)
    fields = [m.path for m in (*read, *facts) if m.field] + entity.having(_CLOSED)
    return Plan(tuple(dict.fromkeys(fields)), lambda row: _record(row, read, facts))


def _record(row: Row, read: list[Mapped], facts: list[Mapped]) -> Record:
    record: Record = {m.name: m.convert(row[m.path]) for m in read if m.field}
    unread = [m.name for m in (*read, *facts) if not m.field]
    record["facts"] = {}
    for mapped in facts:
        if mapped.field is None:
            continue
        try:
            found = mapped.convert(at(row, mapped.path))
        except (ValueError, TypeError, ArithmeticError):
            unread.append(mapped.name)
            continue
        record["facts"][mapped.name] = mapped.when_blank if found is None else found
    record["unread"] = unread
    record["merged_into"] = row.get("MasterRecordId")
    record["gone"] = ("merged" if row.get("MasterRecordId") else "deleted") if row.get("IsDeleted") else None
    return record


def stream(schema: Schema, settings: SalesforceSettings) -> Stream:
    """Leads, those in the bin included."""
    return Stream("lead", "lead", ENTITY, lambda: plan(schema, settings))


def activity_streams(schema: Schema, settings: SalesforceSettings) -> list[Stream]:
    """Tasks and events whose person is a lead."""
    return [activities.of_leads(source, schema, settings) for source in settings.activity.sources]


def described(found: Description, schema: Schema, settings: SalesforceSettings) -> Description:
    """The description with what can be said of leads. What cannot be read now is unknown, not dormant."""
    entity, facts = schema.entity(ENTITY), mapped_facts(schema, settings)
    given = {fact.name for fact in LEADS.facts.values() if "mapping" not in fact.needs}
    status = entity.fields.get("Status") if entity else None
    choices = {m.name: m.field.choices for m in facts if m.field and m.field.choices}
    offer = Offer(
        mapped=frozenset(given | set(settings.lead_fields)),
        types={m.name: type_of(m.name, m.field) for m in facts if m.field},
        choices=choices | ({"status": status.choices} if status else {}),
    )
    return replace(found, offers={**found.offers, LEADS.table: offer})


def check(schema: Schema, settings: SalesforceSettings) -> Iterator[Remark]:
    """What is missing for policies about leads."""
    readable = schema.entity(ENTITY) is not None
    paths = [(m.path, m.name) for m in (*columns(schema), *mapped_facts(schema, settings)) if m.field is None]
    logged = all(schema.entity(source.capitalize()) for source in settings.activity.sources)
    to_read = "give our user the object's Read permission, and sharing or View All Records for every lead"
    yield from lead_remarks.readable("leads", readable=readable, to_read=to_read)
    if readable:
        yield from lead_remarks.fields(paths)
        yield from lead_remarks.logged(readable=logged, to_read="give our user the objects' Read permission")
