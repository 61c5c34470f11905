"""Values and names of facts as people write them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from model.helpers.words import plural

if TYPE_CHECKING:
    from collections.abc import Mapping

MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
LABELS: Final = {
    "amount_home": "Amount in the home currency",
    "contact_count": "Contacts on the deal",
    "discount_percent": "Discount in percent",
    "has_champion": "Champion",
    "has_economic_buyer": "Economic buyer",
    "has_next_step": "Next step",
    "next_activity": "Next meeting or task",
    "owner_is_active": "Whether the owner can log in",
    "stage_median_days": "The stage's median",
    "touches_30d": "Touches in 30 days",
}
"""Names for people of facts with an unclear id."""
SHORT: Final = frozenset({"acv", "arr", "crm", "mrr", "roi", "vp"})
"""Words that are written in capitals."""


def day(value: date) -> str:
    """A date as people write it: 3 Nov 2026."""
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


def day_after(value: date, named: date | None) -> str:
    """A date that follows another in a sentence: without its year if that is the same."""
    return f"{value.day} {MONTHS[value.month - 1]}" if named and named.year == value.year else day(value)


def label(fact: str, labels: Mapping[str, str] | None = None) -> str:
    """A fact's name for people: the quoted label of its mapped field, if `labels` has one."""
    if labels and fact in labels:
        return f"'{labels[fact]}'"
    words = [word.upper() if word in SHORT else word for word in fact.split("_")]
    text = " ".join(words)
    return LABELS.get(fact) or f"{text[:1].upper()}{text[1:]}"


def low(text: str) -> str:
    """A title inside a sentence: its first letter small, unless it is a short form such as ROI."""
    return text if text[1:2].isupper() else f"{text[:1].lower()}{text[1:]}"


def shown(value: Any) -> str:
    """A value for people: dates, numbers with thousands, words."""
    match value:
        case None:
            return "blank"
        case bool():
            return "yes" if value else "no"
        case date():
            return day(value)
        case int() | float() | Decimal():
            return f"{round(Decimal(str(value)), 2).normalize():,f}"
        case list() | tuple():
            return ", ".join(map(shown, value)) or "none"
        case _:
            return f"'{value}'"


def limit_text(limit: Any) -> str:
    """A limit: one value, or the two ends of a range."""
    return " to ".join(map(shown, limit)) if isinstance(limit, tuple) else shown(limit)


def counted(limit: Any, noun: str) -> str:
    """A limit with its noun: 14 days."""
    return f"{limit_text(limit)} {noun if limit == 1 else plural(noun)}"
