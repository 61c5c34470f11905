"""The sheets of a workbook (XLSX, XLSB, XLS, ODS) as rows of text. Its numbers and dates are exact."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from python_calamine import CalamineError, CalamineWorkbook

from connectors.tables.sheets.csv_records import LONGEST, CsvRecord
from model.errors import SettingsProblem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STARTS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How workbooks begin, new and old."""
UNPACKED: Final = 1 << 30
"""Bytes that a workbook may unpack to."""
EXACT: Final = 10**15
"""A number of more digits was rounded by the spreadsheet."""
AMBIGUOUS: Final = -3


def workbook_sheets(path: Path, raw: bytes) -> Iterator[tuple[str, list[CsvRecord]]]:
    """Name and records of each sheet, in their order. Raises SettingsProblem."""
    _check_size(path, raw)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(raw))
        for name in book.sheet_names:
            yield name, _records(book, name)
    except CalamineError as error:
        raise SettingsProblem(
            f"{path} is a workbook that cannot be opened ({error}); remove its password, or export it as CSV UTF-8."
        ) from None


def _check_size(path: Path, raw: bytes) -> None:
    if not raw.startswith(STARTS[0]):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            size = sum(part.file_size for part in packed.infolist())
    except zipfile.BadZipFile:
        raise SettingsProblem(f"{path} is a damaged workbook or an archive; export the report again.") from None
    if size > UNPACKED:
        raise SettingsProblem(f"{path} unpacks to more than 1 GB; export a smaller report, or export it as CSV.")


def _records(book: CalamineWorkbook, name: str) -> list[CsvRecord]:
    sheet = book.get_sheet_by_name(name)
    top = sheet.start[0] if sheet.start else 0
    rows = [tuple(map(_text, row)) for row in sheet.to_python(skip_empty_area=True)]
    return [CsvRecord(top + place, cells) for place, cells in enumerate(rows, 1) if any(cells)]


def _text(cell: object) -> str:
    """A cell as a CSV would have it, in a form that can be read in one way only."""
    match cell:
        case bool():
            return "true" if cell else "false"
        case int() | float():
            return _number(cell)
        case datetime():
            return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ", "seconds")
        case date():
            return cell.isoformat()
    return str(cell)[:LONGEST].strip()


def _number(value: float) -> str:
    """Three decimals get a fourth, as `1.234` may also be thousands. What was rounded shows its exponent."""
    exact = Decimal(repr(value))
    if abs(exact) >= EXACT:
        return f"{exact:E}"
    text = f"{exact.to_integral() if exact == exact.to_integral() else exact.normalize():f}"
    return f"{text}0" if Decimal(text).as_tuple().exponent == AMBIGUOUS else text
