"""The Celery app. Tasks carry names only, and each wraps one flow. The settings hold beat's times."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from celery import Celery, signals
from celery.schedules import crontab

from model.errors import ConnectionBusy, SettingsProblem
from worker.broker import broker_url, data_folder
from worker.end_with_parent import end_with
from worker.fork_guard import refuse_to_fork
from worker.log import log, start_logging
from worker.pipeline.run import run
from worker.started_processes import note
from worker.usecases.calibrate import propose
from worker.usecases.nightly import freeze
from worker.wiring import Services, wire

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from worker.settings import Settings
    from worker.settings_tables import ScheduleSettings

REDIS = {"visibility_timeout": 3600, "unacked_restore_interval": 1, "unacked_restore_throttle": 1}
ONE_BEAT = {
    "beat_scheduler": "redbeat.RedBeatScheduler",
    "beat_max_loop_interval": 10,  # also how often a second beat checks whether the first has stopped
    "redbeat_lock_timeout": 60,
}
"""With Redis, several beats can run. One of them sends; if it dies, another takes over after a minute."""


def make_app(settings: Settings) -> Celery:
    """The app for one configuration. Each child process makes its own services after the fork."""
    app = Celery("sluicegate", broker=broker_url(settings))
    app.conf.update(
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        task_ignore_result=True,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={} if broker_url(settings).startswith("amqp") else REDIS,
        timezone="UTC",
        beat_schedule=beat_schedule(settings),
        beat_schedule_filename=str(data_folder(settings) / "beat"),
        redbeat_redis_url=settings.broker.url.get_secret_value() or None,
    )
    if settings.broker.url.get_secret_value().startswith(("redis://", "rediss://")):
        app.conf.update(ONE_BEAT)
    _add_tasks(app, settings)
    signals.worker_before_create_process.connect(refuse_to_fork, weak=False)
    _end_children_with_us(settings)
    signals.setup_logging.connect(start_logging, weak=False)
    return app


def beat_file(settings: Settings) -> Path:
    """The pid file of the beat that a worker started."""
    return data_folder(settings) / "worker-beat.pid"


def _end_children_with_us(settings: Settings) -> None:
    """Beat and the pool's processes end with this one, also if it is killed."""
    parent = os.getpid()

    def child_began(**_: object) -> None:
        end_with(parent)

    def beat_began(**_: object) -> None:
        end_with(parent)
        note(beat_file(settings), os.getpid(), parent)

    signals.worker_process_init.connect(child_began, weak=False)
    signals.beat_embedded_init.connect(beat_began, weak=False)


def _add_tasks(app: Celery, settings: Settings) -> None:
    made: list[Services] = []

    def services() -> Services:
        if not made:
            made.append(replace(wire(settings), trigger="schedule"))
        return made[0]

    def as_task(name: str, flow: Callable[..., object]) -> None:
        @app.task(name=f"sluicegate.{name}")  # type: ignore[untyped-decorator]
        def task(connection: str, **options: Any) -> None:
            work_once(name, flow, services(), connection, options)

    as_task("run", run)
    as_task("freeze", freeze)
    as_task("calibrate", propose)


def work_once(
    name: str, flow: Callable[..., object], services: Services, connection: str, options: dict[str, Any]
) -> None:
    """Run one flow. A run logs its own end. An error that the next beat can resolve is logged; any other is raised."""
    try:
        flow(services, connection, **options)
    except (ConnectionBusy, SettingsProblem) as e:
        log().warning(f"{name} waits for the next beat", connection=connection, why=str(e))
    else:
        if name != "run":
            log().info(f"{name} ended", connection=connection, outcome="done")


def beat_schedule(settings: Settings) -> dict[str, dict[str, Any]]:
    """Beat's schedule: hourly run, nightly reconcile, snapshot and monthly calibration of each connection."""
    entries: dict[str, dict[str, Any]] = {}
    for name in settings.connections:
        for job, task, when, options in _jobs(settings.schedule):
            entries[f"{name} {job}"] = {
                "task": f"sluicegate.{task}",
                "schedule": when,
                "args": [name],
                "kwargs": options,
            }
    return entries


def _jobs(times: ScheduleSettings) -> list[tuple[str, str, Any, dict[str, Any]]]:
    day = times.calibrate_day
    return [
        ("incremental", "run", times.incremental_minutes * 60.0, {"unwatched": True}),
        ("full", "run", _daily(times.full_at), {"full": True, "unwatched": True}),
        ("snapshot", "freeze", _daily(times.snapshot_at), {}),
        ("calibration", "calibrate", crontab(minute="30", hour="3", day_of_month=str(day)), {}),
    ]


def _daily(time: str) -> crontab:
    hour, minute = time.split(":")
    return crontab(hour=str(int(hour)), minute=str(int(minute)))
