"""Replies of another shape than the CRM documents: a sentence and another try later.

A mistake in this program is none of these. It passes through, so that it ends as an internal error.
"""

from __future__ import annotations

import re
import sysconfig
from contextlib import contextmanager
from decimal import Decimal
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from model.errors import RetryLater

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

_LONGEST: Final = 500
"""Characters of a CRM's own sentence."""
_SHAPE: Final = (KeyError, TypeError, AttributeError, IndexError, ArithmeticError, RecursionError, ValueError)
_VALUES: Final = (dict, list, str, bytes, int, float, Decimal, type(None))
"""What a reply holds. What is missing on any other object is missing in this program."""
_WRONG_CALL: Final = re.compile(r"\b(positional|keyword|required|multiple values for) (keyword-only )?argument")
_LIBRARIES: Final = (sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))


@contextmanager
def understood(*, but: type[Exception] | None = None) -> Iterator[None]:
    """Raise RetryLater where a reply has another shape than it should.

    Errors of type `but` pass through, and those that no reply can cause.
    """
    try:
        yield
    except _SHAPE as error:
        if (but and type(error) is but) or _of_ours(error):
            raise
        where = _place(error.__traceback__)
        text = f"A reply of the CRM has another shape than its documents say ({type(error).__name__} at {where})."
        advice = "Nothing of it was kept; if this goes on, report it with the version of Sluicegate."
        raise RetryLater(f"{text} {advice}") from None


def _of_ours(error: BaseException) -> bool:
    """Whether no reply can cause this error: a wrong call, a name that an object lacks, or code that reads no reply."""
    if isinstance(error, AttributeError) and not isinstance(error.obj, _VALUES):
        return True
    if isinstance(error, TypeError) and _WRONG_CALL.search(str(error)):
        return True
    return not _reads_replies(error.__traceback__)


def _reads_replies(trace: TracebackType | None) -> bool:
    """Whether the innermost code that is no library's belongs to the connectors."""
    names = []
    while trace:
        if not trace.tb_frame.f_code.co_filename.startswith(_LIBRARIES):
            names.append(str(trace.tb_frame.f_globals.get("__name__")))
        trace = trace.tb_next
    return bool(names) and names[-1].startswith("connectors.")


def sentence(text: object) -> str:
    """What a CRM says, on one line and cut: it is quoted in sentences of ours."""
    return " ".join(str(text)[:_LONGEST].split())


def _place(trace: TracebackType | None) -> str:
    """File and line that could not read it."""
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{PurePath(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "an unknown place"
