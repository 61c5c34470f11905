"""The store's one door; each subject has its own file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from store.explain import Explain
from store.kpis import Kpis
from store.leases import Leases
from store.mirror import Mirror
from store.queue import Queue
from store.receipts import Receipts
from store.rehearsal import Rehearsals
from store.runs import Runs
from store.snapshot import Snapshots
from store.states import States
from store.verdicts import Verdicts

if TYPE_CHECKING:
    from typing import Self


class Store(Mirror, Snapshots, Leases, Runs, Verdicts, Queue, Receipts, Kpis, States, Explain, Rehearsals):
    """Everything kept, on SQLite or PostgreSQL. One object a process; a forked child gets its own engine."""

    @classmethod
    def open(cls, url: str) -> Self:
        """Open `sqlite:///FILE` or `postgresql://…` and bring its schema up to date; raises ValueError for others."""
        store = cls(url)
        store.upgrade()
        return store
