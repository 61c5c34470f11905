"""The calls to each CRM by hour and step, and the limits that the CRM last named. All processes share them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from model.sync import Budget, Window
from store import mirror_tables
from store.codec import instant, instant_of, json

if TYPE_CHECKING:
    from datetime import datetime

    from store.database import Database

table, limits = mirror_tables.calls, mirror_tables.crm_limits
HOUR: Final = timedelta(hours=1)
HOUR_US: Final = 3_600_000_000
DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Used:
    """Calls of one step within the hour that begins at `since`."""

    since: datetime
    step: str
    calls: int


@dataclass(frozen=True)
class Reported:
    """The CRM's limits as a reply named them, and when."""

    at: datetime
    budget: Budget


@dataclass(frozen=True)
class Calls:
    """Calls to CRMs."""

    database: Database

    def note(self, connection: str, at: datetime, step: str, calls: int) -> None:
        """Add calls of a step."""
        key = self.database.connection_key(connection)
        with self.database.writing() as sql:
            sql.run(
                "INSERT INTO calls (connection, hour, step, used) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (connection, hour, step) DO UPDATE SET used = calls.used + excluded.used",
                *(key, instant(at) // HOUR_US, step, calls),
            )

    def of_day(self, connection: str, now: datetime) -> list[Used]:
        """The calls of the last 24 hours, the oldest hour first; the hour that is half over counts as a whole."""
        query = "SELECT hour, step, used FROM calls WHERE connection = ? AND hour >= ? ORDER BY hour, step"
        first = instant(now - DAY) // HOUR_US
        with self.database.reading() as sql:
            found = sql.rows(query, self.database.connection_key(connection), first)
        return [Used(instant_of(hour * HOUR_US), step, calls) for hour, step, calls in found]

    def count(self, connection: str, now: datetime) -> int:
        """The number of calls in the last 24 hours."""
        return sum(one.calls for one in self.of_day(connection, now))

    def keep_limits(self, connection: str, at: datetime, seen: Budget) -> None:
        """Keep the limits that a CRM has named."""
        windows = json([asdict(window) for window in seen.windows])
        row = (self.database.connection_key(connection), instant(at), seen.used, seen.allowed, windows)
        with self.database.writing() as sql:
            sql.upsert("crm_limits", ("connection", "at", "used", "allowed", "windows"), [row], ("connection",))

    def limits(self, connection: str) -> Reported | None:
        """The limits that the CRM has named last; None if it never has."""
        mine = limits.c.connection == self.database.connection_key(connection)
        with self.database.reading() as sql:
            row = sql.tx.execute(sa.select(limits).where(mine)).one_or_none()
        if row is None:
            return None
        return Reported(row.at, Budget(row.used, row.allowed, windows=tuple(Window(**one) for one in row.windows)))
