"""HubSpot property values, all of them texts, in canonical form; shared forms are in connectors.shared.pull.convert."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from connectors.shared.pull import plausible
from connectors.shared.pull.convert import (
    Converter,
    day,
    local_day_text,
    money,
    money_text,
    number,
    same,
    text,
    ticked,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from zoneinfo import ZoneInfo

    from model.facts import FactType

__all__ = [
    "EPOCH", "Converter", "amount", "amount_text", "categories", "choice", "date_of", "day", "fact_converter",
    "fact_type", "instant", "local_day", "milliseconds", "money", "number", "same", "share", "text", "ticked",
    "words", "yes_no",
]  # fmt: skip

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TYPES: Final[dict[str, FactType]] = {"bool": "yes/no", "date": "date", "datetime": "date", "number": "number"}
_YES_NO: Final = {"true": True, "false": False}
_CATEGORIES: Final = {
    "OMIT": "omitted", "PIPELINE": "pipeline", "BEST_CASE": "best_case", "MOST_LIKELY": "commit", "COMMIT": "commit",
    "CLOSED": "closed",
}  # fmt: skip


@lru_cache(maxsize=16384)
def _instant(value: str | int) -> datetime:
    written = str(value)
    if written.endswith("Z"):  # as HubSpot writes them
        return plausible.of_our_time(datetime.fromisoformat(written))
    if written.lstrip("-").isdigit():
        return plausible.of_our_time(EPOCH + timedelta(milliseconds=int(written)))
    at = plausible.of_our_time(datetime.fromisoformat(written))
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def instant(value: Any) -> datetime | None:
    """An aware instant in UTC, from ISO or from milliseconds; a date alone is its midnight in UTC."""
    return None if value in (None, "") else _instant(value)


def milliseconds(at: datetime) -> int:
    """As searches compare instants."""
    return (at - EPOCH) // timedelta(milliseconds=1)


def date_of(value: Any) -> date | None:
    """A property of type date: a day, or its midnight in UTC as milliseconds."""
    return found.date() if (found := instant(value)) else None


def local_day(zone: ZoneInfo) -> Callable[[Any], date | None]:
    """An instant as the day it is in a zone: how the portal shows a close date."""

    @lru_cache(maxsize=16384)
    def convert(value: Any) -> date | None:
        at = instant(value)
        return at.astimezone(zone).date() if at else None

    return convert


def yes_no(value: Any) -> bool | None:
    """Yes and no come as the texts true and false; never set is None."""
    return _YES_NO[str(value).lower()] if value or value is False else None


def amount(value: Any) -> Any:
    """An exact amount; blank is None."""
    return money(text(value))


def amount_text(value: Any) -> str | None:
    """An exact amount as JSON can carry it."""
    return money_text(text(value))


def share(value: Any) -> float | None:
    """A probability, 0 to 1 already."""
    return plausible.share(float(value)) if value or value == 0 else None


def categories(value: Any) -> str | None:
    """One of our forecast categories."""
    return _CATEGORIES.get(value) if value else None


def choice(labels: Mapping[str, str]) -> Converter:
    """An option's label, which is what people see; a value without option as it stands."""

    def convert(value: Any) -> str | None:
        return text(labels.get(value, value)) if value else None

    return convert


def fact_type(kind: str, field_type: str) -> FactType:
    """The fact type that a property of this type gives."""
    return "list" if field_type == "checkbox" and kind == "enumeration" else _TYPES.get(kind, "text")


def fact_converter(wanted: str, kind: str, labels: Mapping[str, str], zone: ZoneInfo) -> Converter:
    """How a property of type `kind` becomes a fact of type `wanted`, as a JSON value; instants are days in `zone`."""
    if wanted == "date":
        if kind == "datetime":
            return lambda value: local_day_text(instant(value), zone)
        return lambda value: found.isoformat() if (found := date_of(value)) else None
    if wanted == "list":
        return lambda value: [labels.get(one, one) for one in words(value) or ()] or None
    if wanted == "text":
        return choice(labels)
    return {"yes/no": ticked, "number": number, "money": amount_text}.get(wanted, choice(labels))
