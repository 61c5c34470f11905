"""Loops that steps of a run share: over pages of the CRM, and over rows of work."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Final, TypeVar

from model.helpers.prefetch import ahead
from worker.pipeline.running import note_calls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from worker.pipeline.session import Session

T = TypeVar("T")

SWEEP: Final = 8
"""Pages between two garbage collections, and between two notes of the calls to the CRM."""
LOOK_SECONDS: Final = 0.5
"""How often a run looks whether the workers that joined it have finished their rows of work."""


def read_ahead(session: Session, pages: Iterator[T]) -> Iterator[T]:
    """The pages, each read while the one before is kept."""
    for number, page in enumerate(ahead(pages)):
        yield page
        if number % SWEEP == 0:
            gc.collect(1)  # reference cycles that the libraries have left
            note_calls(session)


def rows_of_work(session: Session, claim: Callable[[], T | None], with_others: Callable[[], bool]) -> Iterator[T]:
    """Rows until `claim` finds none, those too that joined workers could not finish."""
    while True:
        if (row := claim()) is not None:
            yield row
        elif with_others():
            session.services.sleep(LOOK_SECONDS)
        else:
            return
