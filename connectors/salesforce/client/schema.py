"""What the org lets us see, from describe: the only source of SELECT lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from connectors.salesforce.client import convert as to
from connectors.salesforce.client.faults import ObjectGone, Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from zoneinfo import ZoneInfo

    from connectors.salesforce.client.client import Client
    from connectors.shared.pull.convert import Converter
    from model.facts import FactType

_DEPTH: Final = 5
_CLOSED: Final = {"INSUFFICIENT_ACCESS", "INSUFFICIENT_ACCESS_OR_READONLY", "FUNCTIONALITY_NOT_ENABLED"}
"""How an org may refuse to describe an object that we can do without; most say that it does not exist."""
_DEAL: Final = "Opportunity"
_NAME: Final = "Name"
"""What Salesforce calls the object behind a reference that leads to several kinds (a lead's owner)."""
_OF_NAME: Final = (
    "Id", "Name", "FirstName", "LastName", "Alias", "Email", "Phone", "Title", "Type", "Username", "UserRoleId",
    "ProfileId",
)  # fmt: skip
"""All that a query can say of it."""


@dataclass(frozen=True)
class CrmField:
    """One field as our user sees it; `path` may lead through parents (Account.Segment__c)."""

    path: str
    type: str
    label: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    writable: bool = False
    filterable: bool = False
    calculated: bool = False
    choices: tuple[str, ...] = ()

    @property
    def moves_no_stamp(self) -> bool:
        """A change of its value leaves SystemModstamp alone, so only a full pass finds it."""
        return self.calculated or "." in self.path

    @property
    def gives(self) -> FactType:
        """The type of fact that its values give."""
        return to.fact_type(self.type)

    def as_fact(self, wanted: str, zone: ZoneInfo) -> Converter:
        """How its values become a fact of type `wanted`; instants are days in `zone`."""
        return to.fact_converter(wanted, self.type, zone)


@dataclass(frozen=True)
class Entity:
    """One object as our user sees it; `parents` maps a relationship's name to the object it leads to."""

    name: str
    prefix: str
    fields: Mapping[str, CrmField]
    parents: Mapping[str, str]
    record_types: tuple[str, ...] = ()

    def having(self, names: Iterable[str]) -> list[str]:
        """Those of `names` that can be read."""
        return [name for name in names if name in self.fields]


class Organization(NamedTuple):
    """What the org says of itself: its time zone and its own currency; None where it does not say."""

    zone: str | None = None
    currency: str | None = None


class Schema:
    """Describes objects when asked, once; `forget` makes it ask again."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: dict[str, Entity | None] = _fixed()
        self.organization: Organization | None = None
        """What the org says of itself, kept here by `pull.org_tables.organization`."""

    def forget(self) -> None:
        """Describe anew from here on."""
        self._known = _fixed()

    def entity(self, name: str) -> Entity | None:
        """The object, or None where it does not exist or our user may not see it."""
        if name not in self._known:
            try:
                self._known[name] = _entity(self._client.rest(f"sobjects/{name}/describe"))
            except Refused as error:
                if not isinstance(error, ObjectGone) and (name == _DEAL or error.code not in _CLOSED):
                    raise
                self._known[name] = None
        return self._known[name]

    def field(self, entity: str, path: str) -> CrmField | None:
        """The field at the end of `path`, as seen from `entity`; None where any part of it cannot be read."""
        *parents, last = path.split(".")
        here = self._led(entity, parents)
        found = here.fields.get(last) if here else None
        return None if found is None else CrmField(**{**vars(found), "path": path})

    def similar_fields(self, entity: str, path: str) -> list[str]:
        """The paths of all fields of the object that `path` leads to: those that may have been meant."""
        *parents, _ = path.split(".")
        here = self._led(entity, parents)
        return [".".join((*parents, name)) for name in here.fields] if here else []

    def _led(self, entity: str, parents: list[str]) -> Entity | None:
        here = self.entity(entity)
        for parent in parents[:_DEPTH]:
            here = self.entity(here.parents[parent]) if here and parent in here.parents else None
        return here


def _fixed() -> dict[str, Entity | None]:
    fields = {name: CrmField(name, "string", name, filterable=True) for name in _OF_NAME}
    return {_NAME: Entity(_NAME, "", fields, {})}


def _entity(body: dict[str, Any]) -> Entity:
    fields = {raw["name"]: _field(raw) for raw in body["fields"]}
    parents = {
        raw["relationshipName"]: raw["referenceTo"][0] if len(raw["referenceTo"]) == 1 else _NAME
        for raw in body["fields"]
        if raw.get("relationshipName") and raw.get("referenceTo")
    }
    kinds = [kind for kind in body.get("recordTypeInfos") or [] if not kind.get("master")]
    names = tuple(str(kind["developerName"]) for kind in kinds if kind.get("developerName"))
    return Entity(str(body["name"]), str(body.get("keyPrefix") or ""), fields, parents, names)


def _field(raw: dict[str, Any]) -> CrmField:
    values = raw.get("picklistValues") or []
    return CrmField(
        path=raw["name"],
        type=str(raw["type"]),
        label=str(raw.get("label") or raw["name"]),
        length=int(raw.get("length") or 0),
        precision=int(raw.get("precision") or 0),
        scale=int(raw.get("scale") or 0),
        writable=bool(raw.get("updateable")),
        filterable=bool(raw.get("filterable", True)),
        calculated=bool(raw.get("calculated")),
        choices=tuple(str(value["value"]) for value in values if value.get("active", True)),
    )
