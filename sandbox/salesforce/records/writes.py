"""Create, update, delete: one row or a collection, in the name of a user, with all that follows from it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from sandbox.salesforce.errors import ApiError, insufficient_access
from sandbox.salesforce.org import Write
from sandbox.salesforce.records import ids
from sandbox.salesforce.records.access import EDIT_TASKS, MANAGE_SETS, MODIFY_ALL
from sandbox.salesforce.records.behaviour import EFFECTS, NOTHING
from sandbox.salesforce.records.checks import checked
from sandbox.salesforce.schema.values import parse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.salesforce.org import Org
    from sandbox.salesforce.records.table import Row
    from sandbox.salesforce.schema.fields import ObjectType

Kind: TypeAlias = Literal["create", "update", "delete"]


@dataclass(frozen=True)
class Op:
    """One wanted write."""

    kind: Kind
    entity: str
    id: str | None = None
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """What became of it: the row's id, or the refusal."""

    id: str | None
    error: ApiError | None = None
    created: bool = False

    def json(self) -> dict[str, Any]:
        """As collection calls answer."""
        if self.error:
            return {"success": False, "errors": [self.error.result()]}
        return {"id": self.id, "success": True, "errors": []}


def save(org: Org, user_id: str, ops: Sequence[Op], *, all_or_none: bool = False) -> list[Result]:
    """Apply writes in order, one result each; raises only where the whole request is unreadable."""
    parsed = [Op(op.kind, op.entity, op.id, _parsed(org, op)) for op in ops]
    with org.transaction() as journal:
        results = _saved(org, user_id, parsed)
        if all_or_none and any(r.error for r in results):
            org.rollback(journal)
            results = [r if r.error else Result(r.id, _rolled_back()) for r in results]
    stamp, name = org.clock.stamp(), org.tables["User"].rows[user_id]["Username"]
    for op, result in zip(parsed, results, strict=True):
        outcome = result.error.code if result.error else "ok"
        org.writes.append(Write(stamp, name, op.entity, op.kind, result.id or op.id, op.values, outcome))
    return results


def _rolled_back() -> ApiError:
    return ApiError(
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "Record rolled back because not all records were valid and the request was using AllOrNone header",
    )


def _saved(org: Org, user_id: str, ops: list[Op]) -> list[Result]:
    doomed = _dying_batches(org, ops)
    seen: set[str] = set()
    results = []
    for op in ops:
        long = ids.long(op.id)
        twice = ApiError("DUPLICATE_VALUE", f"Id specified more than once in this call: {op.id}")
        refusal = doomed.get(op.entity) or (twice if long in seen else None)
        try:
            results.append(Result(long, refusal) if refusal else _one(org, user_id, op))
        except ApiError as error:
            results.append(Result(long, error))
        seen.update([long] if long else [])
    return results


def _dying_batches(org: Org, ops: list[Op]) -> dict[str, ApiError]:
    sizes = Counter(op.entity for op in ops)
    return {
        t.entity: ApiError("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", f"{t.entity}Trigger: {t.message}")
        for t in org.triggers
        if sizes[t.entity] > t.at_most
    }


def _one(org: Org, user_id: str, op: Op) -> Result:
    entity = org.entity(op.entity)
    if not entity.writable:
        raise ApiError("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", f"entity type {entity.name} does not support {op.kind}")
    if entity.name == "Task" and not org.access.has(user_id, EDIT_TASKS):
        raise ApiError("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")
    if entity.setup and not org.access.has(user_id, MANAGE_SETS):
        raise insufficient_access()
    if op.kind == "create":
        checked(org, user_id, entity, op.values, "create")
        return _create(org, user_id, entity, op)
    old = find(org, entity, op.id, user_id)
    org.faults.strike_record(entity.name, old["Id"])
    if old["Id"] in org.locked and not org.access.has(user_id, MODIFY_ALL):
        raise ApiError("ENTITY_IS_LOCKED", "the entity is locked for editing")
    if op.kind == "delete":
        remove(org, user_id, entity, old)
        return Result(old["Id"])
    checked(org, user_id, entity, op.values, "update")
    return _update(org, user_id, entity, old, op)


