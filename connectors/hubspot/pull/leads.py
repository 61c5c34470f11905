"""Leads: contacts in a lead's lifecycle stage, and what is logged on them, read where a policy names leads.

Contacts, not HubSpot's leads object: that one is there in Sales Hub Professional and Enterprise only and needs a scope
of its own; lifecycle stage and lead status are on the contacts of every account.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connectors.hubspot.client import convert as to
from connectors.hubspot.pull import activities
from connectors.hubspot.pull.deals import MERGED
from connectors.hubspot.setup.fields import LEAD_SCOPES
from connectors.shared.pull import mapping
from connectors.shared.pull.mapping import Mapped, columns_of, facts_of
from connectors.shared.setup import lead_remarks
from connectors.shared.setup.lead_description import described_leads
from model.subjects import LEADS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from zoneinfo import ZoneInfo

    from connectors.hubspot.client.schema import CrmField, Schema
    from connectors.hubspot.pull.deals import Row
    from connectors.hubspot.settings import HubspotSettings
    from model.records import Record
    from model.sync import Description, Remark

KIND: Final = "contacts"
STAMP: Final = "lastmodifieddate"
STAGE, STATUS = "lifecyclestage", "hs_lead_status"
OPEN: Final = ("lead", "marketingqualifiedlead", "salesqualifiedlead")
CONVERTED: Final = ("opportunity", "customer", "evangelist")
"""Lifecycle stages by their internal values, which HubSpot gives its own stages; an admin's stages have numbers."""
_NAME: Final = ("firstname", "lastname")


def _became(stage: str) -> str:
    return f"hs_lifecyclestage_{stage}_date"


BECAME: Final = tuple(map(_became, OPEN))
LEFT: Final = tuple(map(_became, CONVERTED))
TELLING: Final = (STAGE, STATUS, *BECAME)
"""Properties that say whether a contact is, or was, a lead."""
PLAIN: Final[dict[str, tuple[str, to.Converter]]] = {
    "company": ("company", to.text),
    "source": ("hs_analytics_source", to.text),
    "status": (STATUS, to.text),
    "owner_id": ("hubspot_owner_id", to.text),
    "last_edit": (STAMP, to.instant),
    "modified": (STAMP, to.instant),
}
"""Column of LEAD → property and its converter."""
_OPTIONAL: Final = ("company", "source")


def mapped_facts(schema: Schema, settings: HubspotSettings) -> list[Mapped[CrmField]]:
    """The facts of leads that the settings map."""
    return mapping.mapped_facts(settings.lead_fields, lambda path: schema.field(path, KIND), settings.zone, LEADS.facts)


def is_lead(given: Mapping[str, str | None]) -> bool:
    """Whether a contact is a lead, or was one before it was converted."""
    return given.get(STAGE) in OPEN or bool(given.get(STATUS)) or any(given.get(name) for name in BECAME)


class Maker:
    """Turns contacts into leads; everything that does not depend on the row is worked out once."""

    def __init__(self, schema: Schema, settings: HubspotSettings, zone: ZoneInfo) -> None:
        self._zone = zone
        self._plain = [(name, path, _labelled(schema, path, how)) for name, (path, how) in PLAIN.items()]
        facts = mapped_facts(schema, settings)
        self._facts = [m for m in facts if m.field]
        asked = (*_NAME, *TELLING, *LEFT, MERGED, "createdate", *(path for _, path, _ in self._plain))
        self.properties = schema.having((*asked, *(m.path for m in self._facts)), KIND)
        hidden = [name for name, path, _ in self._plain if path not in self.properties and name not in _OPTIONAL]
        self._unread = hidden + [m.name for m in facts if not m.field]

    def record(self, row: Row) -> Record | None:
        """A contact as a record of LEAD; None where it is none."""
        given = row["properties"]
        if not is_lead(given):
            return None
        unread = self._unread.copy()
        return {
            "id": row["id"],
            "name": " ".join(part for name in _NAME if (part := to.text(given.get(name)))) or None,
            **columns_of(self._plain, given.get, unread),
            **self._ways(given, row),
            "facts": facts_of(self._facts, given.__getitem__, unread),
            "unread": unread,
            "gone": None,
            "merged_into": None,
        }

    def _ways(self, given: Mapping[str, str | None], row: Row) -> Record:
        """When it became a lead, and whether it still is one."""
        since = [at for name in BECAME if (at := to.instant(given.get(name)))]
        left = [at for name in LEFT if (at := to.instant(given.get(name)))]
        converted = given.get(STAGE) in CONVERTED
        return {
            "created": min(since, default=to.instant(given.get("createdate") or row.get("createdAt"))),
            "is_converted": converted,
            "converted_on": min(left).astimezone(self._zone).date() if converted and left else None,
        }


def _labelled(schema: Schema, path: str, how: to.Converter) -> to.Converter:
    """A choice is known by its label; an owner's options are no labels."""
    field = schema.field(path, KIND)
    return to.choice(field.labels) if field and field.labels and path != "hubspot_owner_id" else how


def described(found: Description, schema: Schema, settings: HubspotSettings) -> Description:
    """The description with the facts of leads. A fact that cannot be read now is unknown, not dormant."""
    status = schema.field(STATUS, KIND)
    choices = {"status": status.choices} if status and status.choices else {}
    return described_leads(found, mapped_facts(schema, settings), settings, choices)


def check(schema: Schema, settings: HubspotSettings) -> Iterator[Remark]:
    """What is missing for policies about leads."""
    readable = bool(schema.fields(KIND))
    scopes = " and ".join(LEAD_SCOPES)
    what = "contacts in a lead's lifecycle stage"
    yield from lead_remarks.readable(what, readable=readable, to_read=f"give our app the scope {scopes}")
    if not readable:
        return
    wanted = {path: name for name, (path, _) in PLAIN.items() if name not in _OPTIONAL} | {STAGE: "is_open"}
    hidden = [(path, name) for path, name in wanted.items() if schema.field(path, KIND) is None]
    hidden += [(m.path, m.name) for m in mapped_facts(schema, settings) if m.field is None]
    yield from lead_remarks.fields(hidden)
    logged = all(schema.fields(activities.KINDS[source].type) for source in settings.activity.sources)
    yield from lead_remarks.logged(readable=logged, to_read="give our app the scopes named above")
