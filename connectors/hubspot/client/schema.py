"""What the portal lets us see of each object type, from its properties: the only source of names to ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from connectors.hubspot.client import convert as to
from connectors.hubspot.client.faults import Refused, ScopeMissing
from connectors.hubspot.client.windows import results

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from zoneinfo import ZoneInfo

    from connectors.hubspot.client.client import Client
    from connectors.shared.pull.convert import Converter
    from model.facts import FactType

DEALS = "deals"
_WRONG: Final = 400
_NO_DEALS: Final = "Our HubSpot app may not read deals; give it the scope crm.objects.deals.read."


@dataclass(frozen=True)
class CrmField:
    """One property; `labels`: value → label of its options, hidden ones too."""

    path: str
    type: str
    field_type: str
    label: str
    labels: Mapping[str, str]
    choices: tuple[str, ...] = ()
    """Labels of the options that people can choose."""
    calculated: bool = False
    writable: bool = True
    custom: bool = False
    """Made in this portal, not by HubSpot."""
    unique: bool = False

    @property
    def gives(self) -> FactType:
        """The type of fact that its values give."""
        return to.fact_type(self.type, self.field_type)

    def as_fact(self, wanted: str, zone: ZoneInfo) -> Converter:
        """How its values become a fact of type `wanted`; instants are days in `zone`."""
        return to.fact_converter(wanted, self.type, self.labels, zone)


class Schema:
    """Asks for the properties of an object type once; `forget` makes it ask again."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: dict[str, dict[str, CrmField] | None] = {}
        self._strict: set[str] = set()
        self._lacking: ScopeMissing | None = None

    def forget(self) -> None:
        """Ask anew from here on."""
        self._known.clear()

    def fields(self, kind: str = DEALS) -> dict[str, CrmField] | None:
        """Name → property; None where our app may not see them."""
        if kind not in self._known:
            ask = self._client.api("crm.properties.core_api").get_all
            try:
                found = results(self._client.call(ask, kind), f"properties of {kind}")
            except Refused as error:
                self._known[kind] = None
                if kind == DEALS:
                    self._lacking = error if isinstance(error, ScopeMissing) else None
            else:
                self._known[kind] = {raw["name"]: _field(raw) for raw in found if not raw.get("archived")}
        return self._known[kind]

    @property
    def no_deals(self) -> str:
        """Why deals cannot be read, once they could not: the scope that HubSpot names, where it is another one."""
        reason = self._lacking.message if self._lacking else ""
        return (
            _NO_DEALS
            if "crm." not in reason or "crm.objects.deals.read" in reason
            else f"Deals cannot be read: {reason}"
        )

    def field(self, name: str, kind: str = DEALS) -> CrmField | None:
        """One property; None where it does not exist."""
        return (self.fields(kind) or {}).get(name)

    def having(self, names: Iterable[str], kind: str = DEALS) -> list[str]:
        """Those of `names` that exist."""
        seen = self.fields(kind) or {}
        return [name for name in dict.fromkeys(names) if name in seen]

    def asked(self, names: Iterable[str], kind: str) -> list[str]:
        """What to ask of a type without looking first: all of `names`, or those that exist once it was `refusing`."""
        return self.having(names, kind) if kind in self._strict else list(names)

    def refusing(self, kind: str, error: Refused) -> bool:
        """Whether a read was refused for a name that does not exist and should be repeated."""
        if error.status != _WRONG or kind in self._strict or not self.fields(kind):
            return False
        self._strict.add(kind)
        return True


def _field(raw: dict[str, Any]) -> CrmField:
    options = raw.get("options") or []
    labels = {str(option["value"]): str(option.get("label") or option["value"]) for option in options}
    may = raw.get("modificationMetadata") or {}
    return CrmField(
        path=raw["name"],
        type=str(raw["type"]),
        field_type=str(raw.get("fieldType") or ""),
        label=str(raw.get("label") or raw["name"]),
        labels=labels,
        choices=tuple(labels[str(option["value"])] for option in options if not option.get("hidden")),
        calculated=bool(raw.get("calculated")),
        writable=not may.get("readOnlyValue") and not raw.get("calculated"),
        custom=not raw.get("hubspotDefined"),
        unique=bool(raw.get("hasUniqueValue")),
    )
