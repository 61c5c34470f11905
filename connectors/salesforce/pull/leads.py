"""Leads, and the tasks and events on them, which are read where a policy names leads. None is ever written to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from connectors.salesforce.client import convert as to
from connectors.salesforce.pull import activities
from connectors.salesforce.pull.opportunities import at
from connectors.salesforce.pull.streams import Plan, Row, Stream
from connectors.shared.pull import mapping
from connectors.shared.pull.mapping import Mapped, columns_of, facts_of
from connectors.shared.setup import lead_remarks
from connectors.shared.setup.lead_description import described_leads
from model.subjects import LEADS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.salesforce.client.convert import Converter
    from connectors.salesforce.client.schema import CrmField, Schema
    from connectors.salesforce.settings import SalesforceSettings
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


def columns(schema: Schema) -> list[Mapped[CrmField]]:
    """Every column of LEAD."""
    return [Mapped(name, path, schema.field(ENTITY, path), how) for name, (path, how) in COLUMNS.items()]


def mapped_facts(schema: Schema, settings: SalesforceSettings) -> list[Mapped[CrmField]]:
    """The facts of leads that the settings map."""
    return mapping.mapped_facts(
        settings.lead_fields, lambda path: schema.field(ENTITY, path), settings.zone, LEADS.facts
    )


def plan(schema: Schema, settings: SalesforceSettings) -> Plan | None:
    """How to read leads now; None where our user may not."""
    entity = schema.entity(ENTITY)
    if entity is None:
        return None
    read, facts = columns(schema), mapped_facts(schema, settings)
    fields = [m.path for m in (*read, *facts) if m.field] + entity.having(_CLOSED)
    return Plan(tuple(dict.fromkeys(fields)), lambda row: _record(row, read, facts))


def _record(row: Row, read: list[Mapped[CrmField]], facts: list[Mapped[CrmField]]) -> Record:
    unread = [m.name for m in (*read, *facts) if not m.field]
    record = columns_of(((m.name, m.path, m.convert) for m in read if m.field), row.__getitem__, unread)
    record["facts"] = facts_of((m for m in facts if m.field), lambda path: at(row, path), unread)
    record["unread"] = unread
    record["merged_into"] = row.get("MasterRecordId")
    record["gone"] = ("merged" if row.get("MasterRecordId") else "deleted") if row.get("IsDeleted") else None
    return record


def stream(schema: Schema, settings: SalesforceSettings) -> Stream:
    """Leads, those in the bin included."""
    return Stream("lead", "lead", ENTITY, lambda: plan(schema, settings))


def activity_streams(schema: Schema, settings: SalesforceSettings) -> list[Stream]:
    """Tasks and events of leads."""
    return [activities.of_leads(source, schema, settings) for source in settings.activity.sources]


def described(found: Description, schema: Schema, settings: SalesforceSettings) -> Description:
    """The description with the facts of leads. A fact that cannot be read now is unknown, not dormant."""
    entity = schema.entity(ENTITY)
    status = entity.fields.get("Status") if entity else None
    choices = {"status": status.choices} if status else {}
    return described_leads(found, mapped_facts(schema, settings), settings, choices)


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
