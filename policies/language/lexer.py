"""Splits a condition's text into tokens with places, and reports all mistakes that need no parsing."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from model.helpers.words import did_you_mean
from policies.language.other_names import meant_fact
from policies.language.tokens import FUNCTIONS, KEYWORDS, WORDS, Mistake, Token, order, sizes

if TYPE_CHECKING:
    from collections.abc import Collection

    from policies.language.tokens import Kind

MAX_LENGTH: Final = 4000
MAX_DIGITS: Final = (15, 6)

PIECE: Final = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<text>'(?:[^']|'')*')"
    r"|(?P<date>\d{4}-\d\d-\d\d\b)"
    r"|(?P<number>\d+(?:\.\d+)?(?![\w.]))"
    r"|(?P<word>[A-Za-z_]\w*)"
    r"|(?P<wrong>\"[^\"]*\"|==|<>|--|/\*|&&|\|\||[\d.][\w.]*)"
    r"|(?P<sign><=|>=|!=|[=<>+\-*/])"
    r"|(?P<mark>[(),])",
    re.DOTALL,
)
ONLY: Final = f"; there are {', '.join(FUNCTIONS)}"
ADVICE: Final = {
    "==": "equal is written =",
    "<>": "not equal is written !=",
    "--": "a comment cannot stand inside a condition",
    "/*": "a comment cannot stand inside a condition",
    "&&": "write and",
    "||": "write or",
    "!": "write not",
    '"': "a text stands in single quotes, as in 'Closed Won'",
    "'": "the closing quote of this text is missing",
    ";": "one condition has no ;",
    **dict.fromkeys("$€£¥", "an amount is a plain number; ask for the currency with currency = 'EUR'"),
    "null": "write is blank",
    "like": "write contains",
    "today": "write days_since(date) or days_until(date)",
    "now": "write days_since(date) or days_until(date)",
    "unknown": "what cannot be read is unknown by itself; a condition cannot ask for it",
}


def lex(text: str, facts: Collection[str]) -> tuple[list[Token], list[Mistake]]:
    """The tokens of `text`, which may name `facts`, and the mistakes found without parsing."""
    if len(text) > MAX_LENGTH:
        return [], [Mistake(0, f"a condition has at most {MAX_LENGTH:,} characters; this one has {len(text):,}")]
    if not text.strip():
        return [], [Mistake(0, "the condition is empty; leave its key out or write one")]
    pieces, mistakes = _pieces(text)
    tokens, more = _named(_folded(pieces), facts)
    mistakes += more
    return tokens, mistakes or sizes(tokens) or order(tokens, len(text.rstrip()))


def _pieces(text: str) -> tuple[list[Token], list[Mistake]]:
    tokens, mistakes, at = [], [], 0
    while at < len(text):
        found = PIECE.match(text, at)
        if not found or found.lastgroup in {"wrong", "date"}:
            piece = found.group() if found else text[at]
            mistakes.append(Mistake(at, _refused(piece)))
            at = len(text) if piece in {"'", ";", "--", "/*"} else at + len(piece)
            continue
        if found.lastgroup != "space":
            tokens.append(_token(found.lastgroup or "", found.group(), at))
        at = found.end()
    return tokens, mistakes


def _refused(piece: str) -> str:
    if "-" in piece and piece[0].isdigit():
        return f"a date stands in single quotes: write '{piece}'"
    if piece[0] in ".0123456789":
        return f"cannot read the number '{piece}'; write it as 10000 or 0.25"
    return f"cannot read {piece} here; {ADVICE.get(piece, ADVICE.get(piece[0], 'the language has no such sign'))}"


def _token(group: str, piece: str, at: int) -> Token:
    match group:
        case "text":
            return Token("text", piece[1:-1].replace("''", "'"), at)
        case "number":
            return Token("number", piece, at)
        case "sign":
            return Token("sign", piece, at)
        case "mark":
            kind: Kind = "(" if piece == "(" else ")" if piece == ")" else ","
            return Token(kind, piece, at)
        case _:
            return Token("word", piece, at)


def _folded(tokens: list[Token]) -> list[Token]:
    """`is blank`, `is not blank`, `not in` become one word each, and a sign before a number part of it."""
    folded: list[Token] = []
    for token in tokens:
        last = folded[-1] if folded else None
        joined = f"{last.text} {token.text}".lower() if last and last.kind == token.kind == "word" else ""
        if last and joined in {"is not", "is blank", "is not blank", "not in"}:
            folded[-1] = replace(last, text=joined)
        elif last and last.text == "-" and token.kind == "number" and not (len(folded) > 1 and _is_value(folded[-2])):
            folded[-1] = Token("number", f"-{token.text}", last.start)
        else:
            folded.append(token)
    return folded


def _is_value(token: Token) -> bool:
    return token.ends or (token.kind == "word" and token.text.lower() not in WORDS)


def _named(tokens: list[Token], facts: Collection[str]) -> tuple[list[Token], list[Mistake]]:
    named, mistakes = [], []
    for token, after in zip_longest(tokens, tokens[1:]):
        called = after is not None and after.kind == "("
        if token.kind == "word":
            kind, problem = _meaning(token.text, facts, called=called)
            mistakes += [Mistake(token.start, problem)] if problem else []
            text = token.text if kind == "fact" else token.text.lower()
            named.append(Token(kind, text, token.start))
        else:
            mistakes += [Mistake(token.start, _too_long(token.text))] if _too_long(token.text, token.kind) else []
            named.append(token)
    return named, mistakes


def _meaning(word: str, facts: Collection[str], *, called: bool) -> tuple[Kind, str]:
    """The kind of a word, and its mistake or an empty text."""
    lower = word.lower()
    if called and lower not in WORDS:
        return (
            "function",
            "" if lower in FUNCTIONS else f"unknown function '{word}'{did_you_mean(word, FUNCTIONS) or ONLY}",
        )
    if word in facts:
        return "fact", ""
    if lower in WORDS:
        return "word", ""
    return ("yes/no", "") if lower in {"true", "false"} else ("fact", _unknown(word, lower, facts))


def _unknown(word: str, lower: str, facts: Collection[str]) -> str:
    if lower in FUNCTIONS:
        return f"'{word}' is a function; write {lower}(fact)"
    if lower in ADVICE:
        return f"unknown word '{word}'; {ADVICE[lower]}"
    return f"unknown fact '{word}'{meant_fact(word, facts, KEYWORDS)}"


def _too_long(number: str, kind: Kind = "number") -> str:
    whole, _, rest = number.lstrip("-").partition(".")
    if kind != "number" or (len(whole) <= MAX_DIGITS[0] and len(rest) <= MAX_DIGITS[1]):
        return ""
    return f"a number has at most {MAX_DIGITS[0]} digits before and {MAX_DIGITS[1]} after the point"
