"""Our tasks on deals: looked up by their key, a unique property, then created with their deal, completed or deleted."""

from __future__ import annotations

from datetime import UTC, datetime, time
from html import escape
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from zoneinfo import ZoneInfo

from connectors.hubspot.client import answers, windows
from connectors.hubspot.client.answers import LOCKED, UNSAID, WRITTEN, Result
from connectors.hubspot.client.faults import Locked, Refused
from connectors.hubspot.client.schema import DEALS
from connectors.hubspot.setup.fields import ACTION_SCOPE
from connectors.shared.push.halving import by_halves
from connectors.shared.push.tasks import FOUND, CrmTasks
from model.actions import Receipt
from model.errors import RetryLater

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from connectors.hubspot.client.client import Client
    from connectors.hubspot.client.schema import Schema
    from connectors.hubspot.settings import HubspotSettings
    from model.actions import Hand, Task

TASKS: Final = "tasks"
_TO_DEAL: Final = 216
"""HubSpot's own association of a task with a deal."""
_DUE_HOUR: Final = 9
_STATUS: Final = "hs_task_status"
_COMPLETED: Final = "COMPLETED"
_OWNER: Final = "hubspot_owner_id"
_SUBJECT: Final = "hs_task_subject"
_TWIN: Final = "CONFLICTING_UNIQUE_VALUE"
LACKS: Final = f"run `connection provision` and give our app {ACTION_SCOPE}, if you want them (nothing else needs it)"
_NO_RESULT: Final = Result(UNSAID, "HubSpot's answer leaves the task out")

Inputs: TypeAlias = "dict[str, dict[str, Any]]"
"""Key → an input of a batch call."""
Results: TypeAlias = "dict[str, tuple[Result, str | None]]"
"""Key → what became of it, and the task's id."""


