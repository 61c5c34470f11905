"""A CSV file as rows of text: encoding and delimiter found out, lines counted, nothing interpreted yet."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from connectors.tables.header_row import delimiter_of, header_place
from model.errors import SettingsProblem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from connectors.tables.header_row import Known

BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


WORKBOOKS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How Excel's own files begin, new and old."""


@dataclass(frozen=True)
class Row:
    """One record: the line it starts on (from 1) and its trimmed cells by header; `cells_found` as written."""

    line: int
    cells: dict[str, str]
    cells_found: int


@dataclass(frozen=True)
class Sheet:
    """A whole file; `titles`: what stands above the header; `digest` names its bytes."""

    path: Path
    headers: tuple[str, ...]
    rows: tuple[Row, ...]
    encoding: str
    delimiter: str
    digest: str
    header_line: int = 1
    titles: tuple[str, ...] = ()

    def column(self, header: str) -> list[str]:
        """A column's texts, blanks left out."""
        return [text for row in self.rows if (text := row.cells.get(header, ""))]


def read_sheet(path: Path, known: Known = lambda _cells: 0) -> Sheet:
    """The file's rows below its header; raises SettingsProblem where it is absent, empty or no CSV."""
    raw = bytes_of(path)
    text, encoding = _text(path, raw)
    delimiter, text = delimiter_of(text, known)
    records = list(_records(path, text, delimiter))
    if not records:
        raise SettingsProblem(f"{path} is empty; export the report again with its header line.")
    place = header_place([cells for _, cells in records], known)
    headers = _unique(records[place][1])
    rows = tuple(Row(line, dict(zip(headers, cells, strict=False)), len(cells)) for line, cells in records[place + 1 :])
    return Sheet(
        path, headers, rows, encoding, delimiter, digest_of(raw),
        records[place][0], tuple(" ".join(filter(None, cells)) for _, cells in records[:place]),
    )  # fmt: skip


def bytes_of(path: Path) -> bytes:
    """The whole file; raises SettingsProblem."""
    if path.exists() and not path.is_file():
        raise SettingsProblem(f"{path} is no file; give the path of the exported CSV.")
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsProblem(
            f"{path} cannot be read ({error.strerror}); give the path of the exported CSV."
        ) from error


def digest_of(raw: bytes) -> str:
    """Names these bytes."""
    return hashlib.blake2b(raw, digest_size=16).hexdigest()


def _text(path: Path, raw: bytes) -> tuple[str, str]:
    """The file as text; raises SettingsProblem for a workbook and for what is no text."""
    if raw.startswith(WORKBOOKS):
        raise SettingsProblem(f"{path} is a workbook, not a CSV; save it as CSV UTF-8 and give that file.")
    try:
        text, encoding = decode(raw)
    except UnicodeDecodeError as error:
        raise SettingsProblem(
            f"{path} begins as {error.encoding} and is none at byte {error.start}; export it as CSV UTF-8."
        ) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise SettingsProblem(
            f"{path}:{line}: a NUL character stands here, so this is no text; export it as CSV UTF-8."
        )
    return text, encoding


def decode(raw: bytes) -> tuple[str, str]:
    """Text and the encoding it was read in: by its mark, else UTF-8, else Windows-1252, else Latin-1.

    Raises UnicodeDecodeError where it begins as UTF-16 and is none.
    """
    for mark, encoding in BOMS:
        if raw.startswith(mark):
            return raw.decode(encoding), encoding
    if (start := raw[:200]).count(0) * 4 > len(start):
        encoding = "utf-16-be" if raw[:1] == b"\0" else "utf-16-le"
        return raw.decode(encoding), encoding
    for encoding in ("utf-8", "cp1252"):
        try:
            return raw.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1"), "latin-1"


def _records(path: Path, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Records that are not blank, each with the line on which it starts."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    start = 1
    try:
        for cells in reader:
            trimmed = [cell.strip() for cell in cells]
            if any(trimmed):
                yield start, trimmed
            start = reader.line_num + 1
    except csv.Error as error:
        raise SettingsProblem(
            f"{path}:{start}: the record that starts here is no CSV ({error}); mend its quotes or export again."
        ) from error


def _unique(headers: list[str]) -> tuple[str, ...]:
    """Headers as written; a repeated or blank one gets its place, so that no column hides another."""
    seen: set[str] = set()
    names = []
    for place, header in enumerate(headers, 1):
        name = header if header and header not in seen else f"{header or 'column'} ({place})"
        seen.add(name)
        names.append(name)
    return tuple(names)
