"""`connection remove --purge`: every row of a connection is deleted from the store. The CRM is not touched."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from model.actions import TASKS
from model.errors import SettingsProblem
from model.helpers.words import did_you_mean, many
from worker.pipeline.running import leased

if TYPE_CHECKING:
    from worker.wiring import Services

SHOWN: Final = (
    "{n} in the CRM still show what Sluicegate wrote. Removing the rows does not clear them: "
    "`sluicegate connection clear {name}` does, and it needs the rows."
)
TASKS_LEFT: Final = (
    "{n} that Sluicegate made in the CRM stay open. `sluicegate actions undo {name}` deletes them; it needs the rows."
)
STILL_NAMED: Final = (
    "The settings still name '{name}': take [connections.{name}] out, and restart worker and beat. Until then the "
    "worker refuses the connection."
)
LINKED: Final = (
    "The connection '{other}' names it under linked_to: from now on '{other}' judges and writes those deals itself."
)


@dataclass(frozen=True)
class Holdings:
    """What the store has of a connection, and what stays in the CRM. `rows`: table → number."""

    connection: str
    rows: dict[str, int]
    on_record: int
    tasks: int
    remarks: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """The number of rows."""
        return sum(self.rows.values())

    def to_json(self, *, removed: bool) -> dict[str, Any]:
        """As docs/contract.md has it."""
        return {
            "connection": self.connection, "removed": removed, "rows": self.rows, "on_record": self.on_record,
            "tasks": self.tasks, "remarks": self.remarks,
        }  # fmt: skip


def holdings(services: Services, name: str) -> Holdings:
    """What would be removed. Raises SettingsProblem where the store has no such connection."""
    known = services.store.removal.names()
    if name not in known:
        raise SettingsProblem(f"The store has no connection '{name}'{did_you_mean(name, known) or '.'}")
    removal, actions = services.store.removal, services.store.actions
    open_tasks = sum(one.kind in TASKS and one.state == "open" for one in actions.standing(name))
    shown = removal.shown(name)
    return Holdings(name, removal.rows(name), shown, open_tasks, _remarks(services, name, shown, open_tasks))


def remove(services: Services, name: str) -> Holdings:
    """Delete every row of the connection and return what there was. It stays paused if it is stopped on its way.

    Raises ConnectionBusy while something works on the connection.
    """
    if name not in services.store.removal.names():
        return holdings(services, name)
    with leased(services, name, services.clock(), paused_too=True) as session:
        found, lease = holdings(services, name), session.lease
        assert lease is not None  # noqa: S101 - leased gives one
        services.store.connections.pause(name, "it is being removed", services.clock())
        services.store.removal.remove(name, services.clock(), lease, services.progress)
    return found


def _remarks(services: Services, name: str, shown: int, tasks: int) -> list[str]:
    """What stays elsewhere."""
    found = [SHOWN.format(n=many(shown, "deal"), name=name)] if shown else []
    found += [TASKS_LEFT.format(n=many(tasks, "task"), name=name)] if tasks else []
    connections = services.settings.connections
    found += [STILL_NAMED.format(name=name)] if name in connections else []
    found += [LINKED.format(other=other) for other, one in connections.items() if one.linked_to == name]
    return found
