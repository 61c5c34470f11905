"""Actions for people: list them with their receipts, and undo them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from worker.pipeline.acting.send_actions import Doing, taken_back
from worker.pipeline.running import counted, leased, running

if TYPE_CHECKING:
    from model.actions import KeptAction
    from worker.pipeline.report import Report
    from worker.pipeline.session import Session
    from worker.wiring import Services

SHOWN = ("key", "deal", "policy", "kind", "since", "state", "run", "record", "reason")


def listed(services: Services, name: str, run_id: int | None = None) -> dict[str, Any]:
    """Every action with its receipts, oldest first, optionally of one run. Calls no CRM."""
    services.connection(name)
    receipts = services.store.actions.receipts(name)
    found = [one for one in services.store.actions.all(name) if run_id in {None, one.run_id}]
    return {"actions": [{**_shown(one), "receipts": receipts.get(one.id, [])} for one in found]}


def _shown(one: KeptAction) -> dict[str, Any]:
    shown = {name: getattr(one, name) for name in SHOWN if name != "run"} | {"run": one.run_id}
    return {**shown, "title": asdict(one.act).get("title"), "flag_ended": one.flag_ended}


def undo(services: Services, name: str, run_id: int | None = None) -> Report:
    """Undo actions, optionally of one run, but keep what people have changed since.

    The same flags and moves cause no new actions.
    """
    services.connection(name)
    with (
        leased(services, name, services.clock(), paused_too=True) as session,
        running(session, "undo") as (number, report),
    ):
        _undo(session, run_id, Doing(session, number, report))
    return report


def _undo(session: Session, run_id: int | None, doing: Doing) -> None:
    with counted(session, doing.report):
        session.describe()
        asked = [one for one in session.store.actions.all(session.name) if run_id in {None, one.run_id}]
        doing.end("undo", list(taken_back(session, asked)))
