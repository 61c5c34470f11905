"""Snapshots from a few words: each helper fills a frame's schema from rows that name only what matters."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import polars as pl

from model.calibration import Calibration
from model.judging_options import Setting
from model.process import Process, Stage
from model.snapshot import (
    ACTIVITY,
    CRM_STAGES,
    DEALS,
    FIELD_CHANGES,
    OWNERS,
    RATES,
    ROLES,
    STAGE_CHANGES,
    TASK_DAYS,
    Snapshot,
)  # fmt: skip
from model.widening.widen import widen

AS_OF = datetime(2026, 11, 15, 12, tzinfo=UTC)
FEEDS = dict.fromkeys(("activities", "stage_history", "date_history", "contact_roles"), AS_OF)
SETTING = Setting(kind="salesforce")
DEAL = {
    "key": 1, "id": "006A", "name": "Acme", "stage_name": "Discovery", "is_closed": False, "is_won": False,
    "owner_id": "u1", "created": datetime(2026, 10, 1, 12, tzinfo=UTC), "currency": "USD",
    "amount": Decimal(1000), "unread": "", "facts": "{}",
}  # fmt: skip
OWNER = {"id": "u1", "name": "Ada", "is_active": True, "team": "East", "region": "NA"}
STAGES = ("Discovery", "Proposal", "Negotiation", "Closed Won")
PROCESS = Process("main", tuple(Stage(name.split()[-1].lower(), {"salesforce": (name,)}) for name in STAGES))
CRM = [
    {"name": name, "label": name, "is_closed": name.startswith("Closed"), "is_won": name == "Closed Won"}
    for name in (*STAGES, "Closed Lost")
]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def day(text: str) -> date:
    return date.fromisoformat(text)


def frame(schema: pl.Schema, rows) -> pl.DataFrame:
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema, orient="row")


def history(key: int, *moves: tuple[str, str]) -> list[dict]:
    """Stage changes of one deal from (instant, stage)."""
    return [{"key": key, "at": at(when), "stage_name": stage} for when, stage in moves]


def task_due(*days: str, owner: str | None = None) -> dict:
    """What the store says of open tasks due on these days (one owner's), as of AS_OF."""
    values = {}
    for name, distance in TASK_DAYS.items():
        first = min((day(d) for d in days if day(d) >= AS_OF.date() + timedelta(days=distance)), default=None)
        values |= {f"task_due_from_{name}": first, f"task_owner_id_from_{name}": owner if first else None}
    return values


def snapshot(deals=({},), changes=(), owners=(OWNER,), feeds=None, as_of=AS_OF, **frames) -> Snapshot:
    def made(name, schema):
        return frame(schema, frames.get(name, ()))

    return Snapshot(
        as_of=as_of, records=frame(DEALS, [DEAL | deal for deal in deals]), stage_changes=frame(STAGE_CHANGES, changes),
        field_changes=made("field_changes", FIELD_CHANGES), activity=made("activity", ACTIVITY),
        roles=made("roles", ROLES), owners=frame(OWNERS, owners),
        crm_stages=frame(CRM_STAGES, frames.get("crm_stages", CRM)),
        rates=made("rates", RATES), feeds=FEEDS if feeds is None else feeds,
    )  # fmt: skip


def wide(  # noqa: PLR0917 - what widen takes
    shot=None, processes=(PROCESS,), calibration=None, setting=SETTING, coverage=None, copies=None):  # fmt: skip
    return widen(shot or snapshot(), processes, calibration or Calibration(), setting, coverage, copies=copies)


def fact(name: str, shot=None, **more):
    """The fact's value on the first deal, or "unknown"."""
    row = wide(shot, **more).frame.row(0, named=True)
    return row[name] if row.get(name + "__known", True) else "unknown"
