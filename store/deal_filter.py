"""The SQL condition that keeps the rows of some deals."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from model.deal_keys import DealKeys


def deal_filter(keys: DealKeys, column: str = "key") -> str:
    """The condition on the column that holds a deal's key. Keys are integers, so they are written into the SQL."""
    if keys.only is None:
        return f"{column} BETWEEN {int(keys.first)} AND {int(keys.last)}"
    named = (int(key) for key in sorted(keys.only) if keys.first <= key <= keys.last)  # without the span: SQLite seeks
    return f"{column} IN ({', '.join(map(str, named))})"
