"""The Celery app. Tasks carry names only, and each wraps one flow. The store has the schedule, and beat sends it."""

from __future__ import annotations

import os
import warnings
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from celery import Celery, signals
from celery.beat import Scheduler
from celery.concurrency import prefork
from celery.exceptions import CPendingDeprecationWarning

from model.errors import SettingsProblem, SluicegateError
from store import Occasion
from worker.broker import broker_url
from worker.current_settings import Current
from worker.end_with_parent import end_with
from worker.fork_guard import refuse_to_fork
from worker.log import log, start_logging
from worker.meter import Meter
from worker.pipeline.joining.join import join
from worker.pipeline.nudging.look import look
from worker.pipeline.nudging.nudge import nudge
from worker.pipeline.patience import PASSING
from worker.pipeline.run import run
from worker.schedule import LOOK, NUDGE, TICK_SECONDS, Presence, Sender, planned, take_turn
from worker.usecases.calibrate import propose
from worker.usecases.erasure.prune import prune
from worker.usecases.nightly import freeze
from worker.wiring import Services, connecting

if TYPE_CHECKING:
    from collections.abc import Callable

    from store import Store
    from worker.settings import Settings

REDIS: Final = {
    "visibility_timeout": 3600,
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 10,
    "socket_timeout": 30,
    "socket_keepalive": True,
}
LASTING: Final = timedelta(minutes=10)
"""How long a connector is kept that nudges use."""
ONCE_MORE: Final = {"max_retries": 1, "interval_start": 0.2}
"""How often the sending of a message is tried; the next tick of beat tries again."""


def make_app(settings: Settings, read: Callable[[], Settings] | None = None) -> Celery:
    """The app for one configuration. Each child process makes its own services after the fork.

    `read` reads the settings anew before each piece of work; without it they stay as they are.
    """
    opened = Current(settings, read or (lambda: settings))
    app = Celery("sluicegate", broker=broker_url(settings))
    app.conf.update(
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_enable_remote_control=False,  # its queue has the machine's name: RabbitMQ refuses a second worker there
        task_ignore_result=True,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={} if broker_url(settings).startswith("amqp") else REDIS,
        timezone="UTC",
        beat_scheduler=_scheduler(app, settings, opened),
    )
    _add_tasks(app, opened)
    signals.worker_ready.connect(_hush, weak=False)
    signals.worker_before_create_process.connect(refuse_to_fork, weak=False)
    _end_children_with_us()
    _say_who_lives(Presence(lambda: opened().store, "worker"))
    signals.setup_logging.connect(start_logging, weak=False)
    return app


def _hush(**_: object) -> None:
    """Leave out a warning about a coming version of Celery, which each outage of the broker would repeat."""
    warnings.filterwarnings("ignore", category=CPendingDeprecationWarning)


def _end_children_with_us() -> None:
    """The pool's processes end with this one, also if it is killed."""
    parent = os.getpid()

    def child_began(**_: object) -> None:
        end_with(parent)

    signals.worker_process_init.connect(child_began, weak=False)


def _say_who_lives(presence: Presence) -> None:
    """Each process that works notes that it is alive. The parent of a pool opens no store, for it forks."""

    def process_began(**_: object) -> None:
        presence.begin()

    def worker_began(sender: Any, **_: object) -> None:
        if not isinstance(sender.pool, prefork.TaskPool):
            presence.begin()

    signals.worker_process_init.connect(process_began, weak=False)
    signals.worker_ready.connect(worker_began, weak=False)


def _add_tasks(app: Celery, opened: Callable[[], Services]) -> None:
    def as_task(name: str, flow: Callable[..., object], own: Callable[[Services], Services] = fresh) -> None:
        @app.task(name=f"sluicegate.{name}")  # type: ignore[untyped-decorator]
        def task(connection: str, job: str, due: str, **options: Any) -> None:
            try:
                work_once(flow, opened(), Occasion(connection, job, datetime.fromisoformat(due)), options, own)
            except (*PASSING, SettingsProblem) as e:
                why = str(e) if isinstance(e, SluicegateError) else type(e).__name__
                log().warning("a job waits for the store", connection=connection, job=job, why=why)

    as_task("run", run)
    as_task("freeze", freeze)
    as_task("calibrate", propose)
    as_task("prune", prune)
    as_task(NUDGE.task, nudge, Lasting())
    as_task(LOOK.task, look, Lasting())

    @app.task(name="sluicegate.join")  # type: ignore[untyped-decorator]
    def join_run(connection: str, run: int) -> None:
        with suppress(*PASSING, SettingsProblem):  # the run goes on without help
            join(fresh(opened()), connection, run)


def fresh(services: Services) -> Services:
    """The same services with connectors of their own, which log in and ask the CRM for its schema anew."""
    meters = dict[str, Meter]()
    return replace(services, connect=connecting(services.settings, services.store, meters), meters=meters)


class Lasting:
    """Services with connectors that are kept for some minutes, for work that comes every few seconds."""

    def __init__(self) -> None:
        self._of: Services | None = None
        self._kept: Services | None = None
        self._until = datetime.min.replace(tzinfo=UTC)

    def __call__(self, services: Services) -> Services:
        """The kept ones, unless they are too old or the settings have changed."""
        if self._kept is None or self._of is not services or services.clock() >= self._until:
            self._of, self._kept = services, fresh(services)
            self._until = services.clock() + LASTING
        return self._kept


def work_once(
    flow: Callable[..., object], services: Services, asked: Occasion, options: dict[str, Any],
    own: Callable[[Services], Services] = fresh,
) -> None:  # fmt: skip
    """Run one flow, unless the schedule has dropped it. `own` gives it its connectors."""
    mine = own(services)
    take_turn(mine, asked, lambda: flow(mine, asked.connection, **options))


class CeleryPost:
    """Messages to the workers, by the app's broker."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def send(self, task: str, connection: str, options: dict[str, Any], expires: float) -> None:
        """Send a message that is thrown away after so many seconds."""
        name, given = f"sluicegate.{task}", {"retry": True, "retry_policy": ONCE_MORE}
        self._app.send_task(name, args=[connection], kwargs=options, expires=expires, **given)

    def waiting(self) -> int:
        """How many messages no worker has taken yet."""
        with self._app.connection_for_read() as broker:
            declare, queue = broker.default_channel.queue_declare, self._app.conf.task_default_queue
            return int(declare(queue=queue, durable=True, exclusive=False, auto_delete=False).message_count)


def sender_of(app: Celery, settings: Settings, opened: Callable[[], Services]) -> Sender:
    """What sends the messages of this configuration."""

    def store() -> Store:
        return opened().store

    def clock() -> datetime:
        return store().database.now()

    looked = frozenset(name for name, connection in settings.connections.items() if connection.looked)
    jobs = (*planned(settings.schedule), replace(LOOK, of=looked))
    return Sender(store, clock, CeleryPost(app), tuple(settings.connections), jobs)


def _scheduler(app: Celery, settings: Settings, opened: Callable[[], Services]) -> type[Scheduler]:
    """Beat's scheduler for this configuration."""
    sender = sender_of(app, settings, opened)

    class FromTheStore(Scheduler):  # type: ignore[misc]
        """Celery's beat asks this one what to send; it remembers nothing."""

        def setup_schedule(self) -> None:
            """Leave it to the store."""

        def tick(self, **_: object) -> float:
            """Send what is due; returns the seconds until the next look."""
            sender.tick()
            return TICK_SECONDS

    return FromTheStore
