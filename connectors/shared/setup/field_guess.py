"""Which of a CRM's custom fields may hold which fact: by the words of the label, by type, by how often it is filled."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from model.facts import FACTS, QUALIFICATION
from model.sync import DraftField

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from model.facts import FactType

MANY: Final = 80
"""The largest number of fields to read the fill rate of."""
_BY_MAPPING: Final = (
    "segment", "region", "is_test", "discount_percent", "has_economic_buyer", "has_champion", "outstanding_issue",
    *QUALIFICATION,
)  # fmt: skip
_APPROVALS: Final = {
    f"{who}_approved": (f"{words} approved", f"{words} approval", *more)
    for who, words, *more in (
        ("manager", "manager", "discount approved", "discount approval"), ("director", "director"),
        ("deal_desk", "deal desk"), ("vp", "vp"), ("finance", "finance"), ("legal", "legal"),
    )
}  # fmt: skip
"""Facts that the pack deal-desk declares, by the words of their labels."""
_MORE_WORDS: Final = {
    "next_step_due": ("next step date", "next step due"),
    "is_test": ("test record", "test"),
    "discount_percent": ("discount",),
    **_APPROVALS,
}
_NUMBERS: Final = frozenset({"number", "money"})
_IDLE: Final = {"is", "has", "the", "of", "confirmed", "identified", "known"}


class Candidate(NamedTuple):
    """One custom field: where it is read, what people call it, and the fact type that it gives."""

    path: str
    label: str
    gives: FactType


def fitting(fields: Iterable[Candidate]) -> dict[tuple[str, str], Candidate]:
    """(fact, path) → field, of all that may hold it."""
    return {
        (fact, field.path): field for field in fields for fact in (*_BY_MAPPING, *_MORE_WORDS) if _alike(fact, field)
    }


def best(fits: Mapping[tuple[str, str], Candidate], filled: Mapping[str, float]) -> tuple[DraftField, ...]:
    """For each fact the field that is filled most; `filled`: path → share of the deals."""
    found: dict[str, DraftField] = {}
    for (fact, path), field in fits.items():
        one = DraftField(fact, path, field.label, filled.get(path, 0.0))
        if fact not in found or one.filled > found[fact].filled:
            found[fact] = one
    return tuple(found[fact] for fact in (*FACTS, *_APPROVALS) if fact in found)


def _alike(fact: str, field: Candidate) -> bool:
    """Every telling word of the fact stands in the label, and the field's type can hold it."""
    wanted = FACTS[fact].type if fact in FACTS else "yes/no"
    if wanted not in (field.gives, "text", "choice", "yes/no") or (wanted == "yes/no" and field.gives in _NUMBERS):
        return False
    words = _words(field.label)
    names = [_words(fact), *(_words(more) for more in _MORE_WORDS.get(fact, ()))]
    return any(telling <= words for name in names if (telling := name - _IDLE))


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+", text.lower()))
