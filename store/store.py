"""The store: one small class a concern, all over one database."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from model.errors import SettingsProblem, StoreProblem
from store.actions import Actions
from store.approvals import Approvals
from store.database import Database
from store.dry_run import dry_run_copy
from store.erasure.people import People
from store.erasure.removal import Removal
from store.erasure.retention import Retention
from store.frozen import FrozenNights
from store.history import History
from store.kpis import Kpis
from store.mirror.mirror import Mirror
from store.mirror.shares import Shares
from store.pushes.pushes import Pushes
from store.runs.calls import Calls
from store.runs.connections import Connections
from store.runs.jobs import Jobs
from store.runs.nudges import Nudges
from store.runs.policy_sets import PolicySets
from store.runs.runs import Runs
from store.trouble import StoreFault, meaning
from store.verdicts.decisions import Decisions
from store.verdicts.due import DueDeals
from store.verdicts.flag_history import FlagHistory
from store.verdicts.leads import Leads
from store.verdicts.verdicts import Verdicts
from store.watch.figures import Figures
from store.watch.health import Health, look
from store.watch.processes import Processes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from typing import Any


@dataclass(frozen=True)
class Store:
    """Everything kept, on SQLite or PostgreSQL. One object a process; a forked child gets its own engine."""

    database: Database
    mirror: Mirror
    shares: Shares
    history: History
    verdicts: Verdicts
    decisions: Decisions
    flag_history: FlagHistory
    leads: Leads
    pushes: Pushes
    actions: Actions
    approvals: Approvals
    runs: Runs
    connections: Connections
    policy_sets: PolicySets
    kpis: Kpis
    frozen: FrozenNights
    jobs: Jobs
    processes: Processes
    figures: Figures
    calls: Calls
    removal: Removal
    people: People
    retention: Retention
    due: DueDeals
    nudges: Nudges

    @classmethod
    def over(cls, database: Database) -> Store:
        """The store of an open database."""
        return cls(
            database, Mirror(database), Shares(database), History(database), Verdicts(database), Decisions(database),
            FlagHistory(database), Leads(database), Pushes(database), Actions(database), Approvals(database),
            Runs(database), Connections(database), PolicySets(database), Kpis(database), FrozenNights(database),
            Jobs(database), Processes(database), Figures(database), Calls(database), Removal(database),
            People(database), Retention(database), DueDeals(database), Nudges(database),
        )  # fmt: skip

    @classmethod
    def open(cls, url: str) -> Store:
        """Open `sqlite:///FILE` or `postgresql://…` and bring its schema up to date.

        Raises SettingsProblem for a wrong address or a server out of reach, else StoreProblem.
        """
        with _opening():
            database = Database(url)
            make_private(database)
            database.upgrade()
        return cls.over(database)

    @staticmethod
    def look(url: str, disk: Callable[[Path], Any] = shutil.disk_usage) -> Health:
        """How the store of an address does, without opening it for good. Raises as `open` does."""
        with _opening():
            return look(url, disk)

    @contextmanager
    def dry_run(self, connection: str, as_of: datetime | None = None) -> Iterator[Store]:
        """A SQLite store with this connection's rows as they stand now; it is deleted when the block ends.

        Of past verdicts it has those of the 31 days before `as_of` (None: before the newest judgement).
        """
        with dry_run_copy(self.database, connection, as_of) as copy:
            yield Store.over(copy)

    def close(self) -> None:
        """Close every connection; the next use opens new ones."""
        self.database.close()


@contextmanager
def _opening() -> Iterator[None]:
    """Raise what keeps a store from being opened, in a sentence."""
    try:
        yield
    except ValueError as e:
        raise SettingsProblem(str(e)) from None
    except (sa.exc.DBAPIError, StoreFault, OSError) as e:
        said = e if isinstance(e, StoreFault) else meaning(e)
        if isinstance(said, StoreProblem):
            raise said from None
        why = str(said).removeprefix("The store cannot be reached: ").rstrip(".")
        raise SettingsProblem(f"The store cannot be opened: {why}. [store] url says where it is.") from None


def make_private(database: Database) -> None:
    """Create a new SQLite file readable by its owner only: it holds people's names."""
    url = database.engine.url
    if url.get_backend_name() == "sqlite" and url.database:
        path = Path(url.database)
        if path.is_symlink() and path.lstat().st_uid != os.getuid():
            raise SettingsProblem(f"The store {path} is a link that another user made; remove it.")
        path.touch(mode=0o600, exist_ok=True)
