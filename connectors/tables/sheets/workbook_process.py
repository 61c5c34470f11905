"""A program of its own that reads a workbook, so that a file made to take all memory ends this process and no other.

The workbook comes by standard input. A JSON list of its sheets goes to standard output, each as its name, the place of
its first row and its rows of text. A workbook that cannot be opened gives {"error": why}. It imports nothing of
Sluicegate, so that it starts in a moment.
"""

from __future__ import annotations

import io
import json
import resource
import sys
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final

from python_calamine import CalamineError, CalamineWorkbook

MEMORY: Final = 4 << 30
SECONDS: Final = 60
EXACT: Final = 10**15
"""A number of more digits was rounded by the spreadsheet."""
AMBIGUOUS: Final = -3


def main() -> int:
    """Read standard input within bounds of memory and time."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    try:
        answer: Any = sheets(sys.stdin.buffer.read())
    except CalamineError as error:
        answer = {"error": str(error)}
    json.dump(answer, sys.stdout)
    return 0


def sheets(raw: bytes) -> list[tuple[str, int, list[list[str]]]]:
    """Name, place of the first row, and rows of each sheet, in their order."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(raw))
    found = []
    for name in book.sheet_names:
        sheet = book.get_sheet_by_name(name)
        top = sheet.start[0] if sheet.start else 0
        found.append((name, top, [list(map(text, row)) for row in sheet.to_python(skip_empty_area=True)]))
    return found


def text(cell: object) -> str:
    """A cell as a CSV would have it, in a form that can be read in one way only."""
    match cell:
        case bool():
            return "true" if cell else "false"
        case int() | float():
            return number(cell)
        case datetime():
            return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ", "seconds")
        case date():
            return cell.isoformat()
    return str(cell).strip()


def number(value: float) -> str:
    """Three decimals get a fourth, as `1.234` may also be thousands. What was rounded shows its exponent."""
    exact = Decimal(repr(value))
    if abs(exact) >= EXACT:
        return f"{exact:E}"
    written = f"{exact.to_integral() if exact == exact.to_integral() else exact.normalize():f}"
    return f"{written}0" if Decimal(written).as_tuple().exponent == AMBIGUOUS else written


if __name__ == "__main__":
    sys.exit(main())
