"""What has happened so far, counted in the database: right for any number of processes and restarts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from store.codec import day

if TYPE_CHECKING:
    from datetime import date

    from store.database import Database

SECOND: Final = 1_000_000
RUNS: Final = (
    "SELECT c.name, r.state, COUNT(*), SUM(COALESCE(r.ended_at - r.started_at, 0)) FROM run r"
    " JOIN connection c ON c.key = r.connection WHERE r.state IS NOT NULL GROUP BY c.name, r.state"
)
OUTCOMES: Final = "SELECT c.name, o.outcome, o.patches FROM outcome_count o JOIN connection c ON c.key = o.connection"
CALLS: Final = "SELECT c.name, SUM(n.used) FROM calls n JOIN connection c ON c.key = n.connection GROUP BY c.name"
TODAY: Final = (
    "SELECT c.name, n.used, n.allowed, n.used_by_all FROM calls n JOIN connection c ON c.key = n.connection"
    " WHERE n.day = ?"
)
ASIDE: Final = "SELECT c.name, COUNT(*) FROM aside a JOIN connection c ON c.key = a.connection GROUP BY c.name"


@dataclass(frozen=True)
class Counted:
    """Rows by connection, as the statements above give them; seconds of runs are whole microseconds there."""

    runs: list[tuple[str, str, int, float]]
    outcomes: list[tuple[str, str, int]]
    calls: list[tuple[str, int]]
    today: list[tuple[str, int, int | None, int | None]]
    aside: list[tuple[str, int]]


@dataclass(frozen=True)
class Figures:
    """Counts over whole tables, read in one transaction."""

    database: Database

    def counted(self, today: date) -> Counted:
        """Everything at once."""
        with self.database.reading() as sql:
            return Counted(
                [(name, state, int(n), float(time) / SECOND) for name, state, n, time in sql.rows(RUNS)],
                [(name, outcome, int(n)) for name, outcome, n in sql.rows(OUTCOMES)],
                [(name, int(n)) for name, n in sql.rows(CALLS)],
                [(name, int(used), allowed, by_all) for name, used, allowed, by_all in sql.rows(TODAY, day(today))],
                [(name, int(n)) for name, n in sql.rows(ASIDE)],
            )
