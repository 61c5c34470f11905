"""Pieces of SQL that several concerns use: the rows of some deals, and the names of owners."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from model.deal_keys import DealKeys

OWNER_NAME: Final = """CASE WHEN count(*) OVER (PARTITION BY connection, name) > 1
    THEN name || ' (' || coalesce(username, id) || ')' ELSE name END"""
"""An owner's name as it is shown: two people of one name are told apart by their login or id."""
OWNERS: Final = f"(SELECT connection, id, team, {OWNER_NAME} AS name FROM owner)"
"""In place of the table `owner` where only names and teams are wanted."""


def deal_filter(keys: DealKeys, column: str = "key") -> str:
    """The condition on the column that holds a deal's key. Keys are integers, so they are written into the SQL."""
    if keys.only is None:
        return f"{column} BETWEEN {int(keys.first)} AND {int(keys.last)}"
    named = (int(key) for key in sorted(keys.only) if keys.first <= key <= keys.last)  # without the span: SQLite seeks
    return f"{column} IN ({', '.join(map(str, named))})"
