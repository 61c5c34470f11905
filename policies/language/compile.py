"""A condition as a Polars expression over the wide frame. truth_table.py defines blank and unknown."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import polars as pl

from model.calendars.business_days import business_days_between
from model.facts import KNOWN
from policies.language import exact_arithmetic
from policies.language.exact_arithmetic import Exact, Fraction
from policies.language.text import TRIMMED
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
    facts_of,
)
from policies.language.truth_table import Value, answered, chained, combined, is_blank, read

if TYPE_CHECKING:
    from datetime import date

    from model.wide import Wide
    from policies.language.tree import BlankRule, Term, Truth


BY_PROCESS: Final = frozenset({"stage", "created_in_stage"})
"""Facts with stage ids as values, which are already trimmed and in lower case."""


def compile_truth(tree: Truth, wide: Wide, filler: frozenset[str], blank: BlankRule) -> pl.Expr:
    """The tree as a Boolean expression; null where unknown. A fact that the frame lacks is unknown."""
    columns = {name: wide.schema[name] for name in facts_of(tree) if name in wide.schema}
    masked = wide.masked.intersection(columns)
    return _compiled(tree, filler, blank, frozenset(columns.items()), masked, wide.holidays, wide.weekend)


def compile_number(tree: Term, wide: Wide) -> pl.Expr:
    """The term as a number, exact unless it divides; null where a fact is blank or unknown, or the frame lacks it."""
    columns = {name: wide.schema[name] for name in facts_of(tree) if name in wide.schema}
    compiler = _Compiler(columns, wide.masked, wide.holidays, wide.weekend, [""], "false")
    found = compiler.number(tree)
    if found.bottom is None:
        return found.top.column
    return found.top.column.cast(pl.Float64) / found.bottom.column.cast(pl.Float64)


@lru_cache(maxsize=4096)
def _compiled(  # noqa: PLR0917 - all that an expression depends on
    tree: Truth, filler: frozenset[str], blank: BlankRule, columns: frozenset[tuple[str, pl.DataType]],
    masked: frozenset[str], holidays: tuple[date, ...], weekend: tuple[int, ...],
) -> pl.Expr:  # fmt: skip
    """The expression for frames with these columns; made once, for a worker judges the same policies in every run."""
    return _Compiler(dict(columns), masked, holidays, weekend, sorted({"", *filler}), blank).truth(tree)


@dataclass(frozen=True)
class _Compiler:
    schema: dict[str, pl.DataType]
    masked: frozenset[str]
    holidays: tuple[date, ...]
    weekend: tuple[int, ...]
    filler: list[str]
    blank: BlankRule

    def truth(self, node: Truth) -> pl.Expr:
        match node:
            case Chain(word=word, parts=parts):
                return chained(word, [self.truth(part) for part in parts])
            case Not(of=part):
                return ~self.truth(part)
            case IsBlank(term=term, negated=negated):
                answer = is_blank(self.value(term))
                return ~answer if negated else answer
            case _:
                return self.comparison(node)

    def comparison(self, node: Compare | Between | Among | Contains | Stands) -> pl.Expr:
        match node:
            case Compare(operator=operator, left=left, right=right):
                return self.compare(operator, left, right)
            case Between(term=term, low=low, high=high):
                return chained("and", [self.compare(">=", term, low), self.compare("<=", term, high)])
            case Stands(fact=fact):
                value = self.fact(fact)
                return answered(value.value, [value], self.blank)
            case Contains(term=term, part=part):
                return self.contains(term, str(part.value))
            case Among(term=term, among=consts, negated=negated):
                return self.among(term, consts, negated=negated)

    def among(self, term: Term, consts: tuple[Const, ...], *, negated: bool) -> pl.Expr:
        if _is_number(term):
            equal = "!=" if negated else "="
            return chained("and" if negated else "or", [self.compare(equal, term, const) for const in consts])
        value = self.value(term)
        among = value.value.is_in([const.value for const in consts])
        return answered(~among if negated else among, [value], self.blank)

    def contains(self, term: Term, part: str) -> pl.Expr:
        value = self.value(term)
        is_list = isinstance(term, FactRef) and term.type == "list"
        has = value.value.list.contains(part) if is_list else value.value.str.contains(part, literal=True)
        return answered(has, [value], self.blank)

    def compare(self, operator: str, left: Term, right: Term) -> pl.Expr:
        if _is_number(left):
            answer = exact_arithmetic.compare(operator, self.number(left), self.number(right))
        else:
            answer = exact_arithmetic.COMPARE[operator](self.value(left).value, self.value(right).value)
        return answered(answer, [self.value(side) for side in (left, right) if not isinstance(side, Const)], self.blank)

    def number(self, term: Term) -> Fraction:
        match term:
            case Const(value=Decimal() as value):
                return Fraction(exact_arithmetic.constant(value))
            case Arithmetic(sign=sign, left=left, right=right):
                return exact_arithmetic.calculated(sign, self.number(left), self.number(right))
            case _:
                column = self.value(term).value
                dtype = self.schema.get(term.name, pl.Int64()) if isinstance(term, FactRef) else pl.Int64()
                if dtype.is_integer():
                    return Fraction(Exact(column, 0, whole=True))
                return Fraction(Exact(column, exact_arithmetic.FACT_SCALE))

    def value(self, term: Term) -> Value:
        match term:
            case FactRef():
                return self.fact(term)
            case Call():
                return self.call(term)
            case Const(value=value):
                return Value(pl.lit(value), pl.lit(value=False))
            case Arithmetic(left=left, right=right):
                fraction = self.number(term)
                column = fraction.top.column
                if fraction.bottom is not None:
                    column = pl.when(fraction.bottom.column.is_not_null()).then(column)
                return combined(column, [self.value(left), self.value(right)])

    def fact(self, fact: FactRef) -> Value:
        dtype = self.schema.get(fact.name)
        if dtype is None or dtype == pl.Null:
            return Value(pl.lit(None, _missing(fact)), pl.lit(value=False))
        raw = pl.col(fact.name)
        known = pl.col(fact.name + KNOWN) if fact.name in self.masked else None
        if dtype.is_float():
            return read(raw.cast(pl.Decimal(38, exact_arithmetic.FACT_SCALE), strict=False), known, raw.is_null())
        return read(self.cleaned(fact, raw), known)

    def cleaned(self, fact: FactRef, raw: pl.Expr) -> pl.Expr:
        """The column as comparisons see it; null where it is blank."""
        match fact.type:
            case "text" | "choice" if fact.name not in BY_PROCESS:
                return self.text(raw, lower=True)
            case "list":
                return self.items(raw)
            case "number" if self.schema[fact.name].is_integer():
                return raw.cast(pl.Int64)
            case _:
                return raw

    def text(self, raw: pl.Expr, *, lower: bool) -> pl.Expr:
        """The trimmed text, in lower case or as it is; null where it is blank or filler."""
        text = raw.cast(pl.String).str.strip_chars(TRIMMED)
        compared = text.str.to_lowercase()
        return pl.when(~compared.is_in(self.filler)).then(compared if lower else text)

    def items(self, raw: pl.Expr) -> pl.Expr:
        """The list's items that are not blank; null where there are none."""
        item = pl.element().str.strip_chars(TRIMMED).str.to_lowercase()
        items = raw.list.eval(item.filter(~item.is_in(self.filler)))
        return pl.when(items.list.len() > 0).then(items)

    def call(self, call: Call) -> Value:
        fact = self.fact(call.fact)
        match call.function:
            case "lower":
                return fact
            case "length":
                known = pl.col(call.fact.name + KNOWN) if call.fact.name in self.masked else None
                return read(self.text(pl.col(call.fact.name), lower=False).str.len_chars().cast(pl.Int64), known)
            case "days_since":
                return Value((pl.col("as_of_date") - fact.value).dt.total_days(), fact.blank)
            case "days_until":
                return Value((fact.value - pl.col("as_of_date")).dt.total_days(), fact.blank)
            case "business_days_since":
                days = business_days_between(fact.value, pl.col("as_of_date"), self.holidays, self.weekend)
                return Value(days, fact.blank)


def _is_number(term: Term) -> bool:
    match term:
        case Const(value=value):
            return isinstance(value, Decimal)
        case FactRef(type=kind):
            return kind in {"number", "money"}
        case Call(function=function):
            return function != "lower"
        case Arithmetic():
            return True


def _missing(fact: FactRef) -> pl.DataType:
    kinds: dict[str, pl.DataType] = {
        "yes/no": pl.Boolean(), "number": pl.Int64(), "money": pl.Decimal(38, exact_arithmetic.FACT_SCALE),
        "date": pl.Date(), "list": pl.List(pl.String()),
    }  # fmt: skip
    return kinds.get(fact.type, pl.String())
