"""What was done so far, counted in the transaction that does it: right for any number of processes and restarts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from store.database import Database
    from store.sql import Sql

Figure: TypeAlias = Literal["runs", "run_us", "patches"]
"""Runs that ended by state, their microseconds, settled patches by outcome."""
MORE: Final = "ON CONFLICT (connection, figure, label) DO UPDATE SET total = tally.total + excluded.total"
ADD: Final = f"INSERT INTO tally (connection, figure, label, total) VALUES (?, ?, ?, ?) {MORE}"
OPEN_RUNS: Final = (
    f"INSERT INTO tally (connection, figure, label, total) SELECT connection, 'runs', ?, COUNT(*) FROM run"
    f" WHERE connection = ? AND state IS NULL GROUP BY connection {MORE}"
)
TOTALS: Final = (
    "SELECT c.name, t.figure, t.label, t.total FROM tally t JOIN connection c ON c.key = t.connection"
    " ORDER BY c.name, t.figure, t.label"
)
ASIDE: Final = "SELECT c.name, COUNT(*) FROM aside a JOIN connection c ON c.key = a.connection GROUP BY c.name"


def add(sql: Sql, connection: int, figure: Figure, counts: Mapping[str, int]) -> None:
    """Add to the totals of a figure, by label."""
    sql.many(ADD, [(connection, figure, label, count) for label, count in counts.items()])


def add_open_runs(sql: Sql, connection: int, state: str) -> None:
    """Add the runs that are ended in this state now, because nobody else will; how long they took is not known."""
    sql.run(OPEN_RUNS, state, connection)


@dataclass(frozen=True)
class Total:
    """One total of a connection."""

    connection: str
    figure: Figure
    label: str
    total: int


@dataclass(frozen=True)
class Figures:
    """The totals."""

    database: Database

    def totals(self) -> list[Total]:
        """Everything that was done so far."""
        with self.database.reading() as sql:
            return [Total(*row) for row in sql.rows(TOTALS)]

    def aside(self) -> dict[str, int]:
        """How many records are set aside now, by connection."""
        with self.database.reading() as sql:
            return {name: int(count) for name, count in sql.rows(ASIDE)}
