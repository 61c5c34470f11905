"""The SQL condition that a row is about one of some deals."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from model.deal_keys import DealKeys


def within(keys: DealKeys, column: str = "key") -> str:
    """The condition on a column with a deal's key. The keys are integers and stand in the text."""
    span = f"{column} BETWEEN {int(keys.first)} AND {int(keys.last)}"
    if keys.only is None:
        return span
    return f"{span} AND {column} IN ({', '.join(str(int(key)) for key in sorted(keys.only))})"
