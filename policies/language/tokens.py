"""The tokens of a condition: their kinds, limits on their number and depth, and their valid order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, TypeAlias

Kind: TypeAlias = Literal["fact", "text", "number", "yes/no", "function", "word", "sign", "(", ")", ","]
KEYWORDS: Final = ("and", "or", "not", "in", "is", "blank", "between", "contains")
WORDS: Final = frozenset({*KEYWORDS, "is not", "is blank", "is not blank", "not in"})
DAY_COUNTS: Final = ("days_since", "days_until", "business_days_since")
"""Functions that count days from or to a date, so that the date alone changes their value."""
FUNCTIONS: Final = (*DAY_COUNTS, "lower", "length")
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


MAX_DEPTH: Final = 12
MAX_TERMS: Final = 300
MAX_ARITHMETIC: Final = 20


def sizes(tokens: list[Token]) -> list[Mistake]:
    """Mistakes in brackets, and limits on depth and size, checked before parsing."""
    opened: list[Token] = []
    for token in tokens:
        if token.kind == "(":
            opened.append(token)
            if len(opened) > MAX_DEPTH:
                return [Mistake(token.start, f"brackets stand at most {MAX_DEPTH} deep; split the condition")]
        elif token.kind == ")" and not opened:
            return [Mistake(token.start, "this bracket closes nothing")]
        elif token.kind == ")":
            opened.pop()
    if opened:
        return [Mistake(opened[-1].start, "this bracket is never closed")]
    terms = [token for token in tokens if token.kind in OPERANDS]
    if len(terms) > MAX_TERMS:
        return [Mistake(terms[MAX_TERMS].start, f"a condition has at most {MAX_TERMS} facts and constants")]
    signs = [token for token in tokens if token.kind == "sign" and token.text in "+-*/"]
    if len(signs) > MAX_ARITHMETIC:
        return [Mistake(signs[MAX_ARITHMETIC].start, f"a condition has at most {MAX_ARITHMETIC} signs of + - * /")]
    return []


def order(tokens: list[Token], end: int) -> list[Mistake]:
    """The first word that cannot follow the one before it."""
    for before, token in zip([None, *tokens[:-1]], tokens, strict=True):
        if advice := _misplaced(before, token):
            return [Mistake(token.start, f"cannot read the condition at {token}; {advice}")]
    return [] if tokens[-1].ends else [Mistake(end, f"something is missing after {tokens[-1]}")]


def _misplaced(before: Token | None, token: Token) -> str:
    whole = before is not None and before.ends
    if token.kind == "word" and token.text == "not":
        twice = before is not None and before.text == "not"
        return "not stands twice" if twice else "write not before the whole comparison" if whole else ""
    if token.kind == "word" and token.text in {"is", "is not", "blank"}:
        return "write is blank or is not blank"
    if token.begins:
        return "and, or, or an operator is missing before it" if whole else ""
    if token.text == "-" and token.kind == "sign" and not whole:
        return "a minus stands before a number only; write 0 - fact"
    return "" if whole else "something is missing before it"
