"""An exported file as rows of text: format, encoding and delimiter found out, nothing interpreted yet."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from connectors.tables.sheets.csv_records import csv_records
from connectors.tables.sheets.encoding import LOST, decode
from connectors.tables.sheets.foreign import refuse_binary, refuse_page
from connectors.tables.sheets.header_row import FEW, delimiter_of, header_place
from connectors.tables.sheets.workbook import STARTS, workbook_sheets
from model.errors import SettingsProblem

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from connectors.tables.sheets.csv_records import CsvRecord
    from connectors.tables.sheets.header_row import Known

GARBAGE = 0.01
"""The share of unreadable characters that shows that a file is no text."""


@dataclass(frozen=True)
class Row:
    """One record: the line it starts on (from 1), its cells by header, and how many it has beside or below those.

    `extra`: cells without a header that are not blank. `missing`: headers for which the record has no cell.
    """

    line: int
    cells: dict[str, str]
    extra: int = 0
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sheet:
    """A whole file; `titles`: what stands above the header; `digest` names its bytes; `faults`: line and reason.

    `form`: its encoding and delimiter, or the sheet of a workbook. `guessed`: only its letters show its encoding.
    """

    path: Path
    headers: tuple[str, ...]
    rows: tuple[Row, ...]
    form: str
    digest: str
    header_line: int = 1
    titles: tuple[str, ...] = ()
    faults: tuple[tuple[int, str], ...] = ()
    guessed: str = ""
    lost: int = 0

    def column(self, header: str) -> list[str]:
        """A column's texts, empty cells left out."""
        return [text for row in self.rows if (text := row.cells.get(header, ""))]


def read_sheet(path: Path, known: Known = lambda _cells: 0, encoding: str | None = None) -> Sheet:
    """The rows below the header; raises SettingsProblem where the file is absent, empty or no table."""
    raw = bytes_of(path)
    if raw.startswith(STARTS):
        form, records = _first_table(path, raw, known)
        return replace(_sheet(path, records, known), form=form, digest=digest_of(raw))
    refuse_binary(path, raw)
    decoded = decode(raw, encoding)
    refuse_page(path, decoded.text)
    text = _readable(path, decoded.text)
    delimiter, text = delimiter_of(text, known)
    sheet = _sheet(path, list(csv_records(text, delimiter)), known)
    mark = "tab" if delimiter == "\t" else delimiter
    guessed = decoded.encoding if decoded.guessed else ""
    form = f"{decoded.encoding}, parted by {mark!r}"
    return replace(sheet, form=form, digest=digest_of(raw), guessed=guessed, lost=text.count(LOST))


def _first_table(path: Path, raw: bytes, known: Known) -> tuple[str, list[CsvRecord]]:
    """The first sheet with a line that reads as headers, else the first that is not empty."""
    first: tuple[str, list[CsvRecord]] | None = None
    for name, records in workbook_sheets(path, raw):
        if records and first is None:
            first = name, records
        if records and known(records[header_place([one.cells for one in records], known)].cells) >= FEW:
            return f"sheet {name!r}", records
    return (f"sheet {first[0]!r}", first[1]) if first else ("workbook", [])


def _sheet(path: Path, records: Sequence[CsvRecord], known: Known) -> Sheet:
    good = [record for record in records if not record.fault]
    if not good:
        raise SettingsProblem(f"{path} is empty; export the report again with its header line.")
    place = header_place([record.cells for record in good], known)
    headers = _unique(good[place].cells)
    rows = tuple(_row(record, headers) for record in good[place + 1 :])
    titles = tuple(" ".join(filter(None, record.cells)) for record in good[:place])
    faults = tuple((record.line, record.fault) for record in records if record.fault)
    return Sheet(path, headers, rows, "", "", good[place].line, titles, faults)


def _row(record: CsvRecord, headers: tuple[str, ...]) -> Row:
    cells = dict(zip(headers, record.cells, strict=False))
    extra = sum(bool(cell) for cell in record.cells[len(headers) :])
    return Row(record.line, cells, extra, headers[len(record.cells) :])


def bytes_of(path: Path) -> bytes:
    """The whole file; raises SettingsProblem."""
    if path.exists() and not path.is_file():
        raise SettingsProblem(f"{path} is no file; give the path of the exported report.")
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsProblem(
            f"{path} cannot be read ({error.strerror}); give the path of the exported report."
        ) from error


def digest_of(raw: bytes) -> str:
    """Names these bytes."""
    return hashlib.blake2b(raw, digest_size=16).hexdigest()


def _readable(path: Path, text: str) -> str:
    """The text with a stray NUL shown as a lost character; raises SettingsProblem for what is no text."""
    nuls = text.count("\0")
    if (nuls + text.count(LOST)) > max(1, GARBAGE * len(text)) and nuls:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise SettingsProblem(f"{path}:{line}: this is no text; export the report as CSV UTF-8 or XLSX.")
    return text.replace("\0", LOST)


def _unique(headers: Sequence[str]) -> tuple[str, ...]:
    """Headers as written; a repeated or blank one gets its place, so that no column hides another."""
    seen: set[str] = set()
    names = []
    for place, header in enumerate(headers, 1):
        name = header if header and header not in seen else f"{header or 'column'} ({place})"
        seen.add(name)
        names.append(name)
    return tuple(names)
