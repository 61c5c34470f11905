"""What `doctor` says about beats, workers and clocks."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from model.helpers.words import many
from worker.watching.findings import Finding, or_fine, span

if TYPE_CHECKING:
    from datetime import datetime

    from model.sync import Remark
    from store import Process
    from worker.wiring import Services

LATE_LOOK: Final = timedelta(seconds=30)
"""A beat looks every 5 s; one that has not for so long is stuck."""
FAR: Final = timedelta(seconds=5)
"""Two clocks of our own that differ by more are worth a warning."""


def of_beat(services: Services, now: datetime) -> list[Finding]:
    """Whether somebody sends the scheduled runs."""
    beats = [one for one in services.store.processes.all() if one.kind == "beat"]
    alive = [beat for beat in beats if beat.is_alive(now) and beat.seen_at + LATE_LOOK > now]
    if alive:
        text = f"{_of(alive)}; {_last(alive)} looked {span(now - alive[0].seen_at)} ago."
        return [Finding("beat", "ok", text)]
    if not beats:
        text = "No beat has looked at the schedule in the last day: nothing is sent."
    else:
        text = (
            f"No beat looks at the schedule: the last one did so {span(now - beats[0].seen_at)} ago on {beats[0].host}."
        )
    return [Finding("beat", "warning", f"{text} Start `sluicegate beat`, or `sluicegate worker --with-beat`.")]


def of_workers(services: Services, now: datetime) -> list[Finding]:
    """Whether somebody works on what is sent."""
    alive = [one for one in services.store.processes.all() if one.kind == "worker" and one.is_alive(now)]
    if alive:
        return [Finding("workers", "ok", f"{_of(alive)}.")]
    return [Finding("workers", "warning", "No worker is alive: what is sent waits. Start `sluicegate worker`.")]


def _of(alive: list[Process]) -> str:
    hosts = sorted({process.host for process in alive})
    return f"{many(len(alive), 'process')} alive on {', '.join(hosts)}"


def _last(alive: list[Process]) -> str:
    return "it last" if len(alive) == 1 else "the last of them"


def of_clock(services: Services, now: datetime, remarks: dict[str, Remark]) -> list[Finding]:
    """Our clock beside the database's and the CRMs'."""
    found = [Finding("clock", "warning", remark.text, name) for name, remark in remarks.items()]
    off = now - services.clock()
    if abs(off) > FAR:
        way = "behind" if off > timedelta() else "ahead of"
        text = f"This machine's clock is {span(abs(off))} {way} the database's. Set the wrong one: messages and leases"
        found.insert(0, Finding("clock", "warning", f"{text} go by it."))
    return or_fine("clock", found, "This machine's clock agrees with the database's and the CRMs'.")
