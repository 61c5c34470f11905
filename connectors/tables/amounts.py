"""Amounts as reports write them, read to exact decimals: signs, thousands, decimal marks, currency signs."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from connectors.tables.values import BadValue

if TYPE_CHECKING:
    from collections.abc import Iterable

SIGNS: Final = {
    "€": "EUR", "£": "GBP", "₹": "INR", "₩": "KRW", "₪": "ILS", "₺": "TRY", "zł": "PLN", "R$": "BRL",
    "US$": "USD", "A$": "AUD", "C$": "CAD", "CA$": "CAD", "NZ$": "NZD", "HK$": "HKD", "S$": "SGD",
}  # fmt: skip
SHARED: Final = {
    "$": ("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN"),
    "¥": ("JPY", "CNY"),
    "kr": ("SEK", "NOK", "DKK"),
}
ISO: Final = frozenset({
    "USD", "EUR", "GBP", "JPY", "CNY", "INR", "CAD", "AUD", "NZD", "CHF", "SEK", "NOK", "DKK", "PLN",
    "CZK", "HUF", "RON", "BGN", "TRY", "ILS", "AED", "SAR", "ZAR", "BRL", "MXN", "ARS", "CLP", "COP",
    "SGD", "HKD", "KRW", "TWD", "THB", "MYR", "IDR", "PHP", "VND", "UAH", "EGP", "NGN", "KES",
})  # fmt: skip
DIGITS: Final = re.compile(r"\d[\d.,'’ ]*")
PLACES: Final = 6  # money is kept at scale 6
WHOLE: Final = 20
GROUP: Final = 3


def decimal_mark(texts: Iterable[str]) -> str | None:
    """`.` or `,` where a column's amounts prove it, `mixed` where they prove both, None where none does."""
    proofs = {mark for text in texts if (found := DIGITS.search(_plain(text))) and (mark := _mark(found[0].strip()))}
    return "mixed" if len(proofs) > 1 else next(iter(proofs), None)


def parse_amount(text: str, mark: str | None, home: str | None) -> tuple[Decimal, str | None]:
    """The amount and the currency written with it, if any; `home` decides a sign that several share.

    Raises BadValue for what can be read in two ways, or not at all.
    """
    body = _plain(text)
    negative = body.startswith("(") and body.endswith(")")
    found = DIGITS.search(body)
    if not found:
        raise BadValue("is no amount")
    digits = found[0].strip()
    around = (body[: found.start()] + " " + body[found.start() + len(digits) :]).strip("() ")
    words, minus, thousand = _around(around)
    value = _decimal(digits, mark) * (1000 if thousand else 1)
    return (-value if negative or minus else value), _currency(words, home)


def _plain(text: str) -> str:
    return re.sub(r"[\u00a0\u202f\u2009]", " ", text.strip()).replace("−", "-")


def _around(around: str) -> tuple[str, bool, bool]:
    """The text around the digits: the currency's words, a minus, a k for thousand."""
    minus = "-" in around
    words = around.replace("-", " ").replace("+", " ").split()
    thousand = any(word in {"k", "K"} for word in words)
    return " ".join(word for word in words if word not in {"k", "K"}), minus, thousand


def _mark(digits: str) -> str | None:
    """The decimal mark that one number proves by itself."""
    dots, commas = digits.count("."), digits.count(",")
    if dots and commas:
        return max(".,", key=digits.rfind)
    if dots + commas == 0:
        return None
    sign, other = (".", ",") if dots else (",", ".")
    if dots + commas > 1:
        return other
    lead, tail = digits.split(sign)
    proven = len(tail) != GROUP or len(lead) > GROUP or lead.startswith("0")
    return sign if proven else None


def _decimal(digits: str, column: str | None) -> Decimal:
    mark = _mark(digits) or column
    if mark not in {".", ","}:
        # "1,234" alone in its column is thousands everywhere; "1.234" is not
        if "." in digits or (column == "mixed" and "," in digits):
            raise BadValue("may be thousands or decimals; say decimal = '.' or ',' (check: --decimal)")
        mark = "."
    whole, _, part = re.sub(r"['’ ]", "", digits).partition(mark)
    groups = re.split(r"[.,]", whole)
    if (part and not part.isdigit()) or any(len(group) != GROUP for group in groups[1:]):
        raise BadValue("is no amount")
    if len(part) > PLACES:
        raise BadValue(f"has more than {PLACES} decimals")
    if len("".join(groups).lstrip("0")) > WHOLE:
        raise BadValue(f"has more than {WHOLE} digits before the point")
    return Decimal("".join(groups) + ("." + part if part else ""))


def _currency(words: str, home: str | None) -> str | None:
    if not words:
        return None
    code = words.upper().rstrip(".")
    if code in ISO:
        return code
    if words in SIGNS:
        return SIGNS[words]
    if home in SHARED.get(words, ()):
        return home
    if words == "$":
        return "USD"
    raise BadValue(f"has {words!r} beside the number, which is no currency known here")
