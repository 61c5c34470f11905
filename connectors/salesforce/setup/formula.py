"""A condition as a Salesforce formula: text that is TRUE exactly where the condition is surely true, or surely false.

Formulas know no unknown, so each answer of policies/language/truth_table.py has a text of its own: and, or, not are
pushed down to the comparisons, and each of those covers blanks and a division by zero. No comparison reads a blank that
has not been asked about before, so the way that formulas treat blanks plays no part. native_facts.py knows how a fact
is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from connectors.salesforce.setup.formula_text import FALSE, TRUE, all_of, any_of, chosen, fn, negated, one_line
from policies.language import (
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
    children,
    group,
    walk,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connectors.salesforce.setup.formula_text import Expr
    from policies.language import BlankRule, Condition, Term, Truth

OPPOSITE: Final = {"=": "<>", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
CALLED: Final = {
    "length": "LEN({plain})", "days_since": "(TODAY() - {value})", "days_until": "({value} - TODAY())",
}  # fmt: skip
WRITTEN: Final = {"!=": "<>"}
ESCAPED: Final = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})
BUSINESS_DAYS: Final = "business days need the connection's calendar, which a formula does not know"
LISTS: Final = "{name} is a list, and a formula cannot compare what is in it as we do"


@dataclass(frozen=True)
class Reading:
    """How a formula reads a fact.

    `value`: as comparisons take it (texts trimmed and in lower case, a yes/no as a truth). `blank`: TRUE where it is
    blank; absent where it never is. `plain`: a text trimmed, in its own letters.
    """

    value: Expr
    blank: Expr = FALSE
    plain: str = ""


class Unsayable(Exception):
    """No formula can express the condition; `reasons` has every reason."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        self.reasons = reasons
        super().__init__("; ".join(reasons))


def formula(condition: Condition, readings: Mapping[str, Reading | str], *, wanted: bool = True) -> Expr:
    """A formula that is TRUE exactly where the condition is surely `wanted`; raises Unsayable with every reason.

    `readings`: fact → how it is read, or the reason why it cannot be; a fact that is missing is not mapped.
    """
    reasons = tuple(dict.fromkeys(_reasons(condition.tree, readings)))
    if reasons:
        raise Unsayable(reasons)
    known = {name: reading for name, reading in readings.items() if isinstance(reading, Reading)}
    return _Renderer(known, tuple(sorted(condition.filler)), condition.blank).truth(condition.tree, wanted=wanted)


def _reasons(tree: Truth, readings: Mapping[str, Reading | str]) -> Iterator[str]:
    for node in walk(tree):
        match node:
            case FactRef(name=name, type="list"):
                yield LISTS.format(name=name)
            case FactRef(name=name):
                reading = readings.get(name, f"no field is mapped for {name}")
                if isinstance(reading, str):
                    yield reading
            case Call(function="business_days_since"):
                yield BUSINESS_DAYS


