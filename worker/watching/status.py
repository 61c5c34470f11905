"""`worker status`: who is alive, what runs now, what is due, what waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from worker.pipeline.heartbeat import LEASE_SECONDS
from worker.schedule import planned

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from store import Job, Process
    from worker.wiring import Services

OFTEN: Final = "incremental"
"""The job that keeps a connection current."""


def status(services: Services, database_now: datetime | None = None) -> dict[str, Any]:
    """The answer of `worker status` in docs/contract.md. Processes note by the database's clock that they are alive."""
    seen = database_now or services.store.database.now()
    processes, now = services.store.processes.all(), services.clock()
    return {
        "workers": _listed(processes, "worker", seen),
        "beats": _listed(processes, "beat", seen),
        "connections": [
            _connection(services, name, services.store.jobs.of(name), now) for name in services.settings.connections
        ],
    }


def _listed(processes: Iterable[Process], kind: str, now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "host": one.host,
            "pid": one.pid,
            "since": one.since.isoformat(),
            "seen_at": one.seen_at.isoformat(),
            "alive": one.is_alive(now),
        }
        for one in processes
        if one.kind == kind
    ]


def _connection(services: Services, name: str, jobs: list[Job], now: datetime) -> dict[str, Any]:
    good, paused = services.store.runs.last_good(name), services.store.connections.paused(name)
    often = next(job.times for job in planned(services.settings.schedule) if job.name == OFTEN)
    return {
        "connection": name,
        "paused": paused.why if paused else None,
        "last_good": _ended(good) if good else None,
        "next_due": often.next(now).isoformat(),
        "now": under_way(services, name, now),
        "jobs": [job_json(job, now) for job in jobs],
    }


def _ended(run: dict[str, Any]) -> dict[str, Any]:
    return {"run_id": str(run["id"]), "ended_at": run["ended_at"].isoformat() if run["ended_at"] else None}


def under_way(services: Services, name: str, now: datetime) -> dict[str, Any] | None:
    """What holds the connection now: the run with its step, and the age of the lease; None where nothing does."""
    held = services.store.runs.held(name)
    if held is None or not held.is_alive(now):
        return None
    newest = next(iter(services.store.runs.latest(name, 1)), None)
    run = newest if newest and newest["state"] is None else None
    return {
        "run_id": str(run["id"]) if run else None,
        "kind": run["kind"] if run else None,
        "step": run["step"] if run else None,
        "since": held.since.isoformat(),
        "host": held.process.split(" ")[0],
        "pid": int(held.process.split(" ")[2]),
        "lease_age": lease_age(held.until, now),
    }


def lease_age(until: datetime, now: datetime) -> float:
    """Seconds since a lease was last renewed."""
    return max(0.0, LEASE_SECONDS - (until - now).total_seconds())


def job_json(job: Job, now: datetime) -> dict[str, Any]:
    """The newest occasion of a job, and what becomes of it."""
    return {
        "job": job.name,
        "due": job.due.isoformat(),
        "state": state_of(job, now),
        "attempts": job.attempts,
        "not_before": job.not_before.isoformat() if job.not_before else None,
        "set_aside": job.set_aside,
    }


def state_of(job: Job, now: datetime) -> str:
    """One word on a job: under way, set aside, done, put off or waiting."""
    if job.under_way(now):
        return "under way"
    if job.set_aside and job.ended_at:
        return "set aside"
    if job.ended_at:
        return "done"
    return "put off" if job.not_before and job.not_before > now else "waiting"
