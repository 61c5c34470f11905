"""Rows of a CRM as records of one table; one that makes no sense is set aside with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from connectors.shared.pull import plausible
from connectors.shared.pull.plausible import NONSENSE
from model.sync import SetAside

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable

    from model.records import Record

    Row = dict[str, Any]

Made = TypeVar("Made")


def vanished(ids: Iterable[str], known: Container[str]) -> list[Record]:
    """Records of the ids that nobody knows any more."""
    return [{"id": one, "gone": "vanished"} for one in dict.fromkeys(ids) if one not in known]


def usable(rows: Iterable[Any], table: str, key: str, aside: list[SetAside]) -> list[Row]:
    """The rows with an id that can be used, as text; the others are added to `aside`."""
    found = []
    for row in rows:
        try:
            row[key] = plausible.identifier(row.get(key))
        except NONSENSE as error:
            aside.append(SetAside(table, "", f"a record's id cannot be used: {error}"))
        else:
            found.append(row)
    return found


def convert(
    table: str, rows: Iterable[Row], record: Callable[[Row], Record | None], key: str
) -> tuple[list[Record], list[SetAside]]:
    """Records of the rows (None: the row does not belong to us), and those set aside; `key` holds a row's id."""
    records: list[Record] = []
    aside: list[SetAside] = []
    for row in usable(rows, table, key, aside):
        try:
            made = legible(row, record, key)
        except NONSENSE as error:
            aside.append(SetAside(table, row[key], f"{type(error).__name__}: {error}"))
        else:
            if made is not None:
                records.append(made)
    return records, aside


def legible(row: Row, record: Callable[[Row], Record | None], key: str) -> Record | None:
    """The record of a row. Where a value makes no sense, the record without what may come of it.

    Raises one of NONSENSE where the row makes no sense even without its values, or no longer shows whether it is ours.
    """
    try:
        return record(row)
    except NONSENSE as error:
        inside = row.get("properties")
        values, whole = (inside, lambda some: {**row, "properties": some}) if isinstance(inside, dict) else (row, dict)
        made = readable(values, lambda some: record({**whole(some), key: row[key]}))
        if made is None:
            raise ValueError(f"what it belongs to cannot be read: {error}") from None
    return known(made)


def readable(values: Row, make: Callable[[Row], Made]) -> Made:
    """What is made of all values that make sense: each is tried with those that were good before it."""
    good: Row = dict.fromkeys(values)
    made = make(good)
    for name, value in values.items():
        try:
            made = make({**good, name: value})
        except NONSENSE:
            continue
        good[name] = value
    return made


def known(record: Record) -> Record:
    """The record without its blanks: each may come of a value that made no sense, and what was known before stays."""
    return {name: value for name, value in record.items() if value is not None or name == "gone"}
