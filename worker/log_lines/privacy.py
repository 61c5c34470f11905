"""What logs leave out: an error that nobody foresaw, and a CRM's own words about a record, may quote a customer."""

from __future__ import annotations

import re
import sys
import traceback
from typing import TYPE_CHECKING, Any, Final

from model.errors import SluicegateError

if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping

CODE: Final = re.compile(r"\(([A-Z][A-Z0-9_]+)\)\.?$")
"""The CRM's code at the end of a reason."""
RECORD: Final = re.compile(r"(set aside: .+?): .*", re.DOTALL)
REFUSED: Final = "refused: "
POOL_PROCESS_ENDED: Final = "WorkerLostError"
"""What Celery raises, with the signal or exit code in its text; importing it would cost each command 10 ms."""


def without_values(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Say where an error was raised in place of what it says, unless it is a sentence of ours."""
    info = event.pop("exc_info", None)
    error = _error_in(info)
    if error is None:
        return event
    if type(error).__name__ == POOL_PROCESS_ENDED:
        event.update(event="a process of the worker has ended in the middle of a job", why=str(error))
        return event
    if (record := event.get("_record")) is not None:  # a library logged it; its text may quote the error
        event["event"] = f"{record.name}: an error that nobody foresaw"
    event["exception"] = "\n".join(_places(error))
    return event


def _error_in(info: Any) -> BaseException | None:
    if isinstance(info, BaseException):
        return info
    found = info if isinstance(info, tuple) else sys.exc_info() if info else (None, None)
    error = found[1] if isinstance(found[1], BaseException) else None
    return getattr(error, "exc", error)  # what a process of the pool raised is wrapped on its way


def _places(error: BaseException) -> Iterator[str]:
    """Where an error and those before it were raised, the first one first; its kind, and its text if it is ours."""
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield from _places(before)
    for frame in traceback.extract_tb(error.__traceback__):
        yield f"{frame.filename}:{frame.lineno} in {frame.name}"
    yield f"{type(error).__name__}: {error}" if isinstance(error, SluicegateError) else type(error).__name__


def of_trouble(line: str) -> str:
    """A line of a run's trouble without the CRM's own words and without values of records; `runs ID` has all of it."""
    if line.startswith(REFUSED):
        code = CODE.search(line)
        return f"{REFUSED}{code[1] if code else 'by a rule of the CRM'}"
    return RECORD.sub(r"\1", line)
