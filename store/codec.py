"""How values are stored: as text, integers and floats only, the same in SQLite and PostgreSQL.

money: decimal text; instant: whole µs since 1970 UTC; date: whole days since 1970; yes/no: 0 or 1; json: text.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import orjson
import sqlalchemy as sa

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from model.records import ColumnType

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
DAY_ZERO: Final = date(1970, 1, 1).toordinal()
MICROSECOND: Final = timedelta(microseconds=1)


def text(value: str) -> str:
    """Text that both databases accept: without NUL and lone surrogates."""
    clean = value if value.isascii() else value.encode("utf-8", "replace").decode()
    return clean.replace("\x00", "")


def money(value: Decimal) -> str:
    """Decimal text without an exponent and without trailing zeros, so that equal amounts are equal texts."""
    digits = format(value, "f")
    digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
    return "0" if digits == "-0" else digits


def instant(value: datetime) -> int:
    """Whole microseconds since 1970 UTC; raises TypeError for a datetime without a zone."""
    return (value - EPOCH) // MICROSECOND


def day(value: date) -> int:
    """Whole days since 1970."""
    return value.toordinal() - DAY_ZERO


def json(value: Any) -> str:
    """JSON with sorted keys; dates as YYYY-MM-DD, decimals as text, and texts as `text` gives them."""
    try:
        return _dumped(value)
    except orjson.JSONEncodeError:  # a lone surrogate
        return _dumped(_repaired(value))


def _dumped(value: Any) -> str:
    return orjson.dumps(value, default=_plain, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS).decode()


def _repaired(value: Any) -> Any:
    """The same value with texts that JSON can carry."""
    match value:
        case str():
            return text(value)
        case dict():
            return {_repaired(key): _repaired(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_repaired(item) for item in value]
    return value


def _plain(value: Any) -> Any:
    """A JSON form for the types that orjson does not know."""
    if isinstance(value, Decimal):
        return money(value)
    if isinstance(value, frozenset | set):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def instant_of(value: int) -> datetime:
    """The instant of `instant`."""
    return EPOCH + timedelta(microseconds=value)


def day_of(value: int) -> date:
    """The date of `day`."""
    return date.fromordinal(value + DAY_ZERO)


ENCODE: Final[dict[ColumnType, Callable[[Any], Any]]] = {
    "text": text, "yes/no": int, "whole": int, "real": float, "money": money, "date": day, "instant": instant,
    "json": json,
}  # fmt: skip
DECODE: Final[dict[ColumnType, Callable[[Any], Any]]] = {
    "text": str, "yes/no": bool, "whole": int, "real": float, "money": Decimal, "date": day_of,
    "instant": instant_of, "json": orjson.loads,
}  # fmt: skip


WRITE: Final = {kind: None if kind == "text" else encode for kind, encode in ENCODE.items()}
"""ENCODE for many rows: text is passed as it is; `clean` repairs it before it is written."""


def clean(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A row with texts that both databases accept."""
    return tuple([text(value) if isinstance(value, str) else value for value in row])


def clean_all(rows: Sequence[tuple[Any, ...]]) -> Sequence[tuple[Any, ...]]:
    """Rows with texts that both databases accept; checked all at once because most need no repair."""
    try:
        plain = rb"\u0000" not in orjson.dumps(rows)
    except orjson.JSONEncodeError:  # a lone surrogate
        plain = False
    return rows if plain else [clean(row) for row in rows]


def pack(value: Any) -> str:
    """JSON that marks decimals, dates and instants, so that `unpack` restores them."""
    return json(_tagged(value))


def unpack(packed: str) -> Any:
    """The value given to `pack`."""
    return _untagged(orjson.loads(packed))


def _tagged(value: Any) -> Any:
    match value:
        case Decimal():
            return {"$decimal": format(value, "f")}
        case datetime():
            return {"$instant": instant(value)}
        case date():
            return {"$date": value.isoformat()}
        case dict():
            return {key: _tagged(item) for key, item in value.items()}
        case list() | tuple():
            return [_tagged(item) for item in value]
    return value


def _untagged(value: Any) -> Any:
    match value:
        case {"$decimal": digits}:
            return Decimal(digits)
        case {"$instant": whole}:
            return instant_of(whole)
        case {"$date": iso}:
            return date.fromisoformat(iso)
        case dict():
            return {key: _untagged(item) for key, item in value.items()}
        case list():
            return [_untagged(item) for item in value]
    return value


class _Coded(sa.types.TypeDecorator[Any]):
    """A column type that converts with ENCODE and DECODE."""

    kind: ColumnType
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:  # noqa: ARG002 - SQLAlchemy's signature
        """To the database."""
        return None if value is None else ENCODE[self.kind](value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:  # noqa: ARG002 - SQLAlchemy's signature
        """From the database."""
        return None if value is None else DECODE[self.kind](value)


class Money(_Coded):
    """Decimal as text."""

    impl, kind, cache_ok = sa.Text, "money", True


class Instant(_Coded):
    """Aware datetime as whole microseconds."""

    impl, kind, cache_ok = sa.BigInteger, "instant", True


class Day(_Coded):
    """Date as whole days."""

    impl, kind, cache_ok = sa.Integer, "date", True


class YesNo(_Coded):
    """Bool as 0 or 1."""

    impl, kind, cache_ok = sa.SmallInteger, "yes/no", True


class Json(_Coded):
    """JSON as text."""

    impl, kind, cache_ok = sa.Text, "json", True


class Packed(_Coded):
    """JSON as text that restores decimals, dates and instants."""

    impl, cache_ok = sa.Text, True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:  # noqa: ARG002 - SQLAlchemy's signature
        """To the database."""
        return None if value is None else pack(value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:  # noqa: ARG002 - SQLAlchemy's signature
        """From the database."""
        return None if value is None else unpack(value)


def name() -> sa.types.TypeEngine[str]:
    """Text compared byte by byte in both databases: for ids and names."""
    return sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


COLUMN_TYPE: Final[dict[ColumnType, Callable[[], sa.types.TypeEngine[Any]]]] = {
    "text": name, "yes/no": YesNo, "whole": sa.BigInteger, "real": sa.Float, "money": Money, "date": Day,
    "instant": Instant, "json": Json,
}  # fmt: skip
