"""Rows of Bulk API's CSV as the REST API gives them: typed values, and parents as objects."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from connectors.shared.client.exact_json import exact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Read: TypeAlias = "Callable[[str], Any]"
Row: TypeAlias = "dict[str, Any]"

_NUMBERS: Final = {"currency", "double", "percent"}
_WHOLE: Final = {"int", "integer", "long"}
_KIND: Final = "DataType"
"""The column of a history that names the type of its values."""
_ANY: Final = "anytype"


def table(content: bytes) -> Iterator[list[str]]:
    """The lines of a part, the names of its columns first; raises ValueError for what is no CSV."""
    text = io.TextIOWrapper(io.BytesIO(content), "utf-8", errors="replace", newline="")
    try:
        yield from csv.reader(text, strict=True)
    except csv.Error as error:
        raise ValueError(str(error)) from None


class Values:
    """Makes rows of lines; `types` maps each column, which may lead through parents, to its type in the org."""

    def __init__(self, types: Mapping[str, str], *, decimals: bool) -> None:
        self._types = {path: kind.lower() for path, kind in types.items()}
        self._decimals = decimals

    def rows(self, content: bytes) -> Iterator[Row]:
        """All rows of a part. An empty cell is null: Salesforce keeps no empty texts."""
        lines = table(content)
        names = next(lines)
        reads = [self._read(self._types[name]) for name in names]
        deep = [name for name in names if "." in name]
        kinds = [name for name in names if self._types[name] == _ANY] if _KIND in names else []
        for line in lines:
            row: Row = {
                name: None if not cell else read(cell) if read else cell
                for name, read, cell in zip(names, reads, line, strict=True)
            }
            for name in kinds:
                row[name] = self._of_kind(row[_KIND], row[name])
            yield _nested(row, deep) if deep else row

    def _of_kind(self, kind: str | None, value: str | None) -> Any:
        read = self._read(kind.lower()) if kind and value else None
        return read(value) if read and value else value

    def _read(self, kind: str) -> Read | None:
        """How a cell of this type is read; None where it is the value."""
        if kind in _NUMBERS:
            return _decimal if self._decimals else _float
        if kind in _WHOLE:
            return _int
        return {"boolean": _boolean, "datetime": _instant}.get(kind)


def _nested(row: Row, deep: list[str]) -> Row:
    """The row with what belongs to its parents below their names."""
    for name in deep:
        *parents, last = name.split(".")
        here = row
        for parent in parents:
            here = here.setdefault(parent, {})
        here[last] = row.pop(name)
    return row


def _decimal(cell: str) -> Any:
    """A number, exactly; what is none stays a text, so that whoever needs a number refuses it."""
    try:
        return exact(cell)
    except ArithmeticError:
        return cell


def _float(cell: str) -> Any:
    try:
        return float(cell)
    except ValueError:
        return cell


def _int(cell: str) -> Any:
    try:
        return int(cell)
    except ValueError:
        return cell


def _boolean(cell: str) -> Any:
    return {"true": True, "false": False}.get(cell, cell)


def _instant(cell: str) -> str:
    """As REST writes it: with an offset."""
    return f"{cell[:-1]}+0000" if cell.endswith("Z") else cell
