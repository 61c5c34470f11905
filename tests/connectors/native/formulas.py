"""A small interpreter of Salesforce formulas, written from the help pages and the open formula engine alone.

Blanks are None. `blanks` says what a comparison or sum makes of a blank number: "null" (nothing, as the engine does) or
"zero" (as a formula field may be set to). `eager` reads every argument of AND and OR. A formula that needs one of
these ways to come out right is wrong. A division by zero raises ZeroDivisionError.
"""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

TOKEN = re.compile(
    r'\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<number>\d+(?:\.\d+)?)|(?P<name>[A-Za-z$_][\w.$]*)'
    r"|(?P<sign><=|>=|<>|[=<>+\-*/(),]))"
)
ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
COMPARE = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
COMBINE = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
ORDER = [tuple(COMPARE), ("+", "-"), ("*", "/")]


@dataclass
class Save:
    """One save of a record: its fields before (None: it is new) and after, the day, the user's custom permissions."""

    after: dict[str, Any]
    before: dict[str, Any] | None = None
    today: date = date(2026, 11, 16)
    permissions: frozenset[str] = field(default_factory=frozenset)
    blanks: str = "null"
    eager: bool = False

    def fires(self, formula: str) -> bool:
        """Whether a validation rule with this formula refuses the save; null refuses nothing."""
        return self.value(parsed(formula)) is True

    def value(self, node: Any) -> Any:
        match node:
            case ("constant", value):
                return value
            case ("field", name):
                return self.field(name)
            case ("call", name, args):
                return getattr(self, f"do_{name.lower()}")(*args)
            case (sign, left, right) if sign in COMPARE:
                return self.compared(sign, self.value(left), self.value(right))
            case (sign, left, right):
                return self.combined(sign, self.value(left), self.value(right))
        raise AssertionError(node)

    def field(self, name: str) -> Any:
        if name in {"TRUE", "FALSE"}:
            return name == "TRUE"
        if name.startswith("$Permission."):
            return name.removeprefix("$Permission.") in self.permissions
        return self.after[name]

    def compared(self, sign: str, left: Any, right: Any) -> bool | None:
        if isinstance(left, str) or isinstance(right, str):  # a text is never null: it is empty
            left, right = left or "", right or ""
        elif self.blanks == "zero" and not isinstance(left or right, date):
            left, right = left or 0, right or 0
        return None if left is None or right is None else COMPARE[sign](left, right)

    def combined(self, sign: str, left: Any, right: Any) -> Any:
        if self.blanks == "zero" and not isinstance(left or right, date):
            left, right = left or 0, right or 0
        if left is None or right is None:
            return None
        if isinstance(left, date) and isinstance(right, date):
            return Fraction((left - right).days)
        if isinstance(left, date):
            return COMBINE[sign](left, timedelta(days=int(right)))
        return COMBINE[sign](Fraction(left), Fraction(right))

    def do_and(self, *parts: Any) -> bool:
        found = (self.value(part) is True for part in parts)
        return all(list(found) if self.eager else found)

    def do_or(self, *parts: Any) -> bool:
        found = (self.value(part) is True for part in parts)
        return any(list(found) if self.eager else found)

    def do_not(self, part: Any) -> bool | None:
        value = self.value(part)
        return None if value is None else not value

    def do_if(self, when: Any, then: Any, otherwise: Any) -> Any:
        return self.value(then if self.value(when) is True else otherwise)

    def do_case(self, of: Any, *rest: Any) -> Any:
        value = self.value(of)
        for wanted, result in zip(rest[:-1:2], rest[1:-1:2], strict=True):
            if self.compared("=", value, self.value(wanted)):
                return self.value(result)
        return self.value(rest[-1])

    def do_isblank(self, part: Any) -> bool:
        value = self.value(part)
        assert not isinstance(value, bool), "ISBLANK takes no truth"
        return value in {None, ""}

    def do_ischanged(self, part: Any) -> bool:
        return self.before is not None and self.before[part[1]] != self.after[part[1]]

    def do_priorvalue(self, part: Any) -> Any:
        return (self.after if self.before is None else self.before)[part[1]]

    def do_text(self, part: Any) -> Any:
        return self.value(part)

    def do_trim(self, part: Any) -> Any:
        return (self.value(part) or "").strip(" ") or None

    def do_lower(self, part: Any) -> Any:
        value = self.value(part)
        return value and value.lower()

    def do_len(self, part: Any) -> Fraction:
        return Fraction(len((self.value(part) or "").encode("utf-16-le")) // 2)

    def do_contains(self, text: Any, part: Any) -> bool | None:
        value = self.value(text)
        return self.value(part) in value if value else None

    def do_today(self) -> date:
        return self.today

    def do_date(self, *parts: Any) -> date:
        return date(*(int(self.value(part)) for part in parts))


def parsed(formula: str) -> Any:
    """The formula as nested tuples; raises ValueError for what is no formula."""
    tokens = list(_tokens(formula))
    node, rest = _binary(tokens, 0)
    if rest:
        raise ValueError(f"cannot read {rest[0]} in {formula}")
    return node


def _tokens(formula: str) -> Any:
    at = 0
    while at < len(formula.rstrip()):
        found = TOKEN.match(formula, at)
        if not found:
            raise ValueError(f"cannot read {formula[at : at + 20]!r}")
        yield found.lastgroup, found.group(found.lastgroup or 0)
        at = found.end()


def _binary(tokens: list[Any], level: int) -> Any:
    if level == len(ORDER):
        return _single(tokens)
    node, tokens = _binary(tokens, level + 1)
    while tokens and tokens[0][0] == "sign" and tokens[0][1] in ORDER[level]:
        sign = tokens[0][1]
        right, tokens = _binary(tokens[1:], level + 1)
        node = (sign, node, right)
    return node, tokens


def _single(tokens: list[Any]) -> Any:
    (kind, word), rest = tokens[0], tokens[1:]
    if kind == "text":
        return ("constant", re.sub(r"\\(.)", lambda found: ESCAPES.get(found[1], found[1]), word[1:-1])), rest
    if kind == "number":
        return ("constant", Fraction(word)), rest
    if (kind, word) == ("sign", "-"):
        node, rest = _single(rest)
        return ("constant", -node[1]), rest
    if kind == "name" and rest and rest[0] == ("sign", "("):
        args, rest = _args(rest[1:])
        return ("call", word, args), rest
    if kind == "name":
        return ("field", word), rest
    if (kind, word) == ("sign", "("):
        node, rest = _binary(rest, 0)
        return node, _closed(rest)
    raise ValueError(f"cannot read {word}")


def _args(tokens: list[Any]) -> Any:
    args: list[Any] = []
    while tokens[0] != ("sign", ")"):
        node, tokens = _binary(tokens, 0)
        args.append(node)
        if tokens[0] == ("sign", ","):
            tokens = tokens[1:]
    return args, tokens[1:]


def _closed(tokens: list[Any]) -> list[Any]:
    if not tokens or tokens[0] != ("sign", ")"):
        raise ValueError("a bracket is not closed")
    return tokens[1:]
