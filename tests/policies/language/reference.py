"""A plain interpreter of conditions over one deal, written apart from the compiled form to hold it to account."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction

from policies.language import tree as t

WHITE = (
    "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\u200b\u200c\u200d\u2060\ufeff"
)


class Nothing(Enum):
    BLANK = "blank"
    UNKNOWN = "unknown"


BLANK, UNKNOWN = Nothing.BLANK, Nothing.UNKNOWN
ORDER = {
    "=": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
}  # fmt: skip


def evaluate(condition, deal, as_of, holidays=(), weekend=(5, 6)):
    """True, False or None (unknown) of one deal: fact -> value, BLANK or UNKNOWN; an absent fact is unknown."""
    return _Reference(condition, deal, (as_of, set(holidays), weekend)).truth(condition.tree)


def kleene_and(answers):
    return False if False in answers else None if None in answers else True


def kleene_or(answers):
    return True if True in answers else None if None in answers else False


def kleene_not(answer):
    return None if answer is None else not answer


class _Reference:
    def __init__(self, condition, deal, calendar):
        self.deal, (self.as_of, self.holidays, self.weekend) = deal, calendar
        self.filler, self.blank = condition.filler, condition.blank

    def truth(self, node):
        match node:
            case t.Chain(word=word, parts=parts):
                answers = [self.truth(part) for part in parts]
                return (
                    kleene_and(answers)
                    if word == "and"
                    else kleene_not(kleene_and([kleene_not(answer) for answer in answers]))
                )
            case t.Not(of=part):
                return kleene_not(self.truth(part))
            case t.IsBlank(term=term, negated=negated):
                value = self.value(term)
                return None if value is UNKNOWN else (value is BLANK) != negated
            case _:
                return self.comparison(node)

    def comparison(self, node):
        match node:
            case t.Stands(fact=fact):
                return self.ask(lambda value: value, fact)
            case t.Compare(operator=operator, left=left, right=right):
                return self.ask(ORDER[operator], left, right)
            case t.Between(term=term, low=low, high=high):
                return kleene_and([self.ask(ORDER[">="], term, low), self.ask(ORDER["<="], term, high)])
            case t.Among(term=term, among=consts, negated=negated):
                values = [self.value(const) for const in consts]
                return self.ask(lambda value: (value in values) != negated, term)
            case t.Contains(term=term, part=part):
                return self.ask(lambda value: part.value in value, term)
        raise AssertionError(node)

    def ask(self, answer, *terms):
        values = [self.value(term) for term in terms]
        if BLANK in values:
            return False if self.blank == "false" else None
        return None if UNKNOWN in values else answer(*values)

    def value(self, term):
        match term:
            case t.Const(value=Decimal() as value):
                return Fraction(value)
            case t.Const(value=value):
                return value
            case t.FactRef(name=name):
                value = self.text(name)
                return value.lower() if isinstance(value, str) else value
            case t.Call(function=function, fact=fact):
                return self.call(function, self.text(fact.name))
            case t.Arithmetic(sign=sign, left=left, right=right):
                return self.calculate(sign, self.value(left), self.value(right))
        raise AssertionError(term)

    def text(self, name):
        value = self.deal.get(name, UNKNOWN)
        if isinstance(value, str):
            value = value.strip(WHITE)
            return BLANK if self.empty(value) else value
        if isinstance(value, tuple):
            items = [item.strip(WHITE).lower() for item in value]
            return [item for item in items if not self.empty(item)] or BLANK
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            return Fraction(value)
        return value

    def empty(self, text):
        return not text or text.lower() in self.filler

    def call(self, function, value):
        if isinstance(value, Nothing):
            return value
        match function:
            case "lower":
                return value.lower()
            case "length":
                return len(value)
            case "days_since":
                return (self.as_of - value).days
            case "days_until":
                return (value - self.as_of).days
        first, last, sign = (value, self.as_of, 1) if value <= self.as_of else (self.as_of, value, -1)
        days = (first + timedelta(days=n) for n in range((last - first).days))
        worked = [day for day in days if day.weekday() not in self.weekend and day not in self.holidays]
        return sign * len(worked)

    @staticmethod
    def calculate(sign, left, right):
        if BLANK in (left, right):
            return BLANK
        if UNKNOWN in (left, right) or (sign == "/" and right == 0):
            return UNKNOWN
        return {"+": lambda: left + right, "-": lambda: left - right, "*": lambda: left * right}.get(
            sign, lambda: Fraction(left) / right
        )()
