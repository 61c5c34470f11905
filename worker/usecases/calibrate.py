"""Calibration: propose a table of median days in stage, and accept it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from model.calibrate import calibrate
from model.calibration import Calibration, Median
from model.errors import SettingsProblem
from worker.pipeline.running import description_of
from worker.pipeline.session import Session
from worker.pipeline.slices import parts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from model.process import Process, Stage
    from worker.wiring import Services


def propose(services: Services, name: str) -> dict[str, Any]:
    """Measure the medians of the last twelve months and keep them as a proposal, shown against what is in force."""
    session = Session(services, name, services.clock())
    description = description_of(session)
    policies = session.policies(description)
    found = [part.wide.moves for part in parts(session, policies, description, Calibration())]
    if not found:
        raise SettingsProblem(f"'{name}' has no deals yet; `sluicegate pull {name}` reads them.")
    moves = pl.concat(found)
    floor = session.connection.calibration_floor_days
    table = calibrate(moves, session.as_of, floor_days=floor)
    services.store.connections.propose_calibration(name, table)
    return shown(table, "a proposal", _in_force(session), policies.processes)


def accept(services: Services, name: str) -> dict[str, Any]:
    """Put the newest proposal in force from today. Raises SettingsProblem if there is none."""
    session = Session(services, name, services.clock())
    before = _in_force(session)
    table = services.store.connections.accept_calibration(name, session.as_of.date())
    return shown(table, "in force", before, session.policies(description_of(session)).processes)


def _in_force(session: Session) -> Calibration:
    """The calibration that the next run judges by."""
    return session.store.connections.current_calibration(session.name, session.as_of)


def shown(table: Calibration, state: str, before: Calibration, processes: Iterable[Process]) -> dict[str, Any]:
    """A table as JSON values; each stage with its limit by this table and by the one that was in force before."""
    stages = {(process.id, stage.id): stage for process in processes for stage in process.stages[:-1]}
    return {
        "on": _day(table), "state": state, "floor_days": table.floor_days, "in_force_before": _day(before),
        "medians": [
            {"process": process, "stage": stage, "days": median.days, "visits": median.visits,
             **_limits(table, before, process, stages.get((process, stage)))}
            for process, stage in {**dict.fromkeys(stages), **table.medians}
            for median in [table.medians.get((process, stage), Median(None, 0))]
        ],
    }  # fmt: skip


def _limits(table: Calibration, before: Calibration, process: str, stage: Stage | None) -> dict[str, Any]:
    """`stage_median_days` by both tables and where they come from; null where the stage has none."""
    (old, old_from), (new, new_from) = (
        one.limit(process, stage) if stage else (None, None) for one in (before, table)
    )  # fmt: skip
    return {"limit": new, "limit_from": new_from, "limit_before": old, "limit_before_from": old_from}


def _day(table: Calibration) -> str | None:
    return None if table.on is None else table.on.isoformat()
