"""Calibration: a table of median days in stage is proposed, and stays a proposal until it is accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from model.calibrate import calibrate
from model.calibration import Calibration
from model.errors import SettingsProblem
from worker.pipeline.session import Session
from worker.pipeline.slices import parts

if TYPE_CHECKING:
    from worker.wiring import Services


def propose(services: Services, name: str) -> dict[str, Any]:
    """Measure the medians of the last twelve months and keep them as a proposal."""
    session = Session(services, name, services.clock())
    description = session.description()
    policies = session.policies(description)
    found = [part.wide for part in parts(session, policies, description, Calibration())]
    if not found:
        raise SettingsProblem(f"'{name}' has no deals yet; `sluicegate pull {name}` reads them.")
    moves = pl.concat([wide.moves for wide in found])
    floor = session.connection.calibration_floor_days
    table = calibrate(moves, session.as_of, floor_days=floor)
    services.store.connections.propose_calibration(name, table)
    return shown(table, "a proposal")


def accept(services: Services, name: str) -> dict[str, Any]:
    """Put the newest proposal in force from today; raises SettingsProblem where there is none."""
    return shown(services.store.connections.accept_calibration(name, services.clock().date()), "in force")


def shown(table: Calibration, state: str) -> dict[str, Any]:
    """A table as JSON values."""
    medians = [
        {"process": process, "stage": stage, "days": median.days, "visits": median.visits}
        for (process, stage), median in table.medians.items()
    ]
    on = None if table.on is None else table.on.isoformat()
    return {"on": on, "state": state, "floor_days": table.floor_days, "medians": medians}