def find(org: Org, entity: ObjectType, row_id: str | None, user_id: str) -> Row:
    """The living row with this id; raises MISSING_ARGUMENT, MALFORMED_ID, INVALID_CROSS_REFERENCE_KEY and so on."""
    if not row_id:
        raise ApiError("MISSING_ARGUMENT", "Id not specified in an update call", ["Id"])
    long = ids.long(row_id)
    if long is None or not long.startswith(entity.prefix):
        raise ApiError("MALFORMED_ID", f"{entity.name} ID: id value of incorrect type: {row_id}", ["Id"])
    row = org.tables[entity.name].rows.get(long)
    if row is None or not org.access.sees(user_id, entity.name, row):
        raise ApiError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    if row["IsDeleted"]:
        raise ApiError("ENTITY_IS_DELETED", "entity is deleted", status=404)
    return row


def _create(org: Org, user_id: str, entity: ObjectType, op: Op) -> Result:
    defaults = {f.name: org.blank(entity.name)[f.name] for f in entity.fields.values() if f.default is not None}
    values = {**defaults, **op.values}
    missing = [f.name for f in entity.fields.values() if f.required and values.get(f.name) is None]
    effects = EFFECTS.get(entity.name, NOTHING)
    if missing:
        raise ApiError("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", missing)
    if "OwnerId" in entity.fields:
        values.setdefault("OwnerId", user_id)
    row = org.make(entity.name, **values, CreatedById=user_id, LastModifiedById=user_id)
    row = effects.before(org, None, row, set(op.values))
    _judge(org, user_id, entity.name, None, row)
    org.tables[entity.name].put(row)
    effects.after(org, None, row)
    org.noticed(entity.name)
    return Result(row["Id"], created=True)


def _update(org: Org, user_id: str, entity: ObjectType, old: Row, op: Op) -> Result:
    effects = EFFECTS.get(entity.name, NOTHING)
    stamp = org.clock.stamp()
    audit = {"LastModifiedDate": stamp, "SystemModstamp": stamp, "LastModifiedById": user_id}
    new = effects.before(org, old, {**old, **op.values, **audit}, set(op.values))
    _judge(org, user_id, entity.name, old, new)
    org.tables[entity.name].put(new)
    effects.after(org, old, new)
    org.noticed(entity.name)
    return Result(old["Id"])


def _judge(org: Org, user_id: str, entity: str, old: Row | None, new: Row) -> None:
    actor = org.actor(user_id)
    for rule in org.rules.values():
        if not rule.active or rule.entity != entity or rule.exempt in actor.custom_permissions:
            continue
        message = rule.hook(old, new, actor)
        if message:
            raise ApiError("FIELD_CUSTOM_VALIDATION_EXCEPTION", message, [rule.field] if rule.field else [])


def remove(org: Org, user_id: str, entity: ObjectType, old: Row, **more: Any) -> None:
    """Put a row into the bin, and with it what belongs to it."""
    stamp = org.clock.stamp()
    gone = {"IsDeleted": True, "SystemModstamp": stamp, "LastModifiedDate": stamp, "LastModifiedById": user_id, **more}
    org.tables[entity.name].put({**old, **{k: v for k, v in gone.items() if k in old}})
    effects = EFFECTS.get(entity.name, NOTHING)
    for name, key in effects.children:
        for row in org.tables[name].where(key, old["Id"]):
            if not row["IsDeleted"]:
                remove(org, user_id, org.objects[name], row)
    effects.removed(org, old)
    org.noticed(entity.name)


def _parsed(org: Org, op: Op) -> dict[str, Any]:
    """Values in stored form; a name that is no field is refused later, with its row."""
    entity = org.entity(op.entity)
    found: dict[str, Any] = {}
    for name, value in op.values.items():
        known = entity.find(name)
        stored = parse(known, value) if known else value
        if known and known.type == "textarea" and org.settings.crlf and stored:
            stored = stored.replace("\r\n", "\n").replace("\n", "\r\n")
        found[known.name if known else name] = stored
    return found
