"""The SQL condition that keeps the rows of some deals."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from model.deal_keys import DealKeys


def deal_filter(keys: DealKeys, column: str = "key") -> str:
    """The condition on the column that holds a deal's key. Keys are integers, so they are written into the SQL."""
    span = f"{column} BETWEEN {int(keys.first)} AND {int(keys.last)}"
    if keys.only is None:
        return span
    return f"{span} AND {column} IN ({', '.join(str(int(key)) for key in sorted(keys.only))})"
