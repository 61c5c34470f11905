"""The days of a replay: which they are, and where something changes for all deals at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from model.errors import SettingsProblem
from worker.pipeline.slices import late_feeds

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from model.calibration import Calibration
    from worker.pipeline.session import Session

DAY: Final = timedelta(days=1)


def noons(zone: str, first: date, last: date) -> list[datetime]:
    """Noon of each day in a zone: the instant that a date means everywhere here."""
    days = [first + n * DAY for n in range((last - first).days + 1)]
    return [datetime.combine(day, time(12), ZoneInfo(zone)).astimezone(UTC) for day in days]


@dataclass(frozen=True)
class Chapter:
    """Days from `first` up to `end` on which one calibration held and the same feeds were late."""

    first: int
    end: int
    calibration: Calibration
    late: frozenset[str]


def chapters(session: Session, instants: Sequence[datetime]) -> list[Chapter]:
    """The days in order, split where a calibration comes into force or a feed is late."""
    store, name, found = session.store, session.name, list[Chapter]()
    feeds = store.history.feeds(name)
    for n, at in enumerate(instants):
        late, calibration = (
            late_feeds(replace(session, as_of=at), feeds),
            store.connections.current_calibration(name, at),
        )
        if found and (found[-1].calibration, found[-1].late) == (calibration, late):
            found[-1] = replace(found[-1], end=n + 1)
        else:
            found.append(Chapter(n, n + 1, calibration, late))
    return found


def window(session: Session, first: date | None, last: date | None) -> tuple[date, date]:
    """The days to judge: by default the 365 that end yesterday; raises SettingsProblem for an order that cannot be."""
    yesterday = session.as_of.astimezone(ZoneInfo(session.connection.timezone)).date() - DAY
    last = last or yesterday
    first = first or last - timedelta(days=364)
    if last > yesterday:
        raise SettingsProblem(f"--to {last} has not passed yet; the last whole day is {yesterday}.")
    if first > last:
        raise SettingsProblem(f"--from {first} lies after --to {last}.")
    return first, last
