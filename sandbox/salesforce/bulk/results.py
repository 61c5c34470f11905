"""A part of a job's rows as CSV, and the locator of the next part."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from sandbox.salesforce.errors import ApiError

if TYPE_CHECKING:
    from sandbox.salesforce.bulk.jobs import Job

DELIMITERS: Final = {"BACKQUOTE": "`", "CARET": "^", "COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "TAB": "\t"}
LINE_ENDS: Final = {"LF": "\n", "CRLF": "\r\n"}
NUMBERS: Final = {"currency", "double", "percent"}
LAST: Final = "null"
_WIRE: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})\+0000")
_PLAIN: Final = (Decimal("1e-3"), Decimal("1e7"))
"""Outside of these a number is written with an exponent."""


def part(job: Job, locator: str, most: int) -> tuple[str, int, str]:
    """The CSV of at most `most` rows, their number, and the next locator; raises for a locator that is none."""
    start = 0 if not locator else _start(job, locator)
    rows = job.rows[start : start + most]
    cells = [[name for name, _, _ in job.columns]]
    cells += [[_text(kind, read(row)) for _, kind, read in job.columns] for row in rows]
    between, end = DELIMITERS[job.delimiter], LINE_ENDS[job.line_ending]
    text = "".join(between.join(_quoted(cell) for cell in line) + end for line in cells)
    after = start + len(rows)
    return text, len(rows), LAST if after >= len(job.rows) else _locator(job, after)


def _locator(job: Job, start: int) -> str:
    """The locator of a place; it is the same each time."""
    made = b64encode(str(start).encode()).decode().rstrip("=")
    job.given.add(made)
    return made


def _start(job: Job, locator: str) -> int:
    if locator not in job.given:
        raise ApiError("INVALID_QUERY_LOCATOR", "invalid query locator")
    return int(b64decode(locator + "=="))


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


def _text(kind: str, value: Any) -> str:
    """A value as Bulk API writes it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if kind in NUMBERS or isinstance(value, float):
        return _number(value)
    if kind in {"datetime", "anyType"} and (instant := _WIRE.fullmatch(str(value))):
        return f"{instant[1]}Z"
    return str(value)


def _number(value: float) -> str:
    """A number with a fraction, and with an exponent where it is very large or small."""
    exact = Decimal(repr(float(value)))
    if not exact or _PLAIN[0] <= abs(exact) < _PLAIN[1]:
        return repr(float(value))
    sign, digits, _ = exact.normalize().as_tuple()
    rest = "".join(map(str, digits[1:])) or "0"
    return f"{'-' if sign else ''}{digits[0]}.{rest}E{exact.adjusted()}"
