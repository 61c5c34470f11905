"""SOQL text to its tree; raises MALFORMED_QUERY with the place."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from pathlib import Path as File
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedInput
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF

from sandbox.salesforce.clock import wire
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.soql import tree
from sandbox.salesforce.soql.tree import Call, Compare, Path, Query, Value

MOST_TEXT, MOST_STRING, MOST_OFFSET = 100_000, 4_000, 2_000
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_KINDS: dict[str, tree.LiteralKind] = {
    "INT": "number",
    "NUMBER": "number",
    "TRUE": "boolean",
    "FALSE": "boolean",
    "NULL": "null",
    "STRING": "text",
    "DATE": "date",
    "DATETIME": "datetime",
    "RANGE": "range",
    "MONEY": "money",
}


def malformed(message: str) -> ApiError:
    """The refusal of a query that cannot be read."""
    return ApiError("MALFORMED_QUERY", message)


@lru_cache(maxsize=1)
def _grammar() -> Lark:
    text = File(__file__).with_name("grammar.lark").read_text(encoding="utf-8")
    return Lark(text, start="query", parser="lalr", lexer="contextual", propagate_positions=False)


def parse(text: str) -> Query:
    """The tree of a query."""
    if len(text) > MOST_TEXT:
        raise malformed("SOQL statements cannot be longer than 100000 characters.")
    try:
        found = _grammar().parse(text)
    except UnexpectedInput as error:
        raise malformed(_place(text, error)) from error
    query: Query = _Build(visit_tokens=False).transform(found)
    if query.offset > MOST_OFFSET:
        raise ApiError("NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000")
    return query


def _place(text: str, error: UnexpectedInput) -> str:
    token = getattr(error, "token", None)
    if isinstance(error, UnexpectedEOF) or getattr(token, "type", "") == "$END":
        return "unexpected token: '<EOF>'"
    line, column = error.line, error.column
    shown = text.splitlines()[line - 1] if line > 0 else text
    bad = shown[column - 1] if isinstance(error, UnexpectedCharacters) else str(token or "")
    word = re.match(r"\w+", shown[column - 1 :])
    place = f"\n{shown}\n{' ' * (column - 1)}^\nERROR at Row:{line}:Column:{column}"
    return f"{place}\nunexpected token: '{word.group() if word else bad}'"


def literal(token: Token) -> Value:
    """A literal token as a value; instants come in wire form."""
    kind, text = _KINDS[token.type], str(token)
    if kind == "text":
        inner = text[1:-1]
        if len(inner) > MOST_STRING:
            raise malformed("String literal in WHERE clause cannot be longer than 4000 characters")
        return Value(kind, re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), inner), text)
    if kind == "number":
        return Value(kind, float(text) if token.type == "NUMBER" and "." in text else int(text), text)
    if kind == "boolean":
        return Value(kind, text.lower() == "true", text)
    if kind == "datetime":
        return Value(kind, wire(datetime.fromisoformat(text)), text)
    if kind == "money":
        return Value(kind, (text[:3], float(text[3:])), text)
    return Value(kind, None if kind == "null" else text.upper() if kind == "range" else text, text)


class _Build(Transformer[Token, Any]):
    """Turns Lark's tree, bottom up, into our own."""

    def path(self, parts: list[Token]) -> Path:
        return Path(tuple(str(p) for p in parts))

    def call(self, parts: list[Any]) -> Call:
        path = next((p for p in parts if isinstance(p, Path)), None)
        alias = str(parts[-1]) if len(parts) > 1 and isinstance(parts[-1], Token) else None
        return Call(str(parts[0]).lower(), path, alias)

    plain_call = call

    def sub(self, parts: list[Any]) -> Any:
        return parts[0]

    def value(self, parts: list[Token]) -> Value:
        return literal(parts[0])

    def compare(self, parts: list[Any]) -> Compare:
        op = str(parts[1]).lower().replace("<>", "!=")
        return Compare(parts[0], op, (parts[2],))

    def member(self, parts: list[Any]) -> Compare:
        op = " ".join(str(p).lower() for p in parts if isinstance(p, Token))
        return Compare(parts[0], op, tuple(p for p in parts if isinstance(p, Value)))

    def semi(self, parts: list[Any]) -> tree.SemiJoin:
        return tree.SemiJoin(parts[0], parts[-1], str(parts[1]).lower() == "not")

    def both(self, parts: list[Any]) -> tree.Both:
        return tree.Both(tuple(p for p in parts if not isinstance(p, Token)))

    def either(self, parts: list[Any]) -> tree.Either:
        return tree.Either(tuple(p for p in parts if not isinstance(p, Token)))

    def negation(self, parts: list[Any]) -> tree.Not:
        return tree.Not(parts[-1])

    def where(self, parts: list[Any]) -> tuple[str, Any]:
        return ("where", parts[-1])

    def alias(self, parts: list[Token]) -> tuple[str, str]:
        return ("alias", str(parts[0]))

    def items(self, parts: list[Any]) -> tuple[str, tuple[Any, ...]]:
        return ("items", tuple(parts))

    def group(self, parts: list[Any]) -> tuple[str, tuple[Any, ...]]:
        return ("group", tuple(parts[1:]))

    def order(self, parts: list[Any]) -> tuple[str, tuple[Any, ...]]:
        return ("order", tuple(parts[1:]))

    def direction(self, parts: list[Token]) -> bool:
        return parts[0].type == "DESC"

    def nulls(self, parts: list[Token]) -> str:
        return parts[1].type

    def sort(self, parts: list[Any]) -> tree.Sort:
        return tree.Sort(parts[0], any(p is True for p in parts[1:]), "LAST" in parts[1:])

    def limit(self, parts: list[Token]) -> tuple[str, int]:
        return ("limit", int(parts[1]))

    def offset(self, parts: list[Token]) -> tuple[str, int]:
        return ("offset", int(parts[1]))

    def purpose(self, parts: list[Token]) -> tuple[str, None]:
        del parts
        return ("purpose", None)

    def query(self, parts: list[Any]) -> Query:
        found = {p[0]: p[1] for p in parts if isinstance(p, tuple)}
        found.pop("purpose", None)
        name = next(p for p in parts if isinstance(p, Token) and p.type == "NAME")
        return Query(entity=str(name), **found)
