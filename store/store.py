"""The store's one door; each subject has its own file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from model.errors import SettingsProblem
from store.actions.actions import Actions
from store.actions.flag_history import Acts
from store.dry_run import Rehearsals
from store.history import Stories
from store.history.snapshot import Snapshots
from store.kpis import Kpis
from store.mirror.pages import Mirror
from store.pushes.queue import Queue
from store.pushes.receipts import Receipts
from store.runs.connection_states import States
from store.runs.leases import Leases
from store.runs.runs import Runs
from store.verdicts.entry_evidence import Evidence
from store.verdicts.explain import Explain
from store.verdicts.leads import Leads
from store.verdicts.pauses import Pauses
from store.verdicts.verdicts import Verdicts

if TYPE_CHECKING:
    from typing import Self


UNREADABLE: Final = "[store] url cannot be read: give sqlite:///FILE or postgresql://USER@HOST/NAME."


class Store(
    Mirror,
    Snapshots,
    Leases,
    Runs,
    Verdicts,
    Pauses,
    Queue,
    Receipts,
    Kpis,
    States,
    Explain,
    Acts,
    Evidence,
    Actions,
    Rehearsals,
    Stories,
    Leads,
):
    """Everything kept, on SQLite or PostgreSQL. One object a process; a forked child gets its own engine."""

    @classmethod
    def open(cls, url: str) -> Self:
        """Open `sqlite:///FILE` or `postgresql://…` and bring its schema up to date; raises SettingsProblem."""
        try:
            store = cls(url)
            private(store)
            store.upgrade()
        except (ValueError, sa.exc.ArgumentError) as e:
            raise SettingsProblem(str(e) if isinstance(e, ValueError) else UNREADABLE) from None
        except (sa.exc.DBAPIError, OSError) as e:
            cause = str(getattr(e, "orig", None) or e).partition("\n")[0]
            raise SettingsProblem(f"The store cannot be opened: {cause}. [store] url says where it is.") from None
        return store


def private(store: Store) -> None:
    """A new SQLite file is for its owner's eyes: it holds people's names."""
    url = store.engine.url
    if url.get_backend_name() == "sqlite" and url.database:
        Path(url.database).touch(mode=0o600, exist_ok=True)
