"""Pages that follow each other: a list that goes in circles, or has no end, is left with a sentence."""

from __future__ import annotations

from typing import Final

from model.errors import RetryLater

MOST_PAGES: Final = 200_000
"""Pages of one list: twenty million records of the CRM that gives the fewest on a page."""
MOST_EMPTY: Final = 50
"""Pages in a row that bring nothing."""


class Circular(RetryLater):
    """The pages of a list do not come to an end."""


class Paging:
    """The marks of the pages of one list that were asked for so far."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._marks: set[str] = set()
        self._empty = 0

    def check(self, mark: str, found: int) -> None:
        """Note the next page's mark and how many rows this page brought; raises Circular where there is no end."""
        self._empty = 0 if found else self._empty + 1
        if mark in self._marks:
            raise Circular(f"The CRM gives the same page of {self._what} for ever.")
        if self._empty > MOST_EMPTY or len(self._marks) >= MOST_PAGES:
            raise Circular(f"The CRM's pages of {self._what} do not come to an end.")
        self._marks.add(mark)
