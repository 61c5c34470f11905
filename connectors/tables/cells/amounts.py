"""Amounts as reports write them, read to exact decimals: signs, thousands, decimal marks, currencies, exponents."""

from __future__ import annotations

import re
import unicodedata
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

from connectors.tables.cells.bad_value import BadValue
from connectors.tables.cells.currencies import currency_of, decimals

if TYPE_CHECKING:
    from collections.abc import Iterable

DIGITS: Final = re.compile(r"\d[\d.,'’ ]*(?:[Ee][+-]?\d{1,3}(?![\d\w]))?|[.,]\d+(?![\d.,])")
EXPONENT: Final = re.compile(r"(\d+)(?:[.,](\d+))?[Ee]([+-]?\d{1,3})")
TIMES: Final = {
    "k": 10**3, "tsd": 10**3, "tsd.": 10**3, "thousand": 10**3, "m": 10**6, "mm": 10**6, "mn": 10**6, "mio": 10**6,
    "mio.": 10**6, "million": 10**6, "bn": 10**9, "mrd": 10**9, "mrd.": 10**9, "billion": 10**9, "lakh": 10**5,
    "lac": 10**5, "lakhs": 10**5, "cr": 10**7, "crore": 10**7, "crores": 10**7,
}  # fmt: skip
PLACES: Final = 6  # money is kept at scale 6
WHOLE: Final = 20
GROUP: Final = 3
INDIAN: Final = 2
"""Digits of a group of lakhs and crores, as in 12,50,000."""


class Amount(NamedTuple):
    """An amount; the currency that is written with it ("" where several share its sign); whether it was rounded."""

    value: Decimal
    currency: str | None
    rounded: bool = False


def decimal_mark(texts: Iterable[str]) -> str | None:
    """`.` or `,` where a column's amounts prove it, `mixed` where they prove both, None where none does."""
    proofs = {mark for text in texts if (found := DIGITS.search(_plain(text))) and (mark := _mark(found[0].strip()))}
    return "mixed" if len(proofs) > 1 else next(iter(proofs), None)


def parse_amount(text: str, mark: str | None, home: str | None) -> Amount:
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
    words, minus, times = _around(around)
    currency = _currency(words, home)
    value = _decimal(digits, mark, decimals(currency)) * times
    rounded = value.quantize(Decimal(1).scaleb(-PLACES), ROUND_HALF_EVEN) if _too_fine(value) else value
    return Amount(-rounded if negative or minus else rounded, currency, rounded != value)


def _plain(text: str) -> str:
    """Plain digits, blanks and signs for the many that print alike."""
    body = unicodedata.normalize("NFKC", text.strip()).replace("−", "-").replace("٬", ",").replace("٫", ".")
    return "".join(str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in body)


def _around(around: str) -> tuple[str, bool, int]:
    """The text around the digits: the currency's words, a minus, and what the number is to be multiplied by."""
    minus = "-" in around
    words = around.replace("-", " ").replace("+", " ").split()
    times = next((TIMES[word.casefold()] for word in words if word.casefold() in TIMES), 1)
    return " ".join(word for word in words if word.casefold() not in TIMES), minus, times


def _mark(digits: str) -> str | None:
    """The decimal mark that one number proves by itself."""
    dots, commas = digits.count("."), digits.count(",")
    if EXPONENT.fullmatch(digits) or dots + commas == 0:
        return None
    if dots and commas:
        return max(".,", key=digits.rfind)
    sign, other = (".", ",") if dots else (",", ".")
    if dots + commas > 1:
        return other
    lead, tail = digits.split(sign)
    proven = len(tail) != GROUP or len(lead) > GROUP or lead.startswith("0") or not lead
    return sign if proven else None


def _decimal(digits: str, column: str | None, places: int | None) -> Decimal:
    if power := EXPONENT.fullmatch(digits):
        return _in_range(Decimal(f"{power[1]}.{power[2] or 0}E{power[3]}"))
    mark = _mark(digits) or _by_currency(digits, places) or column
    if mark not in {".", ","}:
        # "1,234" alone in its column is thousands everywhere; "1.234" is not
        if "." in digits or (column == "mixed" and "," in digits):
            raise BadValue("may be thousands or decimals; say decimal = '.' or ',' (check: --decimal)")
        mark = "."
    whole, _, part = re.sub(r"['’ ]", "", digits).partition(mark)
    groups = re.split(r"[.,]", whole)
    if (part and not part.isdigit()) or not _grouped(groups):
        raise BadValue("is no amount")
    return _in_range(Decimal("".join(groups) + ("." + part if part else "")))


def _by_currency(digits: str, places: int | None) -> str | None:
    """The mark of `500.000` in a currency with three decimals, or with none, where it parts thousands."""
    sign = "." if "." in digits else "," if "," in digits else None
    if sign is None or places not in {0, GROUP}:
        return None
    return sign if places == GROUP else {".": ",", ",": "."}[sign]


def _grouped(groups: list[str]) -> bool:
    """Thousands by three digits, or the last by three and those before it by two."""
    if len(groups) == 1:
        return True
    inner = {len(group) for group in groups[1:-1]}
    return len(groups[-1]) == GROUP and (inner <= {GROUP} or (inner == {INDIAN} and len(groups[0]) <= INDIAN))


def _in_range(value: Decimal) -> Decimal:
    if value.adjusted() >= WHOLE:
        raise BadValue(f"has more than {WHOLE} digits before the point")
    return value


def _too_fine(value: Decimal) -> bool:
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and exponent < -PLACES


def _currency(words: str, home: str | None) -> str | None:
    if not words:
        return None
    found = currency_of(words, home)
    if found is None:
        raise BadValue(f"has {words!r} beside the number, which is no currency known here")
    return found
