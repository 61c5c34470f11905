"""Salesforce's JSON values in canonical form; each converter takes one value and raises ValueError for nonsense."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from connectors.salesforce.exact import exact

if TYPE_CHECKING:
    from collections.abc import Callable
    from zoneinfo import ZoneInfo

    from model.facts import FactType

Converter: TypeAlias = "Callable[[Any], Any]"

FACT_TYPES: Final[dict[str, FactType]] = {
    "boolean": "yes/no", "date": "date", "datetime": "date", "double": "number", "int": "number", "long": "number",
    "percent": "number", "currency": "money", "multipicklist": "list",
}  # fmt: skip
CATEGORIES: Final = {
    "omitted": "omitted",
    "pipeline": "pipeline",
    "bestcase": "best_case",
    "mostlikely": "commit",
    "forecast": "commit",
    "commit": "commit",
    "closed": "closed",
}
"""Forecast categories as history and as people write them, without spaces and case."""


def text(value: Any) -> str | None:
    """Trimmed; blank is None."""
    return (value if isinstance(value, str) else str(value)).strip() or None if value is not None else None


def yes_no(value: Any) -> bool | None:
    """A checkbox as it is."""
    return None if value is None else bool(value)


@lru_cache(maxsize=8192)
def _day(value: str) -> date:
    return date.fromisoformat(value[:10])


def day(value: Any) -> date | None:
    """A date."""
    return _day(value) if value else None


@lru_cache(maxsize=16384)
def _instant(value: str) -> datetime:
    at = datetime.fromisoformat(value)
    if at.tzinfo is UTC:
        return at
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def instant(value: Any) -> datetime | None:
    """An aware instant in UTC; a row's stamps are often the same, so they are kept for a while."""
    return _instant(value) if value else None


def money(value: Any) -> Decimal | None:
    """An exact amount, without trailing zeros."""
    if value is None or isinstance(value, Decimal):
        return value
    return exact(str(value)) if not isinstance(value, int) else Decimal(value)


def money_text(value: Any) -> str | None:
    """An exact amount as JSON can carry it."""
    amount = money(value)
    return None if amount is None else format(amount, "f")


def share(value: Any) -> float | None:
    """Percent as 0 to 1."""
    return None if value is None else float(value) / 100


def number(value: Any) -> int | float | None:
    """A number; whole ones as int."""
    if value is None or value == "":
        return None
    plain = float(value)
    return int(plain) if plain.is_integer() else plain


def forecast(value: Any) -> str | None:
    """One of our forecast categories."""
    return CATEGORIES.get(value.replace(" ", "").lower()) if value else None


def day_text(value: Any) -> str | None:
    """A date as JSON can carry it."""
    found = day(value)
    return found.isoformat() if found else None


def words(value: Any) -> list[str] | None:
    """A multi-select picklist's values."""
    return [part.strip() for part in str(value).split(";") if part.strip()] or None if value else None


_NO: Final = {"no", "n", "false", "0", "none"}


def ticked(value: Any) -> bool | None:
    """A yes/no told by another field: "no" and the like are no, anything else written there is yes."""
    if value is None or isinstance(value, bool):
        return value
    said = str(value).strip().lower()
    return said not in _NO if said else None


def fact_type(crm_type: str) -> FactType:
    """The fact type that a field of this Salesforce type gives."""
    return FACT_TYPES.get(crm_type, "text")


def fact_converter(wanted: str, crm_type: str, zone: ZoneInfo) -> Converter:
    """How a field of `crm_type` becomes a fact of type `wanted`, as a JSON value; instants become days in `zone`."""
    if wanted == "date" and crm_type == "datetime":
        return lambda value: found.astimezone(zone).date().isoformat() if (found := instant(value)) else None
    return {
        "yes/no": ticked,
        "date": day_text,
        "number": number,
        "money": money_text,
        "list": words,
    }.get(wanted, text)
