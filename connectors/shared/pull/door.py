"""The door through which every record of a CRM enters: columns are checked at once, and value by value where in doubt.

A value that cannot be judged becomes unknown, and what was known before stays. Only a record without a usable id, or a
row of a history without what makes it one, is set aside with its reason.
"""

from __future__ import annotations

from dataclasses import replace
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from connectors.shared.pull import plausible
from connectors.shared.pull.clear_columns import clear
from connectors.shared.pull.plausible import NONSENSE
from model.records import COLUMNS
from model.sync import SetAside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from model.records import ColumnType, Record
    from model.sync import Page

    Checks = list[tuple[str, Callable[[Any], Any]]]

_BY_TYPE: Final[dict[ColumnType, Callable[[Any], Any]]] = {
    "text": plausible.text, "yes/no": plausible.yes_no, "whole": plausible.whole, "real": plausible.share,
    "money": plausible.money, "date": plausible.day, "instant": plausible.instant, "json": plausible.plain,
}  # fmt: skip
_LINKS: Final = {
    "owner_id", "account_id", "contact_id", "opportunity_id", "lead_id", "actor_id", "created_by", "modified_by",
    "manager_id", "merged_into",
}  # fmt: skip
"""Columns that hold the id of another record."""
_NAMES: Final = {"name", "company", "username", "team", "region", "label", "role"}
"""Texts of one line."""
_OBJECTS: Final = ("facts", "ours")
_NEEDED: Final = {
    "stage_change": {"opportunity_id", "at", "stage_name"},
    "field_change": {"opportunity_id", "field", "changed_at", "before", "after"},
    "contact_role": {"opportunity_id"},
    "rate": {"currency", "on", "multiply", "divide"},
    "lead_activity": {"lead_id"},
}
"""Columns without which a row says nothing: it is set aside where one of them cannot be read."""
_MAY_BE_ABSENT: Final = {"unread"}


def _check(table: str, column: str, kind: ColumnType) -> Callable[[Any], Any]:
    if column in _LINKS:
        return plausible.identifier
    if table == "rate" and kind == "money":
        return plausible.rate
    return plausible.line if column in _NAMES else _BY_TYPE[kind]


CHECKS: Final = {
    table: tuple(
        (column, _check(table, column, kind))
        for column, kind in columns.items()
        if column not in {"id", *_OBJECTS, *_MAY_BE_ABSENT}
    )
    for table, columns in COLUMNS.items()
}


def checked(page: Page) -> Page:
    """The page with nothing in it that cannot be judged."""
    aside = list(page.aside)
    records = {table: list(_of_table(table, found, aside)) for table, found in page.records.items()}
    return replace(page, records=records, aside=tuple(map(_presentable, aside)))


def _of_table(table: str, records: list[Record], aside: list[SetAside]) -> Iterable[Record]:
    checks = _doubtful(table, records)
    objects = [column for column in _OBJECTS if not clear(plausible.plain, _inside(column, records))]
    if checks or objects or not clear(plausible.identifier, _values("id", records)):
        return _one_by_one(table, records, checks, objects, aside)
    return records


def _doubtful(table: str, records: list[Record]) -> Checks:
    """The columns with a value that must be looked at."""
    return [
        (column, check)
        for column, check in CHECKS[table]
        if not clear(check, [value for value in _values(column, records) if value is not None])
    ]


def _values(column: str, records: list[Record]) -> list[Any]:
    """The values of a column, None where a record lacks it."""
    try:
        return list(map(itemgetter(column), records))
    except KeyError:
        return [record.get(column) for record in records]


def _inside(column: str, records: list[Record]) -> list[Any]:
    """The values of an object of each record."""
    return [value for record in records if (held := record.get(column)) for value in held.values()]


def _one_by_one(
    table: str, records: list[Record], checks: Checks, objects: list[str], aside: list[SetAside]
) -> Iterator[Record]:
    needed = _NEEDED.get(table, set())
    for record in records:
        try:
            record["id"] = plausible.identifier(record.get("id"))
        except NONSENSE as error:
            aside.append(SetAside(table, "", f"its id cannot be used: {error}"))
            continue
        wrong = _unreadable(record, checks, objects)
        if lost := needed.intersection(wrong):
            aside.append(SetAside(table, record["id"], _reason({name: wrong[name] for name in lost})))
            continue
        if wrong and "unread" in COLUMNS[table]:
            record["unread"] = list(dict.fromkeys([*(record.get("unread") or ()), *wrong]))
        yield record


def _unreadable(record: Record, checks: Checks, objects: list[str]) -> dict[str, str]:
    """Takes what makes no sense out of the record; its columns and facts with the reasons."""
    wrong: dict[str, str] = {}
    for column, check in checks:
        value = record.get(column)
        if value is not None:
            try:
                good = check(value)
            except NONSENSE as error:
                wrong[column] = str(error)
                del record[column]
            else:
                if good is not value:
                    record[column] = good
    for column in objects:
        if record.get(column):
            record[column] = _object(record[column], wrong, facts=column == "facts")
    return wrong


def _object(values: dict[str, Any], wrong: dict[str, str], *, facts: bool) -> dict[str, Any]:
    """Facts by name, without those that make no sense; one of our own fields that makes none is empty."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        try:
            found[name] = plausible.plain(value)
        except NONSENSE as error:
            if facts:
                wrong[name] = str(error)
            else:
                found[name] = None
    return found


def _reason(wrong: dict[str, str]) -> str:
    return "; ".join(f"{name}: {why}" for name, why in sorted(wrong.items()))


def _presentable(one: SetAside) -> SetAside:
    """An id and a reason that can be kept and shown."""
    return SetAside(one.table, plausible.line(one.id)[: plausible.LONGEST_ID], plausible.line(one.reason)[:300])
