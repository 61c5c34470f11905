"""What goes wrong, each fault by its name, and the order of the faults by a seed."""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any, Final

from celery import Celery
from kombu.exceptions import OperationalError

from tests.bad_days import servers
from tests.bad_days.estate import MACHINES
from tests.bad_days.supervisor import children

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.bad_days.estate import Estate, Office

FROZEN_SECONDS: Final = 50.0
"""How long a frozen worker stands still: longer than a lease."""
PLACES: Final = ("deals", "activities", "push", "api", "")
CRM_FAULTS: Final = {
    "salesforce": (
        "session_expired", "unavailable", "unavailable_json", "unknown_exception", "query_timeout", "daily_limit",
        "concurrent_limit", "api_disabled", "api_currently_disabled", "not_enabled", "invalid_query_locator",
    ),
    "hubspot": (
        "ten_secondly", "secondly", "daily", "internal_error", "unavailable", "edge_timeout", "token_expired",
        "invalid_token", "missing_scopes", "locked", "migrating",
    ),
}  # fmt: skip
NO_SERVER: Final = "there is no such server"
LINE_FAULTS: Final = ("bad_gateway", "gateway_timeout", "drop", "drop_after", "truncate", "garbage", "hang")
ROW_FAULTS: Final = {"salesforce": ("row_lock",), "hubspot": ("row_lock", "row_conflict")}


@dataclass(frozen=True)
class Drawn:
    """One fault: its number, its name, its own dice, and the pause before it."""

    number: int
    name: str
    dice: Random
    pause: float


def drawn(seed: int, faults: int, pause: float, first: int = 1, only: tuple[str, ...] = ()) -> Iterator[Drawn]:
    """The faults from the `first` on. The same seed and number give the same fault, wherever one begins."""
    weighted = [name for name, (weight, _) in CATALOGUE.items() for _ in range(weight) if not only or name in only]
    for number in range(first, faults + 1):
        dice = Random(f"{seed}/{number}")  # noqa: S311 - what goes wrong
        yield Drawn(number, dice.choice(weighted), dice, dice.expovariate(1 / pause))


@dataclass
class Mischief:
    """Plays faults on an estate, and ends those that last."""

    estate: Estate
    _ends: list[tuple[threading.Timer, Callable[[], Any]]] = field(default_factory=list)

    def play(self, fault: Drawn) -> str:
        """Let it happen; returns what exactly."""
        return CATALOGUE[fault.name][1](self, fault.dice)

    def later(self, seconds: float, end: Callable[[], Any]) -> None:
        """End a lasting fault after some seconds."""
        timer = threading.Timer(seconds, end)
        self._ends.append((timer, end))
        timer.start()

    def over(self) -> None:
        """Wait until every lasting fault has ended, and take back what still waits in the CRMs."""
        for timer, _ in self._ends:
            timer.join()
        for office in self.estate.offices:
            office.driver.faults.clear()

    def kill(self, dice: Random, *beginnings: str, away: float = 0) -> str:
        """SIGKILL to one of these processes and to its group."""
        names = [one for beginning in beginnings for one in self.estate.supervisor.named(beginning)]
        if not names:
            return self.embedded() if "broker" in beginnings else NO_SERVER
        name = dice.choice(names)
        self.estate.supervisor.kill(name, away=away)
        return name

    def embedded(self) -> str:
        """SIGKILL to the embedded broker."""
        file = self.estate.folder / ".sluicegate" / "broker.pid"
        try:
            os.kill(int(file.read_text().split()[2]), signal.SIGKILL)
        except (OSError, IndexError) as e:
            return f"the embedded broker is away ({type(e).__name__})"
        return "embedded"

    def child(self, dice: Random) -> str:
        """SIGKILL to a process of a worker's pool."""
        name = dice.choice(self.estate.supervisor.named("worker"))
        pool = children(self.estate.supervisor.running[name].pid)
        if pool:
            self.estate.supervisor.kill_one(dice.choice(pool), name)
        return name

    def parent(self, dice: Random) -> str:
        """SIGKILL to a worker's first process only."""
        name = dice.choice(self.estate.supervisor.named("worker"))
        self.estate.supervisor.kill_one(self.estate.supervisor.running[name].pid, name)
        return name

    def machine(self, dice: Random) -> str:
        """SIGKILL to everything on a machine."""
        machine = dice.choice(MACHINES)
        self.estate.supervisor.kill(f"worker {machine}", f"beat {machine}", away=dice.choice((0, 10)))
        return machine

    def freeze(self, dice: Random, beginning: str, seconds: float) -> str:
        """SIGSTOP to a process group, and SIGCONT some seconds later."""
        names = self.estate.supervisor.named(beginning)
        if not names:
            return NO_SERVER
        name = dice.choice(names)
        group = self.estate.supervisor.running[name]
        self.estate.supervisor.signal(name, signal.SIGSTOP)

        def thaw() -> None:
            if self.estate.supervisor.running[name] is group:
                self.estate.supervisor.signal(name, signal.SIGCONT)

        self.later(seconds, thaw)
        return name

    def flush(self, _: Random) -> str:
        """Every message is lost."""
        try:
            servers.empty(self.estate.messages)
        except (OSError, OperationalError) as e:
            return f"the broker is away ({type(e).__name__})"
        return ""

    def messages(self, dice: Random) -> str:
        """Doubled, late and reordered messages, for every job of a connection."""
        office = dice.choice(self.estate.offices)
        post, sent = Celery(broker=self.estate.messages), 0
        post.conf.update(broker_connection_timeout=3, broker_transport_options={"socket_timeout": 3})
        wanted = [(job, late) for job in self.estate.store.jobs.of(office.name) for late in (0, 0, 1, 3)]
        dice.shuffle(wanted)
        for job, late in wanted:
            due = job.due - timedelta(seconds=late * self.estate.shape.seconds)
            given = {"job": job.name, "due": due.isoformat()}
            task = {"incremental": "run", "full": "run", "snapshot": "freeze"}.get(job.name, job.name)
            try:
                post.send_task(f"sluicegate.{task}", args=[office.name], kwargs=given, retry=False)
            except (OSError, OperationalError):
                break
            sent += 1
        post.close()
        return f"{sent} to {office.name}"

    def poison(self, dice: Random) -> str:
        """Every run of a connection ends its process for a while."""
        office = dice.choice(self.estate.offices)
        mark = self.estate.folder / "poison" / office.name
        mark.touch()
        self.later(dice.uniform(20, 90), lambda: mark.unlink(missing_ok=True))
        return office.name

    def crm(self, dice: Random, names: tuple[str, ...] | dict[str, tuple[str, ...]], **more: Any) -> str:
        """A fault of a CRM, on some calls or on all calls of some seconds."""
        office = dice.choice(self.estate.offices)
        name = dice.choice(names[office.driver.kind] if isinstance(names, dict) else names)
        what, count = dice.choice(PLACES), dice.choice((1, 2, 5, None))
        fault = office.driver.fault(name, what, **({"count": count} | more))
        if fault.count is None:
            self.later(dice.uniform(3, 25), lambda: _remove(office, fault))
        return f"{office.name}: {name} on {what or 'any call'}, {fault.count or 'all'}"

    def cut(self, dice: Random) -> str:
        """The line is cut inside the reply to a push."""
        office = dice.choice(self.estate.offices)
        name = dice.choice(("drop_after", "truncate"))
        office.driver.fault(name, "push", count=dice.choice((1, 2, 4)))
        return f"{office.name}: {name}"

    def hide(self, dice: Random) -> str:
        """An admin hides a field from us for a while."""
        office, column = dice.choice(self.estate.offices), dice.choice(("amount", "next_step"))
        office.driver.hide(column)
        self.later(dice.uniform(10, 40), lambda: office.driver.show(column))
        return f"{office.name}: {column}"


