"""The words of a condition: what kinds there are, and which begin or end something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, TypeAlias

Kind: TypeAlias = Literal["fact", "text", "number", "yes/no", "function", "word", "sign", "(", ")", ","]
KEYWORDS: Final = ("and", "or", "not", "in", "is", "blank", "between", "contains")
WORDS: Final = frozenset({*KEYWORDS, "is not", "is blank", "is not blank", "not in"})
FUNCTIONS: Final = ("days_since", "days_until", "business_days_since", "lower", "length")
POSTFIX: Final = frozenset({"is blank", "is not blank"})
OPERANDS: Final = frozenset({"fact", "text", "number", "yes/no"})


class Mistake(NamedTuple):
    """What is wrong at an offset of the condition's text."""

    offset: int
    text: str


@dataclass(frozen=True)
class Token:
    """One word of a condition; `text` in lower case for words, without quotes for texts."""

    kind: Kind
    text: str
    start: int

    def __str__(self) -> str:
        """As a person would write it."""
        return f"'{self.text}'" if self.kind == "text" else self.text

    @property
    def ends(self) -> bool:
        """Whether a value or an answer is whole with it."""
        return self.kind in OPERANDS or self.kind == ")" or (self.kind == "word" and self.text in POSTFIX)

    @property
    def begins(self) -> bool:
        """Whether a value or an answer starts with it."""
        return self.kind in OPERANDS or self.kind in {"(", "function"} or (self.kind == "word" and self.text == "not")
