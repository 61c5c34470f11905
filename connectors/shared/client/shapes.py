"""Replies of another shape than the CRM documents: a sentence and another try later, never a fault of ours."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from model.errors import RetryLater

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

_LONGEST: Final = 500
"""Characters of a CRM's own sentence."""
_SHAPE: Final = (KeyError, TypeError, AttributeError, IndexError, ArithmeticError, RecursionError, ValueError)


@contextmanager
def understood(*, but: type[Exception] | None = None) -> Iterator[None]:
    """Raise RetryLater where a reply has another shape than it should; errors of type `but` pass through."""
    try:
        yield
    except _SHAPE as error:
        if but and type(error) is but:
            raise
        where = _place(error.__traceback__)
        text = f"A reply of the CRM has another shape than its documents say ({type(error).__name__} at {where})."
        advice = "Nothing of it was kept; if this goes on, report it with the version of Sluicegate."
        raise RetryLater(f"{text} {advice}") from None


def sentence(text: object) -> str:
    """What a CRM says, on one line and cut: it is quoted in sentences of ours."""
    return " ".join(str(text)[:_LONGEST].split())


def _place(trace: TracebackType | None) -> str:
    """File and line that could not read it."""
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{PurePath(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "an unknown place"
