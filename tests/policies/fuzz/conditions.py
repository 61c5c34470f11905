"""Conditions for the fuzzer: grown from the grammar, then bent, and soups of its signs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from model.facts import FACTS
from tests.policies.language.test_compiled_equals_reference import Generator

if TYPE_CHECKING:
    import random

PIECE = re.compile(r"'[^']*'|\w+|\s+|<=|>=|!=|.", re.DOTALL)
JUNK = (
    "and", "or", "not", "in", "not in", "is", "is blank", "is not blank", "between", "contains", "(", ")", "((", "))",
    ",", "=", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "'", "''", "'''", '"', "'x'", "'2026-11-03'",
    "'2026-02-30'", "0", "1", "-1", "0.25", ".5", "1.", "1e9", "1_0", "9" * 40, "0.0000001", "true", "false", "null",
    "t0", "t1", "f_lower", "days_since", "days_until(", "lower(", "length(", "business_days_since(close_date)",
    "amount", "owner", "stage", "contact_roles", "is_open", "close_date", "amount_home", "--", "/*", ";", "==", "<>",
    "&&", "||", "!", "\\", "\n", "\t", "\r", "\x00", "\u200b", "\ufeff", "\u2028", "é", "ß", "İ", "𝕏", "１２", "٣", "µ",
    "$", "€", "{", "}", "[", "]", ":", "#", "@", "select", "case when", "cast(amount as int)", "interval", "like",
    "ilike", "::", "->", "%", "^", "~", "|", "?", "*", "exists (select 1)", "amount.x", "a.b.c", "`amount`",
    "is distinct from", "is true", "collate", "at time zone", "over ()",
)  # fmt: skip


class Conditions:
    """Draws condition texts; `random` decides everything."""

    def __init__(self, dice: random.Random) -> None:
        self.random = dice
        self.grammar = Generator(0)
        self.grammar.random = dice

    def grown(self) -> str:
        return self.grammar.condition(self.random.randint(0, 4))

    def bent(self) -> str:
        """A grown one with some pieces lost, doubled, swapped or replaced."""
        pieces = PIECE.findall(self.grown())
        for _ in range(self.random.randint(1, 4)):
            at = self.random.randrange(len(pieces) + 1)
            match self.random.randrange(5):
                case 0:
                    del pieces[at : at + self.random.randint(1, 3)]
                case 1:
                    pieces[at:at] = pieces[at : at + self.random.randint(1, 8)] * self.random.choice((1, 1, 30))
                case 2:
                    pieces[at:at] = [" ", self.random.choice(JUNK), " "]
                case 3:
                    pieces[at : at + 1] = [self.random.choice(JUNK)]
                case _:
                    self.random.shuffle(pieces[at:])
                    pieces = pieces[at:] + pieces[:at]
        return "".join(pieces)

    def soup(self) -> str:
        signs = self.random.choices((*JUNK, *FACTS), k=self.random.choice((1, 2, 3, 5, 8, 20, 400)))
        return self.random.choice((" ", "", " ")).join(signs)

    def deep(self) -> str:
        """One thing many times over."""
        many = self.random.choice((5, 13, 60, 900, 5_000, 20_000))
        start, end = self.random.choice(
            (("(", ")"), ("not ", ""), ("not (", ")"), ("lower(", ")"), ("- ", ""), ("1 + ", ""))
        )
        inner = self.grown()
        joined = self.random.choice(
            (f" {self.random.choice(('and', 'or', '=', '+', ','))} ".join([inner] * (many // 20 + 1)), inner)
        )
        return start * many + joined + end * self.random.choice((many, many, many - 1, many + 1))

    def any(self) -> str:
        return self.random.choice((self.grown, self.bent, self.bent, self.bent, self.soup, self.deep))()
