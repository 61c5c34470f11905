"""Rows of a CRM as records of one table; one that makes no sense is set aside with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from model.sync import SetAside

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable

    from model.records import Record


def vanished(ids: Iterable[str], known: Container[str]) -> list[Record]:
    """Records of the ids that nobody knows any more."""
    return [{"id": one, "gone": "vanished"} for one in dict.fromkeys(ids) if one not in known]


def convert(
    table: str, rows: Iterable[dict[str, Any]], record: Callable[[dict[str, Any]], Record | None], key: str
) -> tuple[list[Record], list[SetAside]]:
    """Records of the rows (None: the row does not belong to us), and those set aside; `key` holds a row's id."""
    records: list[Record] = []
    aside: list[SetAside] = []
    for row in rows:
        try:
            made = record(row)
        except (ValueError, TypeError, ArithmeticError, KeyError, AttributeError) as error:
            aside.append(SetAside(table, str(row.get(key)), f"{type(error).__name__}: {error}"))
        else:
            if made is not None:
                records.append(made)
    return records, aside
