"""The sheets of a workbook (XLSX, XLSB, XLS, ODS) as rows of text. Its numbers and dates are exact."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from connectors.tables.sheets.csv_records import LONGEST, CsvRecord
from model.errors import SettingsProblem

if TYPE_CHECKING:
    from collections.abc import Iterator

STARTS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How workbooks begin, new and old."""
UNPACKED: Final = 1 << 30
"""Bytes that a workbook may unpack to."""
READER: Final = Path(__file__).with_name("workbook_process.py")


def workbook_sheets(path: Path, raw: bytes) -> Iterator[tuple[str, list[CsvRecord]]]:
    """Name and records of each sheet, in their order. Raises SettingsProblem."""
    _check_size(path, raw)
    for name, top, rows in _read(path, raw):
        records = (CsvRecord(top + place, tuple(cell[:LONGEST] for cell in row)) for place, row in enumerate(rows, 1))
        yield name, [record for record in records if any(record.cells)]


def _read(path: Path, raw: bytes) -> list[tuple[str, int, list[list[str]]]]:
    """The sheets as another process reads them, within bounds of memory and time."""
    command = [sys.executable, "-P", str(READER)]
    done = subprocess.run(command, input=raw, capture_output=True, check=False)  # noqa: S603 - our own program
    if done.returncode:
        raise SettingsProblem(
            f"{path} takes more memory or time than a report does: its sheets reach too far, or the file is damaged. "
            "Delete what stands far from the table, or export it as CSV UTF-8."
        )
    found: Any = orjson.loads(done.stdout)
    if isinstance(found, dict):
        raise SettingsProblem(
            f"{path} is a workbook that cannot be opened ({found['error']}): it has a password, is damaged, or claims "
            "too many cells. Save it again without, or export it as CSV UTF-8."
        )
    return list(found)


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
