"""What one user may write into one row: field security, types, references."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.salesforce.errors import ApiError, no_such_column, not_writable
from sandbox.salesforce.records import ids
from sandbox.salesforce.schema.catalog import is_audit
from sandbox.salesforce.schema.values import check

if TYPE_CHECKING:
    from sandbox.salesforce.org import Org
    from sandbox.salesforce.schema.fields import Field, ObjectType


def checked(org: Org, user_id: str, entity: ObjectType, values: dict[str, Any], kind: str) -> None:
    """Refuse values that this user may not write or that do not fit: raises the row's ApiError."""
    visible = org.access.fields(user_id, entity)
    for name in values:
        if name not in visible:
            raise no_such_column(name, entity.name)
    locked = [n for n in values if not (visible[n] and _writable(entity.fields[n], kind))]
    if locked:
        raise not_writable(locked)
    for name, value in values.items():
        known = entity.fields[name]
        check(known, value, allowed_values(org, entity.name, known))
        if known.refers_to and value is not None:
            values[name] = _reference(org, known, value)


def allowed_values(org: Org, entity: str, field: Field) -> tuple[str, ...]:
    """The active values of a picklist field, in order: stages and currencies are rows, the rest are in the field."""
    if field.name == "StageName" and entity == "Opportunity":
        stages = sorted(org.tables["OpportunityStage"].alive(), key=lambda s: s["SortOrder"] or 0)
        return tuple(s["MasterLabel"] for s in stages if s["IsActive"])
    if field.name == "CurrencyIsoCode" and "CurrencyType" in org.tables:
        return tuple(c["IsoCode"] for c in org.tables["CurrencyType"].alive() if c["IsActive"])
    return field.picklist


def _writable(known: Field, kind: str) -> bool:
    return not is_audit(known.name) and (known.createable if kind == "create" else known.updateable)


def _reference(org: Org, known: Field, value: str) -> str:
    long = ids.long(value)
    if long is None:
        raise ApiError(
            "MALFORMED_ID", f"{known.label or known.name}: id value of incorrect type: {value}", [known.name]
        )
    targets = [org.objects[n] for n in known.refers_to if n in org.objects]
    table = next((org.tables[t.name] for t in targets if t.prefix == long[:3]), None)
    if targets and table is None:
        raise ApiError("FIELD_INTEGRITY_EXCEPTION", f"{known.name}: id value of incorrect type: {value}", [known.name])
    row = table.rows.get(long) if table else None
    if table and row is None:
        raise ApiError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [known.name])
    if row and row["IsDeleted"]:
        raise ApiError("ENTITY_IS_DELETED", "entity is deleted", [known.name])
    if row and known.name == "OwnerId" and not row.get("IsActive", True):
        raise ApiError("INACTIVE_OWNER_OR_USER", "operation performed with inactive user", [known.name])
    return long
