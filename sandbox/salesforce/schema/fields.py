"""Fields and objects: what describe tells about them, and the text form that defines them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

_LINE = re.compile(r"(\w+) +(\w+)(?:\(([^)]*)\))?(.*)")
_NUMBERS = frozenset({"currency", "double", "percent"})
_LONG_TEXT = 255
_SOAP = {
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "double": "xsd:double",
    "currency": "xsd:double",
    "percent": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "id": "tns:ID",
    "reference": "tns:ID",
}


@dataclass(frozen=True)
class Field:
    """One field of an object, with the properties that describe reports."""

    name: str
    type: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    nillable: bool = True
    createable: bool = True
    updateable: bool = True
    filterable: bool = True
    calculated: bool = False
    custom: bool = False
    restricted: bool = False
    picklist: tuple[str, ...] = ()
    refers_to: tuple[str, ...] = ()
    default: Any = None
    label: str = ""
    unique: bool = False
    external: bool = False
    """An external id: rows are upserted by it, which does not make it unique."""

    @property
    def relationship(self) -> str | None:
        """The name by which SOQL reaches the parent row."""
        if not self.refers_to:
            return None
        if self.custom:
            return self.name.removesuffix("__c") + "__r"
        return self.name.removesuffix("Id")

    @property
    def required(self) -> bool:
        """Must be given on create."""
        return not self.nillable and self.createable and self.default is None and self.type != "boolean"

    @property
    def groupable(self) -> bool:
        """Whether a query may group by it."""
        return self.filterable and self.type not in {*_NUMBERS, "datetime", "multipicklist"}

    def describe(self, *, editable: bool) -> dict[str, Any]:
        """The entry of this field in a describe reply, for a user who may or may not edit it."""
        return {
            "name": self.name,
            "label": self.label or label_of(self.name),
            "type": self.type,
            "soapType": _SOAP.get(self.type, "xsd:string"),
            "length": self.length,
            "byteLength": self.length * 3,
            "precision": self.precision,
            "scale": self.scale,
            "digits": self.precision if self.type == "int" else 0,
            "nillable": self.nillable,
            "createable": self.createable and editable,
            "updateable": self.updateable and editable,
            "filterable": self.filterable,
            "sortable": self.filterable,
            "groupable": self.groupable,
            "aggregatable": self.filterable,
            "calculated": self.calculated,
            "custom": self.custom,
            "defaultedOnCreate": self.default is not None or (not self.nillable and not self.createable),
            "defaultValue": self.default,
            "permissionable": self.nillable and self.name not in {"Id", "OwnerId"},
            "unique": self.unique,
            "externalId": self.external,
            "idLookup": self.name == "Id" or self.external,
            "nameField": self.name == "Name",
            "autoNumber": False,
            "caseSensitive": False,
            "htmlFormatted": False,
            "restrictedPicklist": self.restricted,
            "dependentPicklist": False,
            "deprecatedAndHidden": False,
            "polymorphicForeignKey": len(self.refers_to) > 1,
            "relationshipName": self.relationship,
            "referenceTo": list(self.refers_to),
            "inlineHelpText": None,
            "extraTypeInfo": "plaintextarea" if self.type == "textarea" and self.length > _LONG_TEXT else None,
            "picklistValues": [
                {"active": True, "defaultValue": False, "label": v, "validFor": None, "value": v} for v in self.picklist
            ],
        }


@dataclass
class ObjectType:
    """One kind of row: key prefix, fields by name, and what may be done with it."""

    name: str
    prefix: str
    fields: dict[str, Field] = field(default_factory=dict)
    children: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Child relationship name to (child object, its field)."""
    writable: bool = True
    tooling: bool = False
    setup: bool = False
    """Permission sets and the like: writing needs the right to manage them."""
    tracked: set[str] = field(default_factory=set)
    _folded: dict[str, str] = field(default_factory=dict, repr=False)

    def find(self, name: str) -> Field | None:
        """A field by name, in any case."""
        found = self.fields.get(name)
        if found or name.lower() in self._folded:
            return found or self.fields[self._folded[name.lower()]]
        return None

    def add(self, new: Field) -> None:
        """Take in a field, or another form of it."""
        self.fields[new.name] = new
        self._folded[new.name.lower()] = new.name

    def drop(self, name: str) -> None:
        """Forget a field."""
        del self.fields[name]
        del self._folded[name.lower()]

    def parent(self, relationship: str) -> Field | None:
        """The reference field behind a relationship name."""
        wanted = relationship.lower()
        return next((f for f in self.fields.values() if (f.relationship or "").lower() == wanted), None)


def label_of(name: str) -> str:
    """`CloseDate` as `Close Date`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.removesuffix("__c").replace("_", " "))


def parse_field(line: str, *, custom: bool = False) -> Field:
    """A field from `Name type(details) flag flag=value`; details: length, digits, values or parents."""
    match = _LINE.match(line.strip())
    if not match:
        raise ValueError(f"not a field: {line!r}")
    name, kind, details, rest = match.groups()
    flags = dict(f.partition("=")[::2] for f in rest.split())
    made = _detailed(Field(name, kind, custom=custom or name.endswith("__c")), details or "")
    read_only = "ro" in flags
    return replace(
        made,
        nillable="required" not in flags and kind not in {"boolean", "id"},
        createable=not read_only,
        updateable=not read_only and "createonly" not in flags,
        filterable="nofilter" not in flags,
        calculated="calc" in flags,
        restricted="restricted" in flags,
        external="external" in flags,
        default=_default(kind, flags, read_only=read_only),
        label=flags.get("label", "").replace("_", " "),
    )


def _detailed(made: Field, details: str) -> Field:
    parts = [p for p in re.split(r"[|,]", details) if p]
    if made.type in {"picklist", "multipicklist"}:
        length = 4099 if made.type == "multipicklist" else _LONG_TEXT
        return replace(made, picklist=tuple(parts), length=length)
    if made.type in {"reference", "id"}:
        return replace(made, refers_to=tuple(parts), length=18)
    if made.type in _NUMBERS:
        return replace(made, precision=int(parts[0]), scale=int(parts[1]))
    if made.type == "int":
        return replace(made, precision=int(parts[0]) if parts else 9)
    return replace(made, length=int(parts[0]) if parts else 0)


def _default(kind: str, flags: dict[str, str], *, read_only: bool) -> Any:
    if kind == "boolean" and not read_only:
        return flags.get("default") == "true"
    return flags["default"].replace("_", " ") if "default" in flags else None
