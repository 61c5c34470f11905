"""Actions: one row each, marked before the CRM is called and settled by a receipt. A key is never used again.

A row that is *sending*, *handing*, *closing* or *undoing* while no worker handles it was interrupted: the connector is
called again and first looks up the record under the key.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import sqlalchemy as sa

from model.actions import IN_FLIGHT, TASKS, KeptAction, Move, Task
from store import work_tables
from store.approvals import note_used
from store.codec import day, instant, pack

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from model.actions import ActionKind, ActionState, Ended, Receipt, Wanted
    from store.approvals import Approval
    from store.database import Database
    from store.fence import Lease

Step: TypeAlias = Literal["do", "hand", "close", "undo"]
table, kept_receipts = work_tables.action, work_tables.action_receipt
STAGED: Final = (
    "connection", "key", "deal_key", "deal", "policy", "kind", "since", "state", "act", "run", "tried_at", "flag_ended",
    "reason",
)  # fmt: skip
_IN_FLIGHT: Final[Mapping[Step, ActionState]] = {
    "do": "sending", "hand": "handing", "close": "closing", "undo": "undoing",
}  # fmt: skip
_ENDED: Final[Mapping[Step, ActionState]] = {"close": "over", "undo": "undone"}
_TROUBLE: Final[frozenset[Ended]] = frozenset({"refused", "locked"})


@dataclass(frozen=True)
class Actions:
    """Tasks and moves in the CRM, with their receipts."""

    database: Database

    def all(self, connection: str) -> list[KeptAction]:
        """Every action of a connection, oldest first."""
        return self._kept(connection)

    def standing(self, connection: str) -> list[KeptAction]:
        """Open tasks, tasks with a flag at the last plan, and interrupted actions; oldest first."""
        left = table.c.state.in_([*IN_FLIGHT, "open"])
        return self._kept(connection, table.c.flag_ended.in_([False]) | left)

    def known(self, connection: str, keys: Collection[str]) -> dict[str, KeptAction]:
        """The actions with these keys, by key."""
        return {one.key: one for one in self._kept(connection, table.c.key.in_(list(keys)))} if keys else {}

    def keys(self, connection: str) -> frozenset[str]:
        """Every key ever used."""
        query = sa.select(table.c.key).where(table.c.connection == self.database.connection_key(connection))
        with self.database.reading() as sql:
            return frozenset(sql.tx.execute(query).scalars())

    def mark_wanted(  # noqa: PLR0917 - the actions, their run and their approvals
        self, connection: str, run_id: int, wanted: Sequence[Wanted], now: datetime, lease: Lease | None = None,
        used: Iterable[Approval] = (),
    ) -> None:  # fmt: skip
        """Mark new and retried actions as *sending* and commit; `used` are the approvals that let them through."""
        key = self.database.connection_key(connection)
        rows = [
            (
                key, one.key, one.deal_key, one.act.deal, one.policy, one.kind, one.since and day(one.since), "sending",
                pack(asdict(one.act)), run_id, instant(now), int(one.kind not in TASKS), "",
            )
            for one in wanted
        ]  # fmt: skip
        with self.database.writing(lease) as sql:
            sql.upsert("action", STAGED, rows, ("connection", "key"))
            note_used(sql, key, used, now)

    def mark(self, connection: str, keys: Iterable[str], state: ActionState, lease: Lease | None = None) -> None:
        """Set the state (handing, closing or undoing) and commit, before the CRM is called."""
        self._put(connection, keys, {"state": state}, lease)

    def end_flags(self, connection: str, keys: Iterable[str], lease: Lease | None = None) -> None:
        """Note that the flags of these actions have ended."""
        self._put(connection, keys, {"flag_ended": True}, lease)

    def settle(  # noqa: PLR0917 - a receipt names its run, step and time
        self,
        connection: str,
        run_id: int,
        step: Step,
        outcomes: Sequence[Receipt],
        now: datetime,
        as_of: datetime,
        lease: Lease | None = None,
    ) -> None:
        """Write the receipts of a step and set each action's state."""
        key = self.database.connection_key(connection)
        mine = table.c.connection == key
        with self.database.writing(lease) as sql:
            query = sa.select(table.c.id, table.c.key, table.c.kind, table.c.act).where(mine)
            known = {
                row.key: (row.id, row.kind, row.act)
                for row in sql.tx.execute(query.where(table.c.key.in_([one.key for one in outcomes])))
            }
            for one in outcomes:
                number, kind, act = known[one.key]
                values = {"state": state_after(step, one.kind, kind), "reason": one.reason, "tried_at": as_of}
                values |= {"record": one.record} if one.record else {}
                values |= {"act": act | one.after} if step == "hand" else {}
                sql.tx.execute(sa.update(table).where(table.c.id == number).values(values))
                sql.tx.execute(sa.insert(kept_receipts).values(_receipt(key, number, run_id, step, one, now)))

    def receipts(self, connection: str) -> dict[int, list[dict[str, Any]]]:
        """By action: {run, step, outcome, reason, before, after, at} of each attempt, oldest first."""
        names = ("run", "step", "outcome", "reason", "before", "after", "at")
        mine = kept_receipts.c.connection == self.database.connection_key(connection)
        query = (
            sa.select(kept_receipts.c.action, *(kept_receipts.c[name] for name in names))
            .where(mine)
            .order_by(kept_receipts.c.id)
        )
        found: dict[int, list[dict[str, Any]]] = {}
        with self.database.reading() as sql:
            for row in sql.tx.execute(query).mappings():
                found.setdefault(row["action"], []).append({name: row[name] for name in names})
        return found

    def _kept(self, connection: str, more: Any = None) -> list[KeptAction]:
        mine = table.c.connection == self.database.connection_key(connection)
        query = sa.select(table).where(mine if more is None else mine & more).order_by(table.c.id)
        with self.database.reading() as sql:
            return [_action(row) for row in sql.tx.execute(query).mappings()]

    def _put(self, connection: str, keys: Iterable[str], values: dict[str, Any], lease: Lease | None) -> None:
        mine = table.c.connection == self.database.connection_key(connection)
        with self.database.writing(lease) as sql:
            sql.tx.execute(sa.update(table).where(mine & table.c.key.in_(list(keys))).values(values))


def state_after(step: Step, outcome: Ended, kind: ActionKind) -> ActionState:
    """The state after a receipt; an action that could not be closed or undone keeps its state."""
    unchanged: ActionState = "open" if kind in TASKS else "done"
    if outcome == "written":
        return _ENDED.get(step, unchanged)
    if outcome in {"skipped", "gone"}:
        return "over"
    if outcome in _TROUBLE:
        return "refused" if step == "do" else unchanged
    return _IN_FLIGHT[step]


def _receipt(  # noqa: PLR0917 - the columns of the row
    connection: int, action: int, run_id: int, step: Step, one: Receipt, now: datetime
) -> dict[str, Any]:
    return {
        "connection": connection, "action": action, "run": run_id, "step": step, "outcome": one.kind,
        "reason": one.reason, "before": dict(one.before), "after": dict(one.after), "at": now,
    }  # fmt: skip


def _action(row: Mapping[Any, Any]) -> KeptAction:
    sent = Task if row["kind"] in TASKS else Move
    return KeptAction(
        id=row["id"], key=row["key"], deal_key=row["deal_key"], deal=row["deal"], policy=row["policy"],
        kind=row["kind"], since=row["since"], state=row["state"], run_id=row["run"], act=sent(**row["act"]),
        record=row["record"], tried_at=row["tried_at"], flag_ended=row["flag_ended"], reason=row["reason"],
    )  # fmt: skip