class Tasks(CrmTasks):
    """Tasks of one portal; `settings.task_key` is the unique property that holds our key."""

    def __init__(self, client: Client, schema: Schema, settings: HubspotSettings) -> None:
        self._client, self._schema, self._settings = client, schema, settings

    @property
    def offered(self) -> bool:
        """Whether tasks can carry our key. By the key we recognise our own tasks, which are no touch."""
        field = self._schema.field(self._settings.task_key, TASKS)
        if field is None or not field.unique or self._client.actor is None:
            return False
        scopes = self._client.scopes
        return not scopes or ACTION_SCOPE in scopes

    def make(self, tasks: Sequence[Task]) -> dict[str, Receipt]:
        """By key; what stands under a key is left as it is, also where somebody has completed it."""
        there = self._standing([task.key for task in tasks])
        wanted = {task.key: self._input(task) for task in tasks if task.key not in there}
        results = self._sent(wanted, self._client.api("crm.objects.batch_api").create)
        if twins := [key for key, (result, _) in results.items() if result.code == _TWIN]:
            there |= self._standing(twins)  # an earlier call was applied late
        found = {key: Receipt(key, "written", FOUND, str(row["id"])) for key, row in there.items()}
        gone = self._gone([task for task in tasks if task.key in results and results[task.key][0].code])
        return {key: _receipt(key, *one, gone=key in gone) for key, one in results.items()} | found

    def _is_open(self, row: Any) -> bool:
        return bool(row["properties"].get(_STATUS) != _COMPLETED)

    def _owner(self, row: Any) -> str | None:
        owner: str | None = row["properties"].get(_OWNER)
        return owner

    def _hand(self, wanted: Mapping[str, tuple[Any, Hand]]) -> dict[str, Receipt]:
        return self._updated(
            {key: (row, {_OWNER: one.owner, _SUBJECT: one.title}) for key, (row, one) in wanted.items()}
        )

    def _close(self, rows: Mapping[str, Any]) -> dict[str, Receipt]:
        return self._updated({key: (row, {_STATUS: _COMPLETED}) for key, row in rows.items()})

    def _updated(self, wanted: Mapping[str, tuple[Any, dict[str, str]]]) -> dict[str, Receipt]:
        inputs = {key: {"id": str(row["id"]), "properties": properties} for key, (row, properties) in wanted.items()}
        results = self._sent(inputs, self._client.api("crm.objects.batch_api").update)
        return {key: _receipt(key, *one) for key, one in results.items()}

    def _remove(self, rows: Mapping[str, Any]) -> dict[str, Receipt]:
        """HubSpot gives the same answer whether they existed or not."""
        archive = self._client.api("crm.objects.batch_api").archive
        body = {"inputs": [{"id": str(row["id"])} for row in rows.values()]}
        self._client.call(archive, TASKS, body, repeatable=False)
        return {key: Receipt(key, "written", record=str(row["id"])) for key, row in rows.items()}

    def _standing(self, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Tasks by key; those in the bin are not found."""
        key, wanted = self._settings.task_key, list(keys)
        ask = self._client.api("crm.objects.batch_api").read
        found: dict[str, dict[str, Any]] = {}
        for some in windows.chunks(wanted, windows.BATCH):
            body = {
                "idProperty": key, "inputs": [{"id": one} for one in some], "properties": [key, _STATUS, _OWNER],
                "propertiesWithHistory": [],
            }  # fmt: skip
            for row in windows.found_of(self._client.call(ask, TASKS, body), TASKS):
                found[str(row["properties"].get(key))] = row
        return found

    def _input(self, task: Task) -> dict[str, Any]:
        zone = ZoneInfo(self._settings.zone) if self._settings.zone else self._client.account.zone
        due = datetime.combine(task.due, time(_DUE_HOUR), zone).astimezone(UTC)
        properties = {
            self._settings.task_key: task.key, "hs_timestamp": due.strftime("%Y-%m-%dT%H:%M:%SZ"),
            _SUBJECT: task.title, "hs_task_body": escape(task.text).replace("\n", "<br>"),
            _STATUS: "NOT_STARTED", "hs_task_type": "TODO", _OWNER: task.owner,
        }  # fmt: skip
        kind = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": _TO_DEAL}
        return {"properties": properties, "associations": [{"to": {"id": task.deal}, "types": [kind]}]}

    def _sent(self, wanted: Inputs, call: Callable[..., Any]) -> Results:
        """Results by key; a call refused as a whole is halved down to the guilty one."""
        if not wanted:
            return {}
        inputs = [{**one, "objectWriteTraceId": key} for key, one in wanted.items()]
        try:
            reply = self._client.call(call, TASKS, {"inputs": inputs}, repeatable=False)
            return _results(reply, wanted)
        except Locked as error:
            return dict.fromkeys(wanted, (Result(LOCKED, str(error)), None))
        except Refused as error:
            if len(wanted) == 1 or not answers.by_input(error, (str(one.get("id")) for one in wanted.values())):
                return dict.fromkeys(wanted, (answers.refusal(error.body, error.status), None))
        return by_halves(wanted, lambda half: self._sent(half, call))

    def _gone(self, tasks: Sequence[Task]) -> set[str]:
        """The refused tasks with a deal that no longer exists."""
        deals = list(dict.fromkeys(task.deal for task in tasks))
        there = {str(row["id"]) for rows in windows.batch(self._client, DEALS, deals, ["hs_object_id"]) for row in rows}
        return {task.key for task in tasks if task.deal not in there}


def _receipt(key: str, result: Result, record: str | None, *, gone: bool = False) -> Receipt:
    if not result.code:
        return Receipt(key, "written", record=record)
    if gone:
        return Receipt(key, "gone", f"The deal is gone or hidden from us: {result.message} ({result.code})")
    return Receipt(key, *answers.outcome(result))


def _results(reply: Any, wanted: Inputs) -> Results:
    """The result of each input. A create is matched by its trace id, an update by the task's id."""
    if not isinstance(reply, dict) or not isinstance(reply.get("results"), list):
        raise RetryLater("HubSpot did not answer for every task: they are looked up before they are sent again.")
    by_id = {str(one["id"]): key for key, one in wanted.items() if "id" in one}
    by_trace = {key: key for key in wanted}
    results: Results = dict.fromkeys(wanted, (_NO_RESULT, None))
    for row in reply["results"]:
        if key := by_trace.get(str(row.get("objectWriteTraceId"))) or by_id.get(str(row["id"])):
            results[key] = WRITTEN, str(row["id"])
    for error in reply.get("errors") or ():
        whom = answers.meant(error, by_trace) or (list(wanted) if len(wanted) == 1 else ())
        results |= {key: (answers.refusal(error), None) for key in whom if key in results}
    return results
