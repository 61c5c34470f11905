"""Reading a snapshot of a million deals with 5 M stage events, 10 M activities and 3 M contact roles, both stores."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from store import Store, TouchRule
from tests.benches import seed
from tests.benches.measure import Row, peak_mb, seconds, took
from tests.support.postgres import postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

    from model.snapshot import Snapshot

TOUCH = TouchRule(frozenset({"005100000000000001", "005100000000000002"}))


def run(share: float, *, times: int, folder: str) -> list[Row]:
    """SQLite first: its peak is clean."""
    deals, rows = int(1_000_000 * share), []
    for name, opened in (("SQLite", seeded(folder, deals)), ("PostgreSQL", on_postgres(deals))):
        with opened as store:
            before = peak_mb()
            with took() as found:
                snapshot = read(store)
            assert snapshot.deals.height == deals
            row = seconds(f"{name}: snapshot of {deals:,} deals ({size(snapshot)} MB; {before} MB before)", found, 30)
            rows.append(row)
            del snapshot
    return rows


def read(store: Store) -> Snapshot:
    """Everything, as `judge` reads it, in one piece."""
    return store.history.snapshot(seed.NAME, seed.AS_OF, touch=TOUCH)


def size(snapshot: Snapshot) -> int:
    """MB of the frames."""
    frames = (snapshot.deals, snapshot.stage_changes, snapshot.activity, snapshot.roles, snapshot.field_changes)
    return sum(frame.estimated_size() for frame in frames) // 1_000_000


@contextmanager
def seeded(folder: str, deals: int) -> Iterator[Store]:
    """A SQLite store with these deals; made once for all benches of a run."""
    path = Path(folder) / f"{deals}.db"
    ready = path.exists()
    store = Store.open(f"sqlite:///{path}")
    if not ready:
        say(f"seeding SQLite with {deals:,} deals …")
        seed.fill(store, deals)
    yield store
    store.close()


@contextmanager
def on_postgres(deals: int) -> Iterator[Store]:
    """A PostgreSQL store with these deals."""
    with postgres() as url:
        store = Store.open(url)
        say(f"seeding PostgreSQL with {deals:,} deals …")
        seed.fill(store, deals)
        with store.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as tx:
            tx.exec_driver_sql("VACUUM ANALYZE")  # what autovacuum has done by itself in a store that lives
        yield store
        store.close()


def say(text: str) -> None:
    """A word of progress."""
    sys.stderr.write(text + "\n")
