"""Names in a query to fields this user sees, and to functions that read them off a row."""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from sandbox.salesforce.errors import ApiError, no_such_column
from sandbox.salesforce.schema.fields import Field, ObjectType

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.salesforce.org import Org
    from sandbox.salesforce.records.table import Row
    from sandbox.salesforce.soql.tree import Path

DEEPEST = 5
_NAME_LIKE = (
    "Id", "Name", "Type", "FirstName", "LastName", "Email", "Title", "IsActive", "Username", "Phone", "UserRoleId",
    "ProfileId",
)  # fmt: skip
_BY_PREFIX = "Type"


@dataclass(frozen=True)
class Resolved:
    """A path that exists: the field it ends in, how to read it, and the hops to get there."""

    field: Field
    read: Callable[[Row], Any]
    hops: tuple[Field, ...] = ()


class Scope:
    """One object as one user sees it in one query."""

    def __init__(self, org: Org, user_id: str, entity: ObjectType, alias: str | None = None) -> None:
        self.org, self.user_id, self.entity = org, user_id, entity
        self._skip = {entity.name.lower(), (alias or entity.name).lower()}

    def resolve(self, path: Path) -> Resolved:
        """The field behind a path; raises INVALID_FIELD."""
        parts = path.parts
        if len(parts) > 1 and parts[0].lower() in self._skip and self.entity.parent(parts[0]) is None:
            parts = parts[1:]
        if len(parts) > DEEPEST + 1:
            raise ApiError("MALFORMED_QUERY", "SOQL relationships may not exceed 5 levels")
        return self._walk(self.entity, parts)

    def _walk(self, entity: ObjectType, parts: tuple[str, ...]) -> Resolved:
        if len(parts) == 1:
            field = self.visible(entity, parts[0])
            return Resolved(field, itemgetter(field.name))
        link = entity.parent(parts[0])
        if link is None or link.name not in self.org.access.fields(self.user_id, entity):
            raise ApiError(
                "INVALID_FIELD",
                f"Didn't understand relationship '{parts[0]}' in field path. If you are attempting "
                "to use a custom relationship, be sure to append the '__r' after the custom relationship "
                "name. Please reference your WSDL or the describe call for the appropriate names.",
            )
        if len(link.refers_to) > 1:
            return self._polymorphic(link, parts[1:])
        return self._hop(link, parts[1:])

    def _hop(self, link: Field, rest: tuple[str, ...]) -> Resolved:
        if link.refers_to[0] not in self.org.objects:
            return self._absent(link, rest)
        target = self.org.objects[link.refers_to[0]]
        inner = self._walk(target, rest)
        table, key = self.org.tables[target.name], link.name

        def read(row: Row) -> Any:
            parent = table.rows.get(row[key] or "")
            return None if parent is None else inner.read(parent)

        return Resolved(inner.field, read, (link, *inner.hops))

    def _absent(self, link: Field, rest: tuple[str, ...]) -> Resolved:
        return Resolved(Field(rest[-1], "string", 255), lambda _: None, (link,))

    def _polymorphic(self, link: Field, rest: tuple[str, ...]) -> Resolved:
        """What and Who show only what all their kinds share; Type tells the kind."""
        by_prefix = {self.org.objects[n].prefix: self.org.objects[n] for n in link.refers_to if n in self.org.objects}
        wanted = {n.lower(): n for n in _NAME_LIKE}.get(rest[0].lower())
        if len(rest) > 1 or wanted is None:
            raise no_such_column(rest[0], "Name")

        def read(row: Row) -> Any:
            target = by_prefix.get((row[link.name] or "")[:3])
            if target is None:
                return None
            if wanted == _BY_PREFIX:
                return target.name
            return self.org.tables[target.name].rows.get(row[link.name], {}).get(wanted)

        return Resolved(Field(wanted, "string", 255), read, (link,))

    def visible(self, entity: ObjectType, name: str) -> Field:
        """A field by name; raises INVALID_FIELD where it is absent or hidden from the user."""
        field = entity.find(name)
        if field is None or field.name not in self.org.access.fields(self.user_id, entity):
            raise no_such_column(name, entity.name)
        return field
