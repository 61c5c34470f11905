"""Parses tokens into the tree: sqlglot groups them, and an allow-list of its nodes is translated.

sqlglot sees no names or constants of the policy. Every operand is passed as `t` and its token's number, so that SQL
dialects cannot change its meaning and every place is known.
"""

from __future__ import annotations

from bisect import bisect_right
from contextlib import contextmanager
from itertools import accumulate
from typing import TYPE_CHECKING, Final, Literal

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError

from policies.language.tokens import OPERANDS, Mistake
from policies.language.tree import Chain, IsBlank, Not, group
from policies.language.type_checks import Checks, Wrong

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from model.facts import Fact
    from policies.language.tokens import Token
    from policies.language.tree import Operator, Sign, Term, Truth

SQL: Final = {"not in": "GLOB", "contains": "LIKE", "is blank": "IS NULL", "is not blank": "IS NOT NULL"}
COMPARED: Final[dict[type[exp.Expr], Operator]] = {
    exp.EQ: "=", exp.NEQ: "!=", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=",
}  # fmt: skip
COMBINED: Final[dict[type[exp.Expr], Sign]] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/"}


def parse(tokens: list[Token], facts: Mapping[str, Fact], filler: frozenset[str]) -> tuple[Truth | None, list[Mistake]]:
    """The typed tree of words that `lex` let through, or all mistakes."""
    root = _grouped(tokens)
    if isinstance(root, Mistake):
        return None, [root]
    builder = _Builder(tokens, Checks(facts, filler))
    tree = builder.truth(root)
    return (None if builder.mistakes else tree), builder.mistakes


def parse_term(tokens: list[Token], facts: Mapping[str, Fact]) -> tuple[Term | None, list[Mistake]]:
    """The typed tree of words that stand for a number, or the mistake."""
    root = _grouped(tokens)
    if isinstance(root, Mistake):
        return None, [root]
    try:
        tree = _Builder(tokens, Checks(facts, frozenset())).term(root)
    except Wrong as wrong:
        return None, [Mistake(wrong.offset or 0, str(wrong))]
    if group(tree) == "number":
        return tree, []
    return None, [Mistake(tokens[0].start, f"{tokens[0]} is no number; name a fact of type number or money")]


def _grouped(tokens: list[Token]) -> exp.Expr | Mistake:
    pieces = [_sql(number, token) for number, token in enumerate(tokens)]
    starts = [0, *accumulate(len(piece) + 1 for piece in pieces)]
    try:
        return sqlglot.parse_one(" ".join(pieces))
    except ParseError as error:
        column = error.errors[0]["col"] if error.errors else 0
        token = tokens[min(max(bisect_right(starts, column - 1) - 1, 0), len(tokens) - 1)]
        return Mistake(token.start, f"cannot read the condition near {token}")


def _sql(number: int, token: Token) -> str:
    if token.kind in OPERANDS:
        return f"t{number}"
    return f"f_{token.text}" if token.kind == "function" else SQL.get(token.text, token.text)


class _Builder:
    def __init__(self, tokens: list[Token], checks: Checks) -> None:
        self.tokens = tokens
        self.checks = checks
        self.mistakes: list[Mistake] = []

    def truth(self, node: exp.Expr) -> Truth | None:
        """The tree of a node; None where it has a mistake."""
        node = node.unnest()
        if isinstance(node, exp.And | exp.Or):
            return self.chain(node)
        if isinstance(node, exp.Not):
            return self.negated(node)
        try:
            with self.placed(node):
                return self.comparison(node)
        except Wrong as wrong:
            self.mistakes.append(Mistake(wrong.offset or 0, str(wrong)))
            return None

    def chain(self, node: exp.And | exp.Or) -> Truth | None:
        word: Literal["and", "or"] = "and" if isinstance(node, exp.And) else "or"
        links = [self.truth(link) for link in _links(node)]
        parts: list[Truth] = []
        for part in links:
            if part is not None:
                parts += part.parts if isinstance(part, Chain) and part.word == word else (part,)
        return None if None in links else Chain(word, tuple(parts))

    def negated(self, node: exp.Not) -> Truth | None:
        part = self.truth(node.this)
        if isinstance(node.this, exp.Is) and isinstance(part, IsBlank):
            return IsBlank(part.term, negated=True)
        return None if part is None else Not(part)

    def comparison(self, node: exp.Expr) -> Truth:
        checks = self.checks
        match node:
            case exp.In():
                return checks.among(self.term(node.this), self.terms(node.expressions), negated=False)
            case exp.Glob():
                listed = node.expression.expressions or [node.expression.this]
                return checks.among(self.term(node.this), self.terms(listed), negated=True)
            case exp.Between():
                return checks.between(*self.terms([node.this, node.args["low"], node.args["high"]]))
            case exp.Like():
                return checks.contains(*self.terms([node.this, node.expression]))
            case exp.Is():
                return checks.is_blank(self.term(node.this))
            case _:
                return self.compared(node)

    def compared(self, node: exp.Expr) -> Truth:
        if operator := COMPARED.get(type(node)):
            return self.checks.compare(operator, *self.terms([node.this, node.expression]))
        return self.checks.stands(self.term(node))

    def terms(self, nodes: list[exp.Expr]) -> list[Term]:
        if not nodes or not all(isinstance(node, exp.Expr) for node in nodes):
            raise Wrong("in and not in take constants in brackets, as in stage in ('discovery', 'demo')")
        return [self.term(node) for node in nodes]

    def term(self, node: exp.Expr) -> Term:
        node = node.unnest()
        with self.placed(node):
            if sign := COMBINED.get(type(node)):
                return self.checks.arithmetic(sign, *self.terms([node.this, node.expression]))
            if isinstance(node, exp.Column):
                return self.checks.operand(self.tokens[_number(node)])
            if isinstance(node, exp.Anonymous) and len(node.expressions) == 1:
                function = str(node.this).lower().removeprefix("f_")
                return self.checks.call(function, self.term(node.expressions[0]))
            if type(node) in COMPARED:
                raise Wrong("a comparison has two sides; write a < b and b < c")
            raise Wrong("cannot read the condition here")

    @contextmanager
    def placed(self, node: exp.Expr) -> Iterator[None]:
        """Gives errors inside the block the place of the node's first operand."""
        try:
            yield
        except Wrong as wrong:
            numbers = [_number(column) for column in node.find_all(exp.Column)]
            if wrong.offset is None and numbers:
                wrong.offset = self.tokens[min(numbers)].start
            raise


def _number(column: exp.Column) -> int:
    return int(column.name.removeprefix("t"))


def _links(node: exp.And | exp.Or) -> list[exp.Expr]:
    """The parts of a chain in order; walked without recursion, for chains are long."""
    parts: list[exp.Expr] = []
    rest: exp.Expr = node
    while type(rest) is type(node):
        parts.append(rest.expression)
        rest = rest.this
    return [rest, *reversed(parts)]
