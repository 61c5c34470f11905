"""The records of a CSV text. A record that is no CSV costs itself and no other."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

ESCAPED_QUOTE: Final = re.compile(r'\\"(?![,;\t|\r\n]|$)')
"""A quote as MySQL and some programs write it. RFC 4180 writes it twice."""
LONGEST: Final = 32_767
"""Characters of a cell that are kept, as many as a spreadsheet keeps."""
csv.field_size_limit(1 << 30)


@dataclass(frozen=True)
class CsvRecord:
    """The line on which a record starts (from 1) and its trimmed cells, or why it has none."""

    line: int
    cells: tuple[str, ...]
    fault: str = ""


def csv_records(text: str, delimiter: str) -> Iterator[CsvRecord]:
    """Every record that is not blank."""
    lines = list(io.StringIO(text, newline=""))
    start, mended = 0, -1
    while start < len(lines):
        reader = csv.reader(map(lines.__getitem__, range(start, len(lines))), delimiter=delimiter, strict=True)
        first = start
        try:
            for cells in reader:
                if any(trimmed := tuple(cell[:LONGEST].strip() for cell in cells)):
                    yield CsvRecord(first + 1, trimmed)
                first = start + reader.line_num
            break
        except csv.Error as error:
            if first > mended:
                mended = first
                _mend(lines, first, start + reader.line_num)
                start = first
                continue
            yield CsvRecord(first + 1, (), f"is no CSV ({error}); mend its quotes or export again")
            start = first + 1


def _mend(lines: list[str], first: int, end: int) -> None:
    """Double the quotes that stand behind a backslash, in these lines."""
    for place in range(first, min(end, len(lines))):
        lines[place] = ESCAPED_QUOTE.sub('""', lines[place])


def cells_of(line: str, delimiter: str) -> list[str]:
    """One line, cut at the delimiter as well as it can be."""
    try:
        return next(islice(csv.reader([line], delimiter=delimiter), 1), [])
    except csv.Error:
        return line.split(delimiter)
