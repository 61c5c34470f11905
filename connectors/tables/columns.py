"""Which column holds what: a table of the headers that common exports use, and `guess`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from connectors.tables.amounts import ISO
from connectors.tables.values import BLANK, BadValue, parse_instant
from model.errors import SettingsProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from zoneinfo import ZoneInfo

SYNONYMS: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "opportunities": {
        "id": ("id", "record id", "object id", "do not modify", "case safe id", "key", "number"),
        "name": ("name", "title", "topic", "subject"),
        "pipeline": ("pipeline", "pipeline name"),
        "record_type": ("record type", "record type name"),
        "deal_type": ("type", "category"),
        "source": ("source", "lead source", "original source", "original traffic source", "source campaign"),
        "stage_name": ("stage", "stage name", "sales stage", "pipeline stage", "pipeline phase",
                       "process stage", "phase"),
        "status": ("status", "state", "outcome"),
        "is_closed": ("closed", "is closed"),
        "is_won": ("won", "is won", "is closed won"),
        "amount": ("amount", "value", "close value", "deal size", "est revenue", "estimated revenue", "revenue",
                   "total", "price", "acv", "tcv", "contract value"),
        "currency": ("currency", "currency iso code", "currency code", "amount currency"),
        "close_date": ("close date", "closing date", "expected close date", "est close date", "estimated close date",
                       "closed date", "closed on", "close", "end date"),
        "probability": ("probability", "probability percent", "win probability", "likelihood"),
        "forecast_category": ("forecast category",),
        "next_step": ("next step", "next steps"),
        "owner": ("owner", "owner name", "sales agent", "sales rep", "rep", "representative", "salesperson",
                  "account executive", "assigned to", "agent", "seller", "owner full name"),
        "owner_id": ("owner id",),
        "account": ("account", "account name", "company", "company name", "organization", "organisation",
                    "organization name", "associated company", "potential customer", "customer", "client"),
        "account_id": ("account id", "company id"),
        "created": ("created", "created date", "create date", "created on", "created at", "date created",
                    "creation date", "opened", "open date", "start date", "engage date"),
        "activity_hint": ("last activity", "last activity date", "last contacted", "date of last activity"),
        "last_edit": ("last modified", "last modified date", "modified on", "modified", "update time", "updated at",
                      "last updated"),
        "segment": ("segment", "customer segment", "market segment"),
        "region": ("region", "territory", "sales region"),
        "team": ("team", "sales team", "owner team"),
        "product": ("product", "product name", "product line"),
        "next_step_due": ("next step due", "next step date"),
        "discount_percent": ("discount", "discount percent"),
        "is_test": ("is test", "test"),
    },
    "owners": {
        "id": ("id", "user id", "owner id"),
        "name": ("name", "owner", "full name", "user", "sales agent", "sales rep", "rep", "agent", "representative"),
        "username": ("email", "mail", "username", "user name", "e mail"),
        "manager": ("manager", "manager name", "reports to"),
        "team": ("team", "sales team", "regional office", "office", "department"),
        "region": ("region", "territory", "sales region"),
        "zone": ("zone", "time zone", "timezone"),
        "is_active": ("active", "is active"),
        "start_date": ("start date", "hire date", "hired"),
    },
    "activities": {
        "id": ("id", "activity id", "record id"),
        "opportunity_id": ("opportunity id", "deal id", "opportunity", "deal", "related to", "regarding"),
        "kind": ("kind", "type", "activity type", "task subtype"),
        "state": ("state", "status", "activity status"),
        "at": ("at", "date", "activity date", "completed", "completed date", "start", "start date", "done time"),
        "due": ("due", "due date"),
        "created": ("created", "created date", "created on", "date created"),
        "owner": ("owner", "assigned to", "assigned", "user"),
    },
    "history": {
        "opportunity_id": ("opportunity id", "deal id", "opportunity", "deal", "id"),
        "stage_name": ("to stage", "stage", "new stage", "stage name", "new value", "deal stage"),
        "from_stage": ("from stage", "old stage", "previous stage", "old value"),
        "at": ("at", "date", "stage change date", "changed on", "changed at", "last modified", "last modified date",
               "edit date", "entered", "entered on"),
    },
}  # fmt: skip
"""File → what it holds → headers that mean it, the likeliest first; written as `plain` gives them."""

NEEDED: Final = {
    "opportunities": ("id", "stage_name"),
    "owners": ("name",),
    "activities": ("opportunity_id", "kind", "at"),
    "history": ("opportunity_id", "stage_name", "at"),
}
"""What a file cannot be read without."""
MANY: Final = 40
"""Headers, and characters of a header, that a sentence can hold."""
DATES: Final = frozenset({"close_date", "created", "activity_hint", "last_edit", "next_step_due"})


def plain(header: str) -> str:
    """A header as the synonyms write it: lower case, words parted by one blank, no currency code."""
    words = (
        re.sub(r"[^0-9a-z%]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", header).lower())
        .replace("%", " percent ")
        .split()
    )
    return " ".join(word for place, word in enumerate(words) if not (place and word.upper() in ISO))


def currency_in(header: str) -> str | None:
    """The ISO code that a header carries, as `Amount (EUR)` does."""
    return next((code for code in re.findall(r"[A-Z]{3}", header) if code in ISO), None)


def guess(
    headers: Sequence[str], sample: Sequence[Mapping[str, str]] = (), table: str = "opportunities"
) -> dict[str, str]:
    """The headers that can be recognised: column or fact → header.

    A header that means a date is passed over when no cell of `sample` (rows by header) reads as one.
    """
    by_words: dict[str, str] = {}
    for header in headers:
        for words in _readings(header, table):
            by_words.setdefault(words, header)
    found: dict[str, str] = {}
    for column, synonyms in SYNONYMS[table].items():
        for header in (by_words[words] for words in synonyms if words in by_words):
            if header not in found.values() and not (
                column in DATES and _no_dates(row.get(header, "") for row in sample)
            ):
                found[column] = header
                break
    return found


def known_headers(table: str, named: Mapping[str, str]) -> Callable[[Sequence[str]], int]:
    """How much of a line reads as headers, known by their words or named; those a table needs count twice."""
    named_columns = _named_columns(table, named)

    def known(cells: Sequence[str]) -> int:
        found = {column for column, header in named_columns.items() if header in cells}
        found |= guess([cell for cell in cells if cell not in named_columns.values()], (), table).keys()
        return len(found) + len(found.intersection(NEEDED[table]))

    return known


def mapping(
    table: str, headers: Sequence[str], named: Mapping[str, str], sample: Sequence[Mapping[str, str]]
) -> dict[str, str]:
    """The guess, with what the settings name put over it; raises SettingsProblem for a header that is not there."""
    named_columns = _named_columns(table, named)
    for column, header in named_columns.items():
        if header not in headers:
            raise SettingsProblem(f"{table} has no column {header!r} (named for {column}); it has: {listed(headers)}.")
    rest = guess([header for header in headers if header not in named_columns.values()], sample, table)
    return {**{column: header for column, header in rest.items() if column not in named_columns}, **named_columns}


def listed(headers: Sequence[str]) -> str:
    """Headers for a sentence: the first of many, none too long."""
    shown = ", ".join(header[:MANY] for header in headers[:MANY])
    return f"{shown} and {len(headers) - MANY} more" if len(headers) > MANY else shown


def _named_columns(table: str, named: Mapping[str, str]) -> dict[str, str]:
    """What the settings name, by the columns' own names."""
    alias = {"stage": "stage_name", "last_activity": "activity_hint"} if table == "opportunities" else {}
    return {alias.get(column, column): header for column, header in named.items()}


def _readings(header: str, table: str) -> list[str]:
    """The header's words, and without the name of the object that many exports put first."""
    words = plain(header)
    bare = (
        re.sub(r"^((opportunity|deal|opp)\b ?)+|( opportunity| deal)$", "", words)
        if table == "opportunities"
        else words
    )
    return [words, bare] if bare else [words]


def _no_dates(texts: Iterable[str]) -> bool:
    from zoneinfo import ZoneInfo

    cells = [text for text in texts if text.lower() not in BLANK]
    return bool(cells) and not any(_reads(text, ZoneInfo("UTC")) for text in cells)


def _reads(text: str, zone: ZoneInfo) -> bool:
    try:
        parse_instant(text, "dmy", zone)
    except BadValue:
        try:
            parse_instant(text, "mdy", zone)
        except BadValue:
            return False
    return True
