"""Yes/no, plain numbers and probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connectors.tables.cells.amounts import parse_amount
from connectors.tables.cells.bad_value import BadValue
from connectors.tables.cells.blanks import is_blank

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from decimal import Decimal

YES: Final = frozenset({
    "yes", "y", "true", "t", "1", "1.0", "x", "on", "checked", "ja", "oui", "si", "sí", "sim", "tak", "да", "✓", "☑",
    "✔", "wahr", "vrai", "verdadero",
})  # fmt: skip
NO: Final = frozenset({
    "no", "n", "false", "f", "0", "0.0", "off", "unchecked", "nein", "non", "não", "nao", "nie", "нет", "☐", "✗",
    "✘", "falsch", "faux", "falso",
})  # fmt: skip
FRACTIONS: Final = 1


def parse_yes(text: str) -> bool:
    """Yes or no; raises BadValue for any other word."""
    word = text.strip().casefold()
    if word not in YES | NO:
        raise BadValue("is neither yes nor no")
    return word in YES


def parse_number(text: str, mark: str | None = ".") -> Decimal:
    """A number, percent sign allowed; raises BadValue."""
    found = parse_amount(text.replace("%", " "), mark, None)
    if found.currency is not None:
        raise BadValue("is no number")
    return found.value


def whole_or_real(text: str, mark: str | None = ".") -> int | float:
    """A number as an int where it is whole."""
    value = parse_number(text, mark)
    return int(value) if value == int(value) else float(value)


def probability(texts: Iterable[str]) -> Callable[[str], float]:
    """0 to 1, or percent if a sign or any cell above 1 shows that the whole column is in percent."""
    filled = [text for text in texts if not is_blank(text, value=True)]
    hundred = any("%" in text for text in filled) or any(_over_one(text) for text in filled)

    def parse(text: str) -> float:
        share = float(parse_number(text)) / (100 if hundred else 1)
        if not 0 <= share <= 1:
            raise BadValue("is no probability")
        return share

    return parse


def _over_one(text: str) -> bool:
    try:
        return parse_number(text) > FRACTIONS
    except BadValue:
        return False
