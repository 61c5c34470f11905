"""Salesforce's JSON values in canonical form: connectors.shared.pull.convert, and what is Salesforce's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from connectors.shared.pull import plausible
from connectors.shared.pull.convert import (
    Converter,
    day,
    day_text,
    instant,
    local_day_text,
    money,
    money_text,
    number,
    text,
    ticked,
    words,
)

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from model.facts import FactType

__all__ = [
    "CATEGORIES", "FACT_TYPES", "Converter", "day", "day_text", "fact_converter", "fact_type", "forecast", "instant",
    "money", "money_text", "number", "share", "text", "ticked", "words", "yes_no",
]  # fmt: skip

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


def yes_no(value: Any) -> bool | None:
    """A checkbox as it is."""
    return None if value is None else plausible.yes_no(value)


def share(value: Any) -> float | None:
    """Percent as 0 to 1."""
    return None if value is None else plausible.share(float(value) / 100)


def forecast(value: Any) -> str | None:
    """One of our forecast categories."""
    return CATEGORIES.get(value.replace(" ", "").lower()) if value else None


def fact_type(crm_type: str) -> FactType:
    """The fact type that a field of this Salesforce type gives."""
    return FACT_TYPES.get(crm_type, "text")


def fact_converter(wanted: str, crm_type: str, zone: ZoneInfo) -> Converter:
    """How a field of `crm_type` becomes a fact of type `wanted`, as a JSON value; instants become days in `zone`."""
    if wanted == "date" and crm_type == "datetime":
        return lambda value: local_day_text(instant(value), zone)
    return {
        "yes/no": ticked,
        "date": day_text,
        "number": number,
        "money": money_text,
        "list": words,
    }.get(wanted, text)