@dataclass(frozen=True)
class _Renderer:
    readings: Mapping[str, Reading]
    filler: tuple[str, ...]
    blank: BlankRule

    def truth(self, node: Truth, *, wanted: bool) -> Expr:
        match node:
            case Chain(word=word, parts=parts):
                truths = [self.truth(part, wanted=wanted) for part in parts]
                return all_of(*truths) if (word == "and") == wanted else any_of(*truths)
            case Not(of=part):
                return self.truth(part, wanted=not wanted)
            case Between(term=term, low=low, high=high):
                return self.truth(Chain("and", (Compare(">=", term, low), Compare("<=", term, high))), wanted=wanted)
            case IsBlank(term=term, negated=no):
                return self.is_blank(term, wanted=wanted != no)
            case Among(term=term, among=consts, negated=no):
                return self.among(term, consts, wanted=wanted, no=no)
            case _:
                return self.comparison(node, wanted=wanted)

    def is_blank(self, term: Term, *, wanted: bool) -> Expr:
        blank = self.blanks(term)
        if wanted:
            return blank
        there = self.divided([term], TRUE)
        return negated(blank) if there == TRUE else chosen(blank, FALSE, there)

    def among(self, term: Term, consts: tuple[Const, ...], *, wanted: bool, no: bool) -> Expr:
        value = self.rendered(term)
        equal = any_of(*(f"{value} = {self.rendered(const)}" for const in consts))
        other = all_of(*(f"{value} <> {self.rendered(const)}" for const in consts))
        if no:
            return self.answer([term], other, equal, wanted=wanted)
        if _is_text(term) and wanted:
            return equal  # a constant is neither blank nor filler, so nothing that equals it is
        if _is_text(term) and self.blank == "false":
            return any_of(self.blanks(term, fillers=False), other)
        return self.answer([term], equal, other, wanted=wanted)

    def comparison(self, node: Compare | Contains | Stands, *, wanted: bool) -> Expr:
        match node:
            case Stands(fact=fact):
                value = self.readings[fact.name].value
                return self.answer([fact], value, negated(value), wanted=wanted)
            case Contains(term=term, part=part):
                has = fn("CONTAINS", self.rendered(term), self.rendered(part))
                return self.answer([term], has, negated(has), wanted=wanted)
            case Compare(operator=operator, left=left, right=right) if _is_truth(left):
                return self.truths(operator == "=", left, right, wanted=wanted)
            case Compare(operator="=" | "!=" as operator, left=left, right=Const() as const) if _is_text(left):
                return self.among(left, (const,), wanted=wanted, no=operator == "!=")
            case Compare(operator="=" | "!=" as operator, left=Const() as const, right=right) if _is_text(right):
                return self.among(right, (const,), wanted=wanted, no=operator == "!=")
            case Compare(operator=operator, left=left, right=right):
                one, two = self.rendered(left), self.rendered(right)
                yes = f"{one} {WRITTEN.get(operator, operator)} {two}"
                return self.answer([left, right], yes, f"{one} {OPPOSITE[operator]} {two}", wanted=wanted)

    def truths(self, equal: bool, left: Term, right: Term, *, wanted: bool) -> Expr:
        """A yes/no compared with a constant or another; a formula cannot compare truths that are calls."""
        one, two = self.value(left), self.value(right)
        both = any_of(all_of(one, two), all_of(negated(one), negated(two)))
        either = any_of(all_of(one, negated(two)), all_of(negated(one), two))
        yes, no = (both, either) if equal else (either, both)
        return self.answer([left, right], yes, no, wanted=wanted)

    def answer(self, terms: list[Term], yes: Expr, no: Expr, *, wanted: bool) -> Expr:
        """A comparison: false (or unknown) where a term is blank, unknown where a divisor is zero, else as compared."""
        blank = any_of(*map(self.blanks, terms))
        compared = self.divided(terms, yes if wanted else no)
        counts = not wanted and self.blank == "false"  # a blank makes the answer that is wanted
        if isinstance(compared, str) or compared.name != "IF":
            return any_of(blank, compared) if counts else all_of(negated(blank), compared)
        return chosen(blank, TRUE if counts else FALSE, compared)

    def divided(self, terms: list[Term], answer: Expr) -> Expr:
        """The answer where no divisor is zero; FALSE, for unknown, where one is."""
        zeros = dict.fromkeys(zero for term in terms for zero in self.zeros(term))
        for zero in reversed(zeros):
            answer = chosen(zero, FALSE, answer)
        return answer

    def zeros(self, node: Term) -> Iterator[Expr]:
        """Each divisor compared with zero, inner ones first."""
        for part in children(node):
            yield from self.zeros(part)  # type: ignore[arg-type]  # under a term there are only terms
        match node:
            case Arithmetic(sign="/", right=Const(value=Decimal() as value)):
                yield TRUE if value == 0 else FALSE
            case Arithmetic(sign="/", right=right):
                yield f"{self.rendered(right)} = 0"

    def blanks(self, node: Term, *, fillers: bool = True) -> Expr:
        """TRUE where a fact under the term is blank."""
        facts = (part for part in walk(node) if isinstance(part, FactRef))
        return any_of(*(self.empty(fact, self.filler if fillers else ()) for fact in facts))

    def empty(self, fact: FactRef, filler: tuple[str, ...]) -> Expr:
        reading = self.readings[fact.name]
        fillers = filler if fact.type in {"text", "choice"} else ()
        return any_of(reading.blank, *(f"{one_line(reading.value)} = {quoted(text)}" for text in fillers))

    def value(self, term: Term) -> Expr:
        return self.readings[term.name].value if isinstance(term, FactRef) else self.rendered(term)

    def rendered(self, term: Term) -> str:
        match term:
            case Const(value=value):
                return constant(value)
            case FactRef(name=name):
                return one_line(self.readings[name].value)
            case Arithmetic(sign=sign, left=left, right=right):
                return f"({self.rendered(left)} {sign} {self.rendered(right)})"
            case Call(function=function, fact=fact):
                text = CALLED.get(function, "{value}")
                return text.format(value=self.rendered(fact), plain=self.readings[fact.name].plain)


def _is_truth(term: Term) -> bool:
    return group(term) == "yes/no"


def _is_text(term: Term) -> bool:
    return group(term) == "text"


def constant(value: str | bool | Decimal | date) -> str:
    """A constant as formulas write it."""
    match value:
        case str():
            return quoted(value)
        case bool():
            return TRUE if value else FALSE
        case date():
            return f"DATE({value.year}, {value.month}, {value.day})"
        case _:
            return f"({value:f})" if value < 0 else f"{value:f}"


def quoted(text: str) -> str:
    """A text constant, its quotes and backslashes escaped."""
    return f'"{text.translate(ESCAPED)}"'
