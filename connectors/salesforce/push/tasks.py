"""Our tasks on opportunities: looked up by their key, then upserted by it, completed or deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from connectors.salesforce.client.faults import Refused
from connectors.salesforce.client.windows import chunks, id_list
from connectors.salesforce.push.push import ORGS_OWN_CODE, meant, result_of
from connectors.salesforce.setup.fields import ACTIONS_LABEL
from connectors.shared.push.halving import by_halves
from connectors.shared.push.tasks import DONE, FOUND, CrmTasks
from model.actions import Receipt
from model.errors import RetryLater

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connectors.salesforce.client.client import Client
    from connectors.salesforce.client.schema import Schema
    from connectors.salesforce.settings import SalesforceSettings
    from model.actions import Hand, Task

ENTITY: Final = "Task"
_NEEDED: Final = ("WhatId", "OwnerId", "Subject", "Status")
_COLLECTIONS: Final = "composite/sobjects"
_COMPLETED: Final = "Completed"
_DELETED: Final = "somebody has deleted the task"
LACKS: Final = (
    f"run `connection provision` and assign {ACTIONS_LABEL} to our user, if you want them (nothing else needs it)"
)
_RIGHT: Final = "INSUFFICIENT_ACCESS_OR_READONLY"


class Tasks(CrmTasks):
    """Tasks of one org; `settings.task_key` is the external id that holds our key."""

    def __init__(self, client: Client, schema: Schema, settings: SalesforceSettings) -> None:
        self._client, self._schema, self._key = client, schema, settings.task_key

    @property
    def offered(self) -> bool:
        """Whether tasks can carry our key. By the key we recognise our own tasks, which are no touch."""
        entity = self._schema.entity(ENTITY)
        if entity is None or self._client.user_id is None:
            return False
        fields = [entity.fields.get(name) for name in (self._key, *_NEEDED)]
        return all(field is not None and field.writable for field in fields)

    def make(self, tasks: Sequence[Task]) -> dict[str, Receipt]:
        """By key; what stands under a key is left as it is, also where somebody has completed or deleted it."""
        there = self._standing([task.key for task in tasks])
        found = {key: _as_found(key, row) for key, row in there.items()}
        bodies = {task.key: self._body(task) for task in tasks if task.key not in there}
        return found | self._written(bodies, f"{_COLLECTIONS}/{ENTITY}/{self._key}", "PATCH")

    def _is_open(self, row: Any) -> bool:
        return not (row["IsDeleted"] or row["IsClosed"])

    def _owner(self, row: Any) -> str | None:
        owner: str | None = row["OwnerId"]
        return owner

    def _why_left(self, row: Any) -> str:
        return _DELETED if row["IsDeleted"] else DONE

    def _hand(self, wanted: Mapping[str, tuple[Any, Hand]]) -> dict[str, Receipt]:
        bodies = {
            key: {"id": row["Id"], "OwnerId": one.owner, "Subject": one.title} for key, (row, one) in wanted.items()
        }
        return self._written(bodies, _COLLECTIONS, "PATCH")

    def _close(self, rows: Mapping[str, Any]) -> dict[str, Receipt]:
        status = self._closed_status()
        return self._written(
            {key: {"id": row["Id"], "Status": status} for key, row in rows.items()}, _COLLECTIONS, "PATCH"
        )

    def _remove(self, rows: Mapping[str, Any]) -> dict[str, Receipt]:
        listed = ",".join(str(row["Id"]) for row in rows.values())
        replies = self._client.rest(f"{_COLLECTIONS}?ids={listed}&allOrNone=false", "DELETE", repeatable=False)
        return _receipts(list(rows), replies)

    def _standing(self, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Tasks by key, those in the bin too; of several under one key an open one, else any that is not deleted."""
        found: dict[str, dict[str, Any]] = {}
        for some in chunks(list(keys)):
            names = f"Id, {self._key}, OwnerId, IsClosed, IsDeleted"
            query = f"SELECT {names} FROM {ENTITY} WHERE {self._key} IN ({id_list(some)})"
            for rows in self._client.pages(query, deleted=True):
                for row in sorted(rows, key=lambda one: (one["IsDeleted"], one["IsClosed"]), reverse=True):
                    found[str(row[self._key])] = row
        return found

    def _closed_status(self) -> str:
        """The status that completes a task here; orgs rename them."""
        entity = self._schema.entity("TaskStatus")
        names = entity.having(("ApiName", "MasterLabel")) if entity else []
        if not names:
            return _COMPLETED
        rows = self._client.rows(f"SELECT {names[0]} FROM TaskStatus WHERE IsClosed = true ORDER BY SortOrder")
        labels = [str(row[names[0]]) for row in rows]
        return _COMPLETED if _COMPLETED in labels or not labels else labels[0]

    def _body(self, task: Task) -> dict[str, Any]:
        values = {
            self._key: task.key, "WhatId": task.deal, "OwnerId": task.owner, "Subject": task.title,
            "Description": task.text, "ActivityDate": task.due.isoformat(),
        }  # fmt: skip
        entity = self._schema.entity(ENTITY)
        return {name: value for name, value in values.items() if entity and name in entity.fields}

    def _written(self, bodies: Mapping[str, Mapping[str, Any]], path: str, method: str) -> dict[str, Receipt]:
        """Send; a batch that dies whole on the org's own triggers is halved down to the guilty task."""
        if not bodies:
            return {}
        records = [{"attributes": {"type": ENTITY}, **body} for body in bodies.values()]
        try:
            replies = self._client.rest(path, method, {"allOrNone": False, "records": records}, repeatable=False)
            receipts = _receipts(list(bodies), replies)
        except Refused as error:
            receipts = {key: _receipt(key, (error.code, error.message, []), None) for key in bodies}
        if len(bodies) == 1 or not all(_orgs_own(one) for one in receipts.values()):
            return receipts
        return by_halves(bodies, lambda half: self._written(half, path, method))


def _as_found(key: str, row: Mapping[str, Any]) -> Receipt:
    if row["IsDeleted"]:
        return Receipt(key, "skipped", _DELETED, str(row["Id"]))
    return Receipt(key, "written", FOUND, str(row["Id"]))


def _receipts(keys: list[str], replies: Any) -> dict[str, Receipt]:
    if not isinstance(replies, list) or len(replies) != len(keys):
        raise RetryLater("Salesforce did not answer for every task: they are looked up before they are sent again.")
    return {key: _receipt(key, result_of(reply), reply.get("id")) for key, reply in zip(keys, replies, strict=True)}


def _receipt(key: str, result: tuple[str, str, list[str]], record: str | None) -> Receipt:
    code, message, _ = result
    if not code:
        return Receipt(key, "written", record=record)
    if code == _RIGHT:
        return Receipt(key, "refused", f"Our user may not edit tasks; assign it Sluicegate Actions: {message} ({code})")
    return Receipt(key, *meant(code, message))


def _orgs_own(one: Receipt) -> bool:
    return any(one.reason.endswith(f"({code})") for code in ORGS_OWN_CODE)
