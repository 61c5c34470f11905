"""Whole columns of a page, checked at once: whether each value is good as it stands.

Nearly every column of nearly every page is. A function here may be stricter than the check of one value in plausible.py
and never more lenient: what it does not let pass is checked value by value.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from connectors.shared.pull import plausible
from connectors.shared.pull.plausible import FIRST_YEAR, LAST_YEAR, LONGEST_ID, LONGEST_TEXT, NONSENSE

if TYPE_CHECKING:
    from collections.abc import Callable

_ZONE: Final = attrgetter("tzinfo")
_YEAR: Final = attrgetter("year")


def clear(check: Callable[[Any], Any], values: list[Any]) -> bool:
    """Whether `check` would give back each of the values as it stands."""
    try:
        whole = _WHOLE.get(check)
        return whole(values) if whole else all(check(value) is value for value in values)
    except NONSENSE:
        return False


def _texts(values: list[Any]) -> bool:
    joined = "".join(values)
    return plausible.clean(joined) == joined and not _longer(values, joined, LONGEST_TEXT)


def _lines(values: list[Any]) -> bool:
    joined = "".join(values)
    return joined.isprintable() and not _longer(values, joined, LONGEST_TEXT)


def _identifiers(values: list[Any]) -> bool:
    joined = "".join(values)
    if not (joined.isprintable() and all(values) and _only(str, values)) or _longer(values, joined, LONGEST_ID):
        return False
    return " " not in joined or values == [*map(str.strip, values)]


def _longer(values: list[str], joined: str, most: int) -> bool:
    return len(joined) > most and max(map(len, values)) > most


def _yes_no(values: list[Any]) -> bool:
    return _only(bool, values)


def _shares(values: list[Any]) -> bool:
    return _only(float, values) and all(0 <= value <= 1 for value in values)


def _days(values: list[Any]) -> bool:
    return _only(date, values) and _of_our_time(values)


def _instants(values: list[Any]) -> bool:
    return _only(datetime, values) and {UTC}.issuperset(map(_ZONE, values)) and _of_our_time(values)


def _of_our_time(values: list[Any]) -> bool:
    return all(FIRST_YEAR <= year <= LAST_YEAR for year in set(map(_YEAR, values)))


def _plain(values: list[Any]) -> bool:
    others = [value for value in values if type(value) is not str and value is not None]
    return all(plausible.plain(one) is one for one in others) and _texts([one for one in values if type(one) is str])


def _only(kind: type, values: list[Any]) -> bool:
    return {kind}.issuperset(map(type, values))


_WHOLE: Final[dict[Callable[[Any], Any], Callable[[list[Any]], bool]]] = {
    plausible.text: _texts, plausible.line: _lines, plausible.identifier: _identifiers, plausible.yes_no: _yes_no,
    plausible.share: _shares, plausible.day: _days, plausible.instant: _instants, plausible.plain: _plain,
}  # fmt: skip
