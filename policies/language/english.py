"""A condition as an English sentence, with brackets wherever two readings are possible."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from policies.language.tree import (
    Among,
    Arithmetic,
    Between,
    Call,
    Chain,
    Compare,
    Const,
    Contains,
    FactRef,
    IsBlank,
    Not,
    Stands,
)

if TYPE_CHECKING:
    from policies.language.tree import Term, Truth

VERB: Final = {
    "=": "is", "!=": "is not", "<": "is under", "<=": "is at most", ">": "is over", ">=": "is at least",
}  # fmt: skip
DATE_VERB: Final = VERB | {
    "<": "is before", "<=": "is on or before", ">": "is after", ">=": "is on or after",
}  # fmt: skip


def in_english(node: Truth) -> str:
    """A sentence without its full stop: `days since last activity is at least 14 and is open`."""
    match node:
        case Chain(word=word, parts=parts):
            return f" {word} ".join(
                f"({in_english(part)})" if isinstance(part, Chain) else in_english(part) for part in parts
            )
        case Not(of=Stands(fact=fact)) | Compare(operator="=", left=FactRef() as fact, right=Const(value=False)):
            return denied(fact.name)
        case Compare(operator="=", left=FactRef() as fact, right=Const(value=True)):
            return term_text(fact)
        case Not(of=part):
            return f"not ({in_english(part)})"
        case Stands(fact=fact):
            return term_text(fact)
        case _:
            return _comparison(node)


def denied(fact: str) -> str:
    """A yes/no fact that is false, in words: has no champion, owner is not active, budget not confirmed."""
    words = fact.split("_")
    if words[0] == "has":
        return " ".join(["has no", *words[1:]])
    if "is" in words[:-1]:
        place = words.index("is") + 1
        return " ".join([*words[:place], "not", *words[place:]])
    return " ".join([*words[:-1], "not", words[-1]])


def _comparison(node: Compare | Between | Among | Contains | IsBlank) -> str:
    match node:
        case Compare(operator=operator, left=left, right=right):
            verb = DATE_VERB if isinstance(left, FactRef) and left.type == "date" else VERB
            return f"{term_text(left)} {verb[operator]} {term_text(right)}"
        case Between(term=term, low=low, high=high):
            return f"{term_text(term)} is between {term_text(low)} and {term_text(high)}"
        case Among(term=term, among=consts, negated=no):
            return f"{term_text(term)} is {'none' if no else 'one'} of {', '.join(map(term_text, consts))}"
        case Contains(term=term, part=part):
            return f"{term_text(term)} contains {term_text(part)}"
        case IsBlank(term=term, negated=no):
            return f"{term_text(term)} is {'not ' if no else ''}blank"


def term_text(term: Term) -> str:
    """A term in words."""
    match term:
        case Const(value=str(), shown=shown):
            return f"“{shown}”"
        case Const(value=bool() as value):
            return "yes" if value else "no"
        case Const(value=Decimal() as value):
            return f"{value:,}"
        case Const(shown=shown):
            return shown
        case FactRef(name=name):
            return name.replace("_", " ")
        case _:
            return _combined(term)


def _combined(term: Call | Arithmetic) -> str:
    if isinstance(term, Call):
        name, fact = term.function.replace("_", " "), term_text(term.fact)
        return (
            f"{name} of {fact}" if term.function == "length" else fact if term.function == "lower" else f"{name} {fact}"
        )
    sign = {"*": "×", "/": "÷", "-": "−"}.get(term.sign, term.sign)
    sides = (
        f"({term_text(side)})" if isinstance(side, Arithmetic) else term_text(side) for side in (term.left, term.right)
    )
    return f" {sign} ".join(sides)
