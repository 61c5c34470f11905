"""Reconciliation: records that a full pass no longer finds are marked as vanished, up to a limit.

Children that the CRM still has, and that are marked as gone here, come back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from model.records import COLUMNS
from store.approvals import VANISHED
from store.mirror_tables import CHILDREN
from store.tracked_tables import PARENTS

if TYPE_CHECKING:
    from collections.abc import Collection

    from store.sql import Sql
    from store.touched import Touched

LARGEST_SHARE: Final = 0.02
FEW: Final = 20
"""This many may always be marked; a share of a small pipeline is no measure."""


def reconcile(  # noqa: PLR0917 - the rows and what is collected of them
    sql: Sql, connection: int, table: str, present: frozenset[str], as_of: int, touched: Touched
) -> tuple[int, int]:
    """Mark rows that are not `present` as vanished; (marked, held back). Tables without `gone` keep their rows."""
    if "gone" not in COLUMNS[table]:
        return 0, 0
    has_history = table in PARENTS
    seen = " AND first_seen IS NOT NULL" if has_history else ""
    query = f'SELECT id FROM "{table}" WHERE connection = ? AND gone IS NULL{seen}'
    known = [id_ for (id_,) in sql.rows(query, connection)]
    absent = [id_ for id_ in known if id_ not in present]
    few = len(absent) <= max(FEW, LARGEST_SHARE * len(known))
    if has_history and not few and not _approved(sql, connection, len(absent)):
        return 0, len(absent)
    if not has_history:
        _bring_back(sql, connection, table, present, touched)
    stamp = ", gone_at = ?" if has_history else ""
    rows = [("vanished", *((as_of,) if has_history else ()), connection, id_) for id_ in absent]
    sql.many(f'UPDATE "{table}" SET gone = ?{stamp} WHERE connection = ? AND id = ?', rows)
    note_rows(sql, connection, table, absent, touched)
    return len(absent), 0


def _bring_back(sql: Sql, connection: int, table: str, present: frozenset[str], touched: Touched) -> None:
    """Unmark the children that the CRM has."""
    marked = sql.rows(f'SELECT id FROM "{table}" WHERE connection = ? AND gone IS NOT NULL', connection)
    rows = [(connection, id_) for (id_,) in marked if id_ in present]
    sql.many(f'UPDATE "{table}" SET gone = NULL WHERE connection = ? AND id = ?', rows)
    note_rows(sql, connection, table, [id_ for _, id_ in rows], touched)


def _approved(sql: Sql, connection: int, deals: int) -> bool:
    """Whether an approval covers this many; it is used up."""
    mine = "FROM approval WHERE connection = ? AND policy = ?"
    if not any(up_to >= deals for (up_to,) in sql.rows(f"SELECT up_to {mine}", connection, VANISHED)):
        return False
    sql.run(f"DELETE {mine}", connection, VANISHED)
    return True


def delete_unlisted(  # noqa: PLR0917 - the table and its rows
    sql: Sql, connection: int, table: str, column: str, among: Collection[int | str], listed: Collection[str],
    touched: Touched,
) -> int:  # fmt: skip
    """Mark rows with a parent (`column`) in `among` and an id not in `listed` as deleted; returns how many."""
    known = sql.lookup(table, ("id",), connection, column, among, "AND t.gone IS NULL")
    rows = [("deleted", connection, id_) for (id_,) in known if id_ not in listed]
    sql.many(f'UPDATE "{table}" SET gone = ? WHERE connection = ? AND id = ?', rows)
    note_rows(sql, connection, table, [id_ for *_, id_ in rows], touched)
    return len(rows)


def note_rows(sql: Sql, connection: int, table: str, ids: Collection[str], touched: Touched) -> None:
    """Collect the deals of rows that went or came back."""
    keys = sql.lookup(table, ("key",), connection, "id", ids) if table in CHILDREN and ids else []
    touched.rows(table, ids, (key for (key,) in keys))