def _remove(office: Office, fault: Any) -> None:
    waiting = office.driver.faults.waiting
    if fault in waiting:
        waiting.remove(fault)


CATALOGUE: Final[dict[str, tuple[int, Callable[[Mischief, Random], str]]]] = {
    "a child of a worker killed": (3, Mischief.child),
    "a worker's parent killed": (2, Mischief.parent),
    "a worker killed": (2, lambda all_, dice: all_.kill(dice, "worker")),
    "a machine killed": (2, Mischief.machine),
    "a beat killed": (2, lambda all_, dice: all_.kill(dice, "beat")),
    "the broker killed": (2, lambda all_, dice: all_.kill(dice, "broker")),
    "the broker away": (1, lambda all_, dice: all_.kill(dice, "broker", away=dice.uniform(4, 15))),
    "the broker flushed": (2, Mischief.flush),
    "the database killed": (2, lambda all_, dice: all_.kill(dice, "database")),
    "the database away": (1, lambda all_, dice: all_.kill(dice, "database", away=dice.uniform(4, 20))),
    "a worker frozen": (2, lambda all_, dice: all_.freeze(dice, "worker", FROZEN_SECONDS)),
    "a beat frozen": (1, lambda all_, dice: all_.freeze(dice, "beat", FROZEN_SECONDS)),
    "the broker frozen": (1, lambda all_, dice: all_.freeze(dice, "broker", 8)),
    "messages doubled, late and reordered": (2, Mischief.messages),
    "a job that kills its worker": (1, Mischief.poison),
    "a reply to a push cut": (4, Mischief.cut),
    "the CRM's line": (6, lambda all_, dice: all_.crm(dice, LINE_FAULTS)),
    "the CRM's answer": (8, lambda all_, dice: all_.crm(dice, CRM_FAULTS)),
    "the CRM refuses records": (3, lambda all_, dice: all_.crm(dice, ROW_FAULTS, count=dice.choice((1, 3)))),
    "a field hidden": (1, Mischief.hide),
}
"""Name → how often it is drawn, and what does it."""


def wait(seconds: float, until: float) -> bool:
    """Sleep, but not beyond an instant of the monotonic clock; whether time is left."""
    time.sleep(max(0.0, min(seconds, until - time.monotonic())))
    return time.monotonic() < until
