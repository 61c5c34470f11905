"""What `doctor` reads in the store: how old the last good run is, what is late, spent, paused or set aside."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from model.helpers.words import many
from store import DONE
from worker.pipeline.session import Session
from worker.pipeline.slices import late_feeds
from worker.usecases.budget import budget
from worker.watching.findings import Finding, FindingLevel, or_fine, span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from worker.wiring import Services

NEARLY: Final = 0.8
"""The part of our share from which on a warning is given."""


def of_sync(services: Services) -> list[Finding]:
    """Connections with a last good run that is older than twice their interval."""
    most = timedelta(minutes=2 * services.settings.schedule.incremental_minutes)
    found, fresh = [], []
    for name in services.settings.connections:
        good = services.store.runs.last_good(name)
        age = services.clock() - good["ended_at"] if good and good["ended_at"] else None
        if age is not None and age <= most:
            fresh.append(f"{name} {span(age)} ago")
        elif services.store.connections.paused(name) is None:
            found.append(Finding("sync", *_late(services, name, age), name))
    return or_fine("sync", found, f"The last good runs: {', '.join(fresh) or 'none is asked for'}.")


def _late(services: Services, name: str, age: timedelta | None) -> tuple[FindingLevel, str]:
    last = next(iter(services.store.runs.latest(name, 1, nudges=False)), None)
    if last is None:
        return "note", f"It has never run; `sluicegate run {name} --dry-run` tries it without writing anything."
    since = "No run has come through yet" if age is None else f"The last good run ended {span(age)} ago"
    due = f"one is due every {many(services.settings.schedule.incremental_minutes, 'minute')}"
    return "warning", f"{since}; {due}.{'' if last['state'] == DONE.state else _how_it_ended(last)}"


def _how_it_ended(run: Mapping[str, Any]) -> str:
    if run["state"] is None:
        return f" Run {run['id']} is under way, or its process is dead."
    why = f": {str(run['reason']).rstrip('.')}" if run["reason"] else ""
    return f" Run {run['id']} ended as {run['state']}{why}."


def of_feeds(services: Services) -> list[Finding]:
    """Feeds that were last read too long ago, so that their facts are unknown."""
    found = []
    for name in services.settings.connections:
        session, feeds = Session(services, name, services.clock()), services.store.history.feeds(name)
        hours = session.connection.activity.stale_after_hours
        for feed in sorted(late_feeds(session, feeds)):
            age = span(session.as_of - feeds[feed])
            read = f"The feed of {feed.replace('_', ' ')} was last read to its end {age} ago"
            text = f"{read}, over {hours:g} hours: its facts are unknown, and flags about them are held."
            found.append(Finding("feeds", "warning", text, name))
    return or_fine("feeds", found, "No feed is stale.")


def of_pauses(services: Services) -> list[Finding]:
    """Connections that somebody paused."""
    paused = {name: services.store.connections.paused(name) for name in services.settings.connections}
    found = [
        Finding(
            "pauses",
            "note",
            f"Paused since {one.at:%Y-%m-%d %H:%M} UTC ({one.why}); `sluicegate connection resume {name}` ends it.",
            name,
        )
        for name, one in paused.items()
        if one
    ]
    return or_fine("pauses", found, "No connection is paused.")


def of_set_aside(services: Services) -> list[Finding]:
    """Scheduled work and records that were given up."""
    found = []
    for name in services.settings.connections:
        found += [
            Finding("set aside", "warning", f"The job {job.name} is {job.set_aside}.", name)
            for job in services.store.jobs.set_aside(name)
        ]
        records = sum(map(len, services.store.mirror.set_aside(name, 1_000_000).values()))
        if records:
            text = (
                f"{many(records, 'record')} could not be read; `aside` in `sluicegate runs ID --json` has the reasons."
            )
            found.append(Finding("set aside", "warning", text, name))
    return or_fine("set aside", found, "Neither scheduled work nor a record is set aside.")


def of_budgets(services: Services) -> list[Finding]:
    """The calls of 24 hours against our share."""
    found, used = [], []
    for name in services.settings.connections:
        state = budget(services, name)
        if state.most is None:
            continue
        text = f"{state.calls:,} of its share of {state.most:,} calls in 24 hours"
        if state.left == 0:
            again = f" until {state.resumes_at:%H:%M} UTC" if state.resumes_at else ""
            over = f"It has used {text}: runs wait{again}. Raise budget_share, or run less often."
            found.append(Finding("budgets", "away", over, name))
        elif state.calls >= NEARLY * state.most:
            near = f"It has used {text}. `sluicegate connection budget {name}` says what is given up first."
            found.append(Finding("budgets", "warning", near, name))
        else:
            used.append(f"{name} {text}")
    return or_fine(
        "budgets", found, f"Used: {', '.join(used)}." if used else "No CRM has told how many calls it allows."
    )
