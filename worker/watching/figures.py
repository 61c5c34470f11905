"""The values of the metrics, computed from the store at each scrape."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final, TypeAlias

from store import free_bytes
from worker.usecases.budget import budget
from worker.watching.status import lease_age, state_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from worker.wiring import Services

Labelled: TypeAlias = tuple[tuple[str, ...], float]
"""Values of a metric's labels, and its value."""
Sample: TypeAlias = tuple[str, tuple[str, ...], float]
"""Name of a metric, values of its labels, value."""


COUNTERS: Final = {
    "runs": ("sluicegate_runs_total", 1),
    "run_us": ("sluicegate_run_seconds_total", 1_000_000),
    "patches": ("sluicegate_patches_total", 1),
}
"""What the store counts → the metric, and how many of it make one."""


def figures(services: Services, database_now: datetime | None = None) -> dict[str, list[Labelled]]:
    """By metric: values of its labels, and its value. A connection that is configured no more keeps its counters."""
    found: dict[str, list[Labelled]] = defaultdict(list)
    for name, labels, value in _all(services, database_now or services.store.database.now()):
        found[name].append((labels, value))
    return found


def _all(services: Services, database_now: datetime) -> Iterator[Sample]:
    yield "sluicegate_store_up", (), 1
    free = free_bytes(services.store.database)
    if free is not None:
        yield "sluicegate_store_free_bytes", (), free
    yield from _processes(services, database_now)
    yield from _counts(services)
    yield from _nudges(services)
    for name in services.settings.connections:
        yield from _runs(services, name)
        yield from _lease(services, name)
        yield from _feeds(services, name)
        yield from _jobs(services, name)
        yield from _budget(services, name)


def _processes(services: Services, now: datetime) -> Iterator[Sample]:
    found = services.store.processes.all()
    alive = Counter(process.kind for process in found if process.is_alive(now))
    for kind in ("worker", "beat"):
        yield "sluicegate_processes_alive", (kind,), alive[kind]
    looks = [process.seen_at for process in found if process.kind == "beat"]
    if looks:
        yield "sluicegate_beat_look_age_seconds", (), _seconds(now, max(looks))


def _counts(services: Services) -> Iterator[Sample]:
    for one in services.store.figures.totals():
        metric, unit = COUNTERS[one.figure]
        yield metric, (one.connection, one.label), one.total / unit
    for name, records in services.store.figures.aside().items():
        yield "sluicegate_records_set_aside", (name,), records


def _budget(services: Services, name: str) -> Iterator[Sample]:
    found = budget(services, name)
    yield "sluicegate_calls_24h", (name,), found.calls
    if found.most is not None and found.left is not None:
        yield "sluicegate_budget_calls", (name,), found.most
        yield "sluicegate_budget_left_calls", (name,), found.left


def _runs(services: Services, name: str) -> Iterator[Sample]:
    runs, now = services.store.runs, services.clock()
    yield "sluicegate_sync_interval_seconds", (name,), services.settings.schedule.incremental_minutes * 60
    yield "sluicegate_connection_paused", (name,), services.store.connections.paused(name) is not None
    if (good := runs.last_good(name)) and good["ended_at"]:
        yield "sluicegate_last_good_sync_age_seconds", (name,), _seconds(now, good["ended_at"])
    ended = next((run for run in runs.latest(name, 2, nudges=False) if run["state"]), None)
    if ended:
        yield "sluicegate_last_run", (name, ended["state"]), 1
        yield "sluicegate_held", (name,), (ended["counts"] or {}).get("held") or 0


def _lease(services: Services, name: str) -> Iterator[Sample]:
    if held := services.store.runs.held(name):
        now = services.clock()
        yield "sluicegate_run_age_seconds", (name,), _seconds(now, held.since)
        yield "sluicegate_lease_age_seconds", (name,), lease_age(held.until, now)


def _feeds(services: Services, name: str) -> Iterator[Sample]:
    for feed, read_at in services.store.history.feeds(name).items():
        yield "sluicegate_feed_age_seconds", (name, feed), _seconds(services.clock(), read_at)


def _jobs(services: Services, name: str) -> Iterator[Sample]:
    now, waiting = services.clock(), "waiting"
    jobs = [(state_of(job, now), job.due) for job in services.store.jobs.of(name)]
    for state, count in Counter(state for state, _ in jobs).items():
        yield "sluicegate_jobs", (name, state), count
    oldest = min((due for state, due in jobs if state == waiting), default=now)
    yield "sluicegate_job_wait_seconds", (name,), _seconds(now, oldest)


def _nudges(services: Services) -> Iterator[Sample]:
    found, now = services.store.nudges.waiting(), services.clock()
    for name in (name for name, connection in services.settings.connections.items() if connection.nudged):
        waiting = found.get(name)
        yield "sluicegate_nudges_waiting", (name,), waiting.records if waiting else 0
        yield "sluicegate_nudge_wait_seconds", (name,), _seconds(now, waiting.since) if waiting else 0


def _seconds(now: datetime, then: datetime) -> float:
    return max(0.0, (now - then).total_seconds())
