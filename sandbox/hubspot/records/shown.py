"""Records as the API shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.hubspot.clock import iso
from sandbox.hubspot.errors import invalid
from sandbox.hubspot.records.checks import lacks
from sandbox.hubspot.records.deals import stalled, yes
from sandbox.hubspot.records.table import CALCULATED, Version
from sandbox.hubspot.schema.definitions import KINDS, modified
from sandbox.hubspot.schema.standard import DEFAULTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.hubspot.portal import Portal
    from sandbox.hubspot.records.table import Record

_ENGAGEMENT = ("hs_createdate", "hs_lastmodifieddate", "hs_object_id")


_NOW: dict[str, Callable[[Portal, dict[str, str]], str]] = {
    "hs_is_stalled": lambda portal, props: stalled(props, portal.clock.ms()),
    "hs_has_empty_conditional_stage_properties": lambda portal, props: yes(lacks(portal, "deals", props)),
}
"""What is worked out when it is read."""


def _demand(portal: Portal, kind: str, names: list[str]) -> None:
    """Raise the 400 for a name that does not exist."""
    unknown = [name for name in names if portal.active(kind, name) is None]
    if unknown:
        raise invalid(f"Properties do not exist: [{', '.join(unknown)}]", context={"propertyName": unknown})


class View:
    """Which properties of an object type are shown. Names that do not exist are left out."""

    def __init__(self, portal: Portal, kind: str, names: list[str] | None, history: list[str] | None = None) -> None:
        self.portal, self.kind = portal, kind
        created = "createdate" if kind in DEFAULTS else "hs_createdate"
        always = (created, modified(kind), "hs_object_id")
        wanted = [*always, *names] if names else DEFAULTS.get(kind, _ENGAGEMENT)
        if portal.settings.strict_names:
            _demand(portal, kind, [*(names or ()), *(history or ())])
        self.names = sorted({name for name in wanted if portal.active(kind, name)})
        self.history = [name for name in history or () if portal.active(kind, name)]
        self._now = [name for name in _NOW if kind == "deals" and name in self.names]
        self._url = f"{portal.settings.app_pages}/contacts/{portal.settings.portal_id}/record/{KINDS[kind][0]}/"

    def of(self, record: Record, props: dict[str, str] | None = None) -> dict[str, Any]:
        """One record, or what a search remembers of it."""
        seen = record.props if props is None else props
        found: dict[str, Any] = {
            "id": str(record.id),
            "properties": self._values(seen),
            "createdAt": iso(record.created),
            "updatedAt": seen.get(modified(self.kind)) or iso(record.updated),
            "archived": record.archived_at is not None,
        }
        if self.history:
            found["propertiesWithHistory"] = {name: self._versions(record, name) for name in self.history}
        if record.archived_at is not None:
            found["archivedAt"] = iso(record.archived_at)
        found["url"] = f"{self._url}{record.id}"
        return found

    def _values(self, seen: dict[str, str]) -> dict[str, str | None]:
        cleared = self.portal.settings.cleared
        found = {name: seen.get(name) for name in self.names}
        if cleared != "":
            found = {name: value if value != "" else cleared for name, value in found.items()}
        if self._now:
            found |= {name: _NOW[name](self.portal, seen) for name in self._now}
        return found

    def _versions(self, record: Record, name: str) -> list[dict[str, Any]]:
        """A history; what HubSpot sets once has one version."""
        found = record.versions(name)
        if not found and record.props.get(name):
            at = record.updated if name == modified(self.kind) else record.created
            return [Version(record.props[name], at, CALCULATED).body()]
        return found
