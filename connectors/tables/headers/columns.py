"""Which column holds what: the headers that are known, and those that the settings name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from connectors.tables.cells import BadValue, is_blank, is_code, parse_instant
from connectors.tables.headers.status_words import means_an_end
from connectors.tables.headers.synonyms import NEEDED, SYNONYMS
from model.errors import SettingsProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from zoneinfo import ZoneInfo

MANY: Final = 40
"""Headers, and characters of a header, that a sentence can hold."""
DATES: Final = frozenset({
    "close_date", "closed_at", "won_at", "lost_at", "created", "reported_last_activity", "last_edit", "next_step_due",
    "at", "done_at", "due",
})  # fmt: skip
STANDS_IN: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "opportunities": {"close_date": ("closed_at",), "amount": ("actual_amount",), "owner": ("owner_id",),
                      "account": ("account_id",), "stage_name": ("status",)},
    "activities": {"at": ("done_at", "due", "created"), "opportunity_id": ("opportunity_name",)},
}  # fmt: skip
"""What a column is read from where it has no header of its own."""
OBJECT: Final = {
    "opportunities": re.compile(r"^((opportunity|deal|opp)\b ?)+|( opportunity| deal)$"),
    "activities": re.compile(r"^((activity|call|task|event|meeting)\b ?)+"),
}
"""The name of the object, which many exports put before or behind what it is about."""


@dataclass(frozen=True)
class Columns:
    """Column or fact → header. `passed_over`: headers that are known, whose cells hold something else."""

    found: dict[str, str]
    passed_over: dict[str, str]


def plain(header: str) -> str:
    """A header as the synonyms write it: lower case, words parted by one blank, no currency code."""
    words = (
        re.sub(r"[^\w%]+|_", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", header).lower()).replace("%", " percent ").split()
    )
    return " ".join(word for place, word in enumerate(words) if not (place and is_code(word)))


def guess(headers: Sequence[str], sample: Sequence[Mapping[str, str]] = (), table: str = "opportunities") -> Columns:
    """The headers that can be recognised.

    A header that means a date is passed over when no cell of `sample` (rows by header) reads as one, and a status
    when none of its words says open, won or lost.
    """
    by_words: dict[str, str] = {}
    for level in (0, 1):
        for header in headers:
            for words in _readings(header, table)[level : level + 1]:
                by_words.setdefault(words, header)
    columns = Columns({}, {})
    for column, synonyms in SYNONYMS[table].items():
        for header in (by_words[words] for words in synonyms if words in by_words):
            if header in columns.found.values():
                continue
            if why := _unfit(column, table, [row.get(header, "") for row in sample]):
                columns.passed_over.setdefault(header, why)
                continue
            columns.found[column] = header
            break
    return columns


def known_headers(table: str, named: Mapping[str, str]) -> Callable[[Sequence[str]], int]:
    """How much of a line reads as headers, known by their words or named; those a table needs count twice."""
    named_columns = _named_columns(table, named)

    def known(cells: Sequence[str]) -> int:
        found = {column for column, header in named_columns.items() if header in cells}
        found |= guess([cell for cell in cells if cell not in named_columns.values()], (), table).found.keys()
        return len(found) + len(found.intersection(NEEDED[table]))

    return known


def mapping(
    table: str, headers: Sequence[str], named: Mapping[str, str], sample: Sequence[Mapping[str, str]]
) -> Columns:
    """The guess, with what the settings name put over it; raises SettingsProblem for a header that is not there."""
    named_columns = _named_columns(table, named)
    for column, header in named_columns.items():
        if header not in headers:
            raise SettingsProblem(f"{table} has no column {header!r} (named for {column}); it has: {listed(headers)}.")
    rest = guess([header for header in headers if header not in named_columns.values()], sample, table)
    found = {
        **{column: header for column, header in rest.found.items() if column not in named_columns},
        **named_columns,
    }
    for column, others in STANDS_IN.get(table, {}).items():
        if column not in found and (other := next((name for name in others if name in found), None)):
            found[column] = found[other]
    return Columns(found, {header: why for header, why in rest.passed_over.items() if header not in found.values()})


def rivals(table: str, sheet_headers: Sequence[str], found: Mapping[str, str]) -> dict[str, list[str]]:
    """Column → headers that mean it too and are not used."""
    used = set(found.values())
    free = [header for header in sheet_headers if header not in used]
    meant = {column: [h for h in free if set(_readings(h, table)) & set(SYNONYMS[table][column])] for column in found
             if column in SYNONYMS[table]}  # fmt: skip
    alike = {
        column: [header for header in free if alike(plain(header)) and header not in meant.get(column, [])]
        for column, alike in ALIKE.items()
        if table == "opportunities" and column in found
    }
    both = {column: meant.get(column, []) + alike.get(column, []) for column in {**meant, **alike}}
    return {column: headers for column, headers in both.items() if headers}


ALIKE: Final[dict[str, Callable[[str], object]]] = {
    "amount": re.compile(r".*\b(amount|revenue|value)\b(?!.*\b(id|date|currency)\b)").fullmatch,
    "close_date": re.compile(r".*\bclos\w* .*\bdate\b.*|.*\bdate clos\w*.*").fullmatch,
    "owner": re.compile(r".*\bowner( name)?").fullmatch,
    "stage_name": re.compile(r".*\bstage( name)?").fullmatch,
}
"""What makes a header look like another column of the same kind."""


def listed(headers: Sequence[str]) -> str:
    """Headers for a sentence: the first of many, none too long."""
    shown = ", ".join(header[:MANY] for header in headers[:MANY])
    return f"{shown} and {len(headers) - MANY} more" if len(headers) > MANY else shown


def _named_columns(table: str, named: Mapping[str, str]) -> dict[str, str]:
    """What the settings name, by the columns' own names."""
    alias = NAMED_ALIKE if table == "opportunities" else {}
    return {alias.get(column, column): header for column, header in named.items()}


NAMED_ALIKE: Final = {
    "stage": "stage_name",
    "last_activity": "reported_last_activity",
    "activity_hint": "reported_last_activity",
}


def _readings(header: str, table: str) -> list[str]:
    """The header's words without the name of the object, where it has one, and the words as they stand.

    A header that names the object goes first: beside `Owner` of something else, `Deal Owner` is the deal's.
    """
    words = plain(header)
    bare = OBJECT[table].sub("", words) if table in OBJECT else words
    return [bare, words] if bare and bare != words else ["", words]


def _unfit(column: str, table: str, texts: list[str]) -> str:
    """Why a column that is known by its header cannot be it, by its cells; nothing where it can."""
    cells = [text for text in texts if not is_blank(text, value=True)]
    if table not in {"opportunities", "activities"} or not cells:
        return ""
    if column in DATES and not any(map(_reads, cells)):
        return f"none of its cells reads as a date, such as {cells[0][:MANY]!r}"
    if column == "state" and all(map(_reads, cells)):
        return "its cells are dates"
    if column == "status" and not any(map(means_an_end, cells)):
        return f"none of its words says open, won or lost, such as {cells[0][:MANY]!r}"
    return ""


def _reads(text: str) -> bool:
    from zoneinfo import ZoneInfo

    return any(_reads_as(text, order, ZoneInfo("UTC")) for order in ("dmy", "mdy"))


def _reads_as(text: str, order: str, zone: ZoneInfo) -> bool:
    try:
        parse_instant(text, order, zone)
    except BadValue:
        return False
    return True
