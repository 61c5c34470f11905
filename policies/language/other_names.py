"""Words that people write for a fact, and what they meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from model.helpers.words import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection

IN_CURRENCY: Final = (
    "; an amount is a plain number: amount is in the deal's own currency, amount_home in the home currency, and "
    "currency = 'EUR' asks for one"
)
"""What to write instead of a currency after an amount."""
MEANT: Final = {
    "contacts": "contact_count", "contact": "contact_count", "number_of_contacts": "contact_count",
    "champion": "has_champion", "economic_buyer": "has_economic_buyer", "value": "amount",
    "discount": "discount_percent",
    "owner_active": "owner_is_active", "stage_age": "days_in_stage", "last_touch": "last_activity",
    "touches": "touches_30d", "close": "close_date", "closing_date": "close_date",
}  # fmt: skip
"""Facts by words that people use for them, where another fact is spelt more like the word."""


def meant_fact(word: str, facts: Collection[str], others: Collection[str] = ()) -> str:
    """What was probably meant by a word that is no fact, after a semicolon: the fact or another word; else nothing."""
    meant = MEANT.get(word.lower())
    if meant in facts:
        return f"; did you mean '{meant}'?"
    from babel.numbers import list_currencies

    return did_you_mean(word, [*facts, *others]) or (IN_CURRENCY if word in list_currencies() else "")
