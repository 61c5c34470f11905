"""JSON values into stored values: types, trimming, rounding, lengths, picklists. Pure."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from sandbox.salesforce.clock import wire
from sandbox.salesforce.errors import ApiError

if TYPE_CHECKING:
    from sandbox.salesforce.schema.fields import Field

_DATE = re.compile(r"\d{4}-\d\d-\d\d(T.*)?")
NUMBERS = frozenset({"currency", "double", "percent"})


def parse(field: Field, value: Any) -> Any:
    """The stored form of a JSON value; a value of the wrong JSON type fails the whole request."""
    if value is None or value == "":
        return None
    if isinstance(value, (dict, list)) and field.type != "complexvalue":
        raise _unreadable(field, value)
    if field.type in _PARSERS:
        return _PARSERS[field.type](field, value)
    if field.type in {"complexvalue", "anyType"}:
        return value
    if not isinstance(value, str):
        raise _unreadable(field, value)
    return value.strip() or None


def _number(field: Field, value: Any) -> float:
    try:
        exact = Decimal(str(value))
    except InvalidOperation as error:
        raise _unreadable(field, value) from error
    if isinstance(value, bool) or not exact.is_finite():
        raise _unreadable(field, value)
    return float(exact.quantize(Decimal(1).scaleb(-field.scale), ROUND_HALF_UP))


def _int(field: Field, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _unreadable(field, value)
    return value


def _boolean(field: Field, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    raise _unreadable(field, value)


def _date(field: Field, value: Any) -> str:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise _unreadable(field, value)
    try:
        return date.fromisoformat(value[:10]).isoformat()
    except ValueError as error:
        raise _unreadable(field, value) from error


def _datetime(field: Field, value: Any) -> str:
    try:
        instant = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise _unreadable(field, value) from error
    return wire(instant if instant.tzinfo else instant.replace(tzinfo=UTC))


_PARSERS = {"boolean": _boolean, "int": _int, "date": _date, "datetime": _datetime} | dict.fromkeys(NUMBERS, _number)


def _unreadable(field: Field, value: Any) -> ApiError:
    kinds = {str: "VALUE_STRING", bool: "VALUE_TRUE", int: "VALUE_NUMBER_INT", float: "VALUE_NUMBER_FLOAT"}
    kind = kinds.get(type(value), "START_OBJECT")
    return ApiError(
        "JSON_PARSER_ERROR",
        f"Cannot deserialize instance of {field.type} from {kind} value {value} or request may be missing a "
        f"required field at [line:1, column:1] (field {field.name})",
    )


def check(field: Field, value: Any, allowed: tuple[str, ...]) -> None:
    """Refuse a stored value that does not fit its field; `allowed` are the picklist values of now."""
    label = field.label or field.name
    if value is None:
        if not field.nillable:
            raise ApiError("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{field.name}]", [field.name])
    elif isinstance(value, str) and field.length and len(value) > field.length:
        shown = value if len(value) <= field.length + 50 else value[: field.length] + "..."
        raise ApiError(
            "STRING_TOO_LONG", f"{label}: data value too large: {shown} (max length={field.length})", [field.name]
        )
    elif field.type in NUMBERS and abs(value) >= 10 ** (field.precision - field.scale):
        raise ApiError(
            "NUMBER_OUTSIDE_VALID_RANGE",
            f"{label}: value outside of valid range on numeric field: {value}",
            [field.name],
        )
    elif field.restricted and not set(value.split(";")) <= set(allowed):
        raise ApiError(
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            f"{label}: bad value for restricted picklist field: {value}",
            [field.name],
        )
