"""What a property takes, and how it is kept: all values are texts."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from sandbox.hubspot.clock import day, iso, moment
from sandbox.hubspot.errors import Wrong

if TYPE_CHECKING:
    from sandbox.hubspot.portal import Portal
    from sandbox.hubspot.schema.definitions import Property

_MOST_TEXT = 65_536


def text_of(value: Any) -> str:
    """A JSON value as the text that HubSpot makes of it; null clears."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def kept(portal: Portal, known: Property, given: Any, before: str) -> str | Wrong:
    """A given value as it is kept, or what is wrong with it. `before` is what stands there now."""
    text = text_of(given)
    if text == "":
        return ""
    if known.refers_to == "OWNER":
        return _owner(portal, known, text)
    if known.type == "enumeration":
        return _enumeration(known, text, before)
    return _READ[known.type](known, text)


def _owner(portal: Portal, known: Property, text: str) -> str | Wrong:
    if text in portal.owners:
        return text
    return Wrong(known.name, "INVALID_OWNER_ID", f"{text} is not a valid owner id.")


def _string(known: Property, text: str) -> str | Wrong:
    if len(text) > _MOST_TEXT:
        message = f"Property {known.name} has {len(text)} characters; the maximum is {_MOST_TEXT}"
        return Wrong(known.name, "PROPERTY_VALUE_TOO_LONG", message)
    return text


def _number(known: Property, text: str) -> str | Wrong:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        return Wrong(known.name, "INVALID_DOUBLE", f"{text} was not a valid number.")
    return text.strip()


def _date(known: Property, text: str) -> str | Wrong:
    try:
        return day(text)
    except (ValueError, OverflowError, OSError):
        return Wrong(known.name, "INVALID_DATE", f"{text} was not a valid date: it must be a day, at midnight UTC.")


def _datetime(known: Property, text: str) -> str | Wrong:
    try:
        return iso(moment(text))
    except (ValueError, OverflowError, OSError):
        return Wrong(known.name, "INVALID_DATE", f"{text} was not a valid long.")


def _bool(known: Property, text: str) -> str | Wrong:
    low = text.lower()
    if low in {"true", "false"}:
        return low
    return Wrong(known.name, "INVALID_OPTION", f"{text} was not one of the allowed options: [true, false]")


def _enumeration(known: Property, text: str, before: str) -> str | Wrong:
    many = known.field_type == "checkbox"
    wanted = [part for part in text.split(";") if part] if many else [text]
    wrong = next((part for part in wanted if part not in known.values), None)
    if wrong is not None:
        allowed = ", ".join(known.values)
        return Wrong(known.name, "INVALID_OPTION", f"{wrong} was not one of the allowed options: [{allowed}]")
    if many and text.startswith(";"):
        wanted = [*(part for part in before.split(";") if part), *wanted]
    return ";".join(dict.fromkeys(wanted)) if many else text


_READ = {
    "string": _string,
    "phone_number": _string,
    "number": _number,
    "date": _date,
    "datetime": _datetime,
    "bool": _bool,
}


def exact(number: float) -> str:
    """A probability as HubSpot shows it: the exact value of the binary fraction."""
    return format(Decimal(number), "f")


def money(number: Decimal) -> str:
    """An amount without needless zeros."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
