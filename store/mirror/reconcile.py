"""Reconciliation: what a full pass no longer finds has vanished, unless too much would be buried at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from model.records import COLUMNS
from store.approvals import VANISHED
from store.tracked_tables import PARENTS

if TYPE_CHECKING:
    from collections.abc import Collection

    from store.sql import Sql

LARGEST_SHARE: Final = 0.02
FEW: Final = 20
"""As many may always be buried: a share of a small pipeline says nothing."""


def bury_absent(sql: Sql, connection: int, table: str, present: frozenset[str], as_of: int) -> tuple[int, int]:
    """Mark rows that are not `present` as vanished; (buried, held back). Tables without `gone` keep their rows."""
    if "gone" not in COLUMNS[table]:
        return 0, 0
    followed = table in PARENTS
    seen = " AND first_seen IS NOT NULL" if followed else ""
    query = f'SELECT id FROM "{table}" WHERE connection = ? AND gone IS NULL{seen}'
    known = [id_ for (id_,) in sql.rows(query, connection)]
    absent = [id_ for id_ in known if id_ not in present]
    few = len(absent) <= max(FEW, LARGEST_SHARE * len(known))
    if followed and not few and not _approved(sql, connection, len(absent)):
        return 0, len(absent)
    stamp = ", gone_at = ?" if followed else ""
    rows = [("vanished", *((as_of,) if followed else ()), connection, id_) for id_ in absent]
    sql.many(f'UPDATE "{table}" SET gone = ?{stamp} WHERE connection = ? AND id = ?', rows)
    return len(absent), 0


def _approved(sql: Sql, connection: int, deals: int) -> bool:
    """Whether a person has let so many go; their word is good for once."""
    mine = "FROM approval WHERE connection = ? AND policy = ?"
    if not any(up_to >= deals for (up_to,) in sql.rows(f"SELECT up_to {mine}", connection, VANISHED)):
        return False
    sql.run(f"DELETE {mine}", connection, VANISHED)
    return True


def delete_left_out(  # noqa: PLR0917 - which rows of which table
    sql: Sql, connection: int, table: str, column: str, whose: Collection[int | str], told: Collection[str]
) -> int:
    """Mark rows whose parents (`column`) are `whose` and that are not among the ids `told` as deleted; how many."""
    known = sql.lookup(table, ("id",), connection, column, whose, "AND t.gone IS NULL")
    rows = [("deleted", connection, id_) for (id_,) in known if id_ not in told]
    sql.many(f'UPDATE "{table}" SET gone = ? WHERE connection = ? AND id = ?', rows)
    return len(rows)
