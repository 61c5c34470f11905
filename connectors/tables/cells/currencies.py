"""Currencies as people write them: ISO 4217 codes, signs and names."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from babel import Locale
from babel.numbers import get_currency_precision, list_currencies

CODES: Final = frozenset(list_currencies())
"""Every code of ISO 4217, those of former currencies included."""
LANGUAGES: Final = (
    "en", "de", "fr", "es", "pt", "it", "nl", "pl", "cs", "sk", "hu", "ro", "bg", "hr", "sl", "sr", "el", "tr", "ru",
    "uk", "sv", "da", "nb", "fi", "et", "lv", "lt", "ja", "zh", "ko", "th", "vi", "id", "ms", "hi", "he", "ar",
    "es_BO", "es_PE", "es_MX", "es_CO", "es_AR", "es_CL", "pt_BR", "de_CH", "en_ZA", "en_KE", "en_NG", "zh_Hant",
)  # fmt: skip
SIGNS: Final = {
    "€": "EUR", "£": "GBP", "₹": "INR", "₩": "KRW", "₪": "ILS", "₺": "TRY", "₽": "RUB", "₴": "UAH", "₫": "VND",
    "zł": "PLN", "kč": "CZK", "ft": "HUF", "r$": "BRL", "us$": "USD", "a$": "AUD", "au$": "AUD", "c$": "CAD",
    "ca$": "CAD", "nz$": "NZD", "hk$": "HKD", "s$": "SGD", "nt$": "TWD", "mx$": "MXN", "rm": "MYR", "rp": "IDR",
    "fr.": "CHF", "sfr.": "CHF", "руб": "RUB", "руб.": "RUB", "euros": "EUR",
}  # fmt: skip
SHARED: Final = {
    "$": ("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN", "TWD", "CLP", "COP", "ARS"),
    "¥": ("JPY", "CNY"),
    "元": ("CNY", "TWD", "HKD"),
    "kr": ("SEK", "NOK", "DKK", "ISK"),
    "kr.": ("DKK", "SEK", "NOK", "ISK"),
    "rs": ("INR", "PKR", "LKR", "NPR", "MUR"),
    "rs.": ("INR", "PKR", "LKR", "NPR", "MUR"),
    "lei": ("RON", "MDL"),
}
"""Signs of several currencies. The connection's own is meant where it is among them."""
COMMON: Final = {"$": "USD"}
"""What a shared sign means where the connection's currency is none of them."""
ENGLISH: Final = frozenset({"ALL", "TOP"})
"""Codes that are English words: they count only in capitals among other letters."""


def is_code(word: str) -> bool:
    """Whether a word is a currency's code; case does not count."""
    return word.upper() in CODES


def decimals(code: str | None) -> int | None:
    """How many decimals a currency has."""
    return get_currency_precision(code) if code in CODES else None


def currency_of(text: str, home: str | None = None) -> str | None:
    """The currency that a code, sign or name means; "" where several share it, None where it means none.

    `home` is the connection's own, which decides a sign that several share.
    """
    word = " ".join(text.casefold().split()).strip(" ()[]")
    codes: list[str] = re.findall(r"(?<![^\W\d_])[A-Z]{3}(?![^\W\d_])", text.upper())
    if code := next((code for code in codes if code in CODES), None):
        return code
    if shared := SHARED.get(word):
        return home if home in shared else COMMON.get(word, "")
    return SIGNS.get(word) or _names().get(word)


def currency_in(header: str) -> str | None:
    """The currency that a header carries, as `Amount (EUR)`, `amount_usd` and `Amount in €` do."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z]{3}\b)", " ", header.replace("_", " ")).split()
    shouted = header == header.upper()
    for word in (word.strip("()[]{}.:,-") for word in words[1:] or words):
        code = word.upper()
        if code in CODES and (code not in ENGLISH or (word.isupper() and not shouted)):
            return code
        if not word.isalnum() and (sign := currency_of(word)):
            return sign
    name = re.search(r"(?:\bin\b|[(\[])\s*([^()\[\]]+)", " ".join(words), re.IGNORECASE)
    first = words[0].strip("()[]") if words else ""
    return (currency_of(name[1]) if name else None) or (first if first in CODES and len(words) > 1 else None) or None


@cache
def _names() -> dict[str, str]:
    """Names and signs in many languages that mean one currency."""
    found: dict[str, set[str]] = {}
    for language in LANGUAGES:
        locale = Locale.parse(language)
        for code, sign in locale.currency_symbols.items():
            found.setdefault(sign.casefold(), set()).add(code)
        for code, name in locale.currencies.items():
            found.setdefault(name.casefold(), set()).add(code)
            found.setdefault(f"{name.casefold()}s", set()).add(code)
    return {name: next(iter(codes)) for name, codes in found.items() if len(codes) == 1}
