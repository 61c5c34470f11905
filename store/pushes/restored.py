"""Records that an undo restored and that no later run has written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from store import work_tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from store.sql import Sql

FLAGS: Final = "flag_ids"
patches, state = work_tables.patch, work_tables.push_state


@dataclass(frozen=True)
class Restored:
    """One record as undo runs left it.

    `undos`: these runs, oldest first, each with the policies that had a flag taken off or put back. `shown`: the
    policies with a flag on the record now.
    """

    key: int
    undos: tuple[tuple[int, frozenset[str]], ...]
    shown: frozenset[str]


def restored(sql: Sql, connection: int) -> Iterator[Restored]:
    """Every restored record of a connection."""
    query = sa.select(state.c.key, state.c.undone, state.c.sent)
    rows = sql.tx.execute(query.where((state.c.connection == connection) & state.c.undone.is_not(None))).all()
    changed = _changed(sql, connection, {run for row in rows for run in row.undone})
    for key, undos, sent in rows:
        by_run = tuple((run, changed.get((run, key), frozenset())) for run in undos)
        yield Restored(key, by_run, flags_in(sent))


def _changed(sql: Sql, connection: int, runs: set[int]) -> Mapping[tuple[int, int], frozenset[str]]:
    """By undo run and deal: the policies that had a flag taken off or put back."""
    query = sa.select(patches.c.run, patches.c.key, patches.c.before, patches.c.after).where(
        (patches.c.connection == connection) & patches.c.run.in_(list(runs)) & (patches.c.outcome == "written")
    )
    found = sql.tx.execute(query) if runs else ()
    return {(run, key): flags_in(before) ^ flags_in(after) for run, key, before, after in found}


def flags_in(fields: Mapping[str, Any] | None) -> frozenset[str]:
    """The policies that the field of flag ids names."""
    return frozenset(one for one in ((fields or {}).get(FLAGS) or "").split(";") if one and one != "+")
