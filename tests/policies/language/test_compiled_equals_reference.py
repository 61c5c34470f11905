"""Compiled conditions and the plain interpreter agree on generated conditions over generated deals."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal

from tests.policies.language.deals import AS_OF, HOLIDAYS, condition, wide
from tests.policies.language.reference import BLANK, UNKNOWN, evaluate

TEXTS = [
    "Ann",
    " ann ",
    "BOB",
    "bob smith",
    "",
    "  ",
    "\u200b",
    "TBD",
    "n/a",
    "Ünïcode Straße",
    "\x1fann",
    "o'neil",
    "tbd.",
]
WORDS = ["ann", "BOB", "Bob Smith", "straße", "o''neil", "neil"]
NUMBERS = ["0", "1", "-3", "2.5", "14", "0.1", "100", "1000000"]
FACTS = {
    "text": ["owner", "next_step", "segment", "next_step_owner"],
    "number": ["pushes", "days_in_stage", "discount_percent", "probability", "contact_count"],
    "money": ["amount"],
    "date": ["close_date", "last_activity", "created"],
    "yes/no": ["touched", "is_open", "has_champion"],
    "list": ["contact_roles"],
}
CONDITIONS, DEALS = 600, 30


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)  # noqa: S311  # repeatable cases

    def one(self, *choices):
        return self.random.choice(choices)

    def condition(self, depth=2):
        if depth and self.random.random() < 0.6:
            parts = [self.condition(depth - 1) for _ in range(self.one(2, 2, 3))]
            joined = f" {self.one('and', 'or')} ".join(f"({part})" for part in parts)
            return f"not ({joined})" if self.random.random() < 0.3 else joined
        return self.one(self.text, self.number, self.number, self.date, self.yes, self.blank, self.list)()

    def text(self):
        fact, words = self.one(*FACTS["text"]), self.random.sample(WORDS, 2)
        among = f"{fact} {self.one('in', 'not in')} ('{words[0]}', '{words[1]}')"
        sides = f"{self.one(fact, f'lower({fact})')} {self.one('=', '!=')} {self.one(*FACTS['text'], repr(words[0]))}"
        return self.one(among, sides.replace('"', "'"), f"{fact} contains '{words[0]}'")

    def number(self):
        if self.random.random() < 0.2:
            return f"{self.term()} {self.one('in', 'not in')} ({self.one(*NUMBERS)}, {self.one(*NUMBERS)})"
        if self.random.random() < 0.2:
            return f"{self.term()} between {self.one(*NUMBERS)} and {self.one(*NUMBERS)}"
        return f"{self.term()} {self.one('=', '!=', '<', '<=', '>', '>=')} {self.one(self.term(), *NUMBERS)}"

    def term(self):
        plain = self.one(*FACTS["number"], *FACTS["money"], self.days(), f"length({self.one(*FACTS['text'])})")
        if self.random.random() < 0.5:
            return plain
        other = self.one(*FACTS["number"], *NUMBERS, self.days())
        return f"({plain} {self.one('+', '-', '*', '/')} {other})"

    def days(self):
        return f"{self.one('days_since', 'days_until', 'business_days_since')}({self.one(*FACTS['date'])})"

    def date(self):
        fact, other = self.random.sample(FACTS["date"], 2)
        day = (AS_OF + timedelta(days=self.random.randint(-40, 40))).isoformat()
        return self.one(
            f"{fact} < '{day}'", f"{fact} >= {other}", f"{fact} between '{day}' and {other}", f"'{day}' != {fact}"
        )

    def yes(self):
        fact = self.one(*FACTS["yes/no"])
        return self.one(fact, f"not {fact}", f"{fact} = false", f"{fact} != true")

    def blank(self):
        fact = self.one(*(fact for facts in FACTS.values() for fact in facts), self.term(), self.days())
        return f"{fact} is {self.one('', 'not ')}blank"

    def list(self):
        return f"contact_roles contains '{self.one(*WORDS)}'"

    def deal(self):
        values = {
            "text": lambda: self.one(*TEXTS),
            "number": lambda: self.one(
                Decimal("0.1"), Decimal("2.5"), Decimal("0.3"), Decimal(14), Decimal(-3), Decimal(0)
            ),
            "money": lambda: Decimal(self.one("0.1", "12345678901.23", "0", "-1000000")),
            "date": lambda: AS_OF + timedelta(days=self.random.randint(-40, 40)),
            "yes/no": lambda: self.random.random() < 0.5,
            "list": lambda: tuple(self.random.sample(TEXTS, self.random.randint(0, 3))),
        }
        whole = {"pushes", "days_in_stage", "contact_count"}
        deal = {fact: values[kind]() for kind, facts in FACTS.items() for fact in facts}
        deal |= {fact: self.random.randint(-2, 15) for fact in whole}
        lost = {fact: self.one(BLANK, UNKNOWN) for fact in deal if self.random.random() < 0.3}
        return deal | lost


def test_compiled_and_plain_agree_on_eighteen_thousand_cases():
    generator = Generator(seed=20261122)
    compared = {True: 0, False: 0, None: 0}
    for _ in range(10):
        deals = [generator.deal() for _ in range(DEALS)]
        made = wide(deals)
        conditions = [
            condition(generator.condition(), filler=["tbd", "n/a"], blank=generator.one("false", "false", "unknown"))
            for _ in range(CONDITIONS // 10)
        ]
        found = made.frame.select(one.polars(made).alias(str(n)) for n, one in enumerate(conditions))
        for n, one in enumerate(conditions):
            wanted = [evaluate(one, deal, AS_OF, HOLIDAYS) for deal in deals]
            assert found[str(n)].to_list() == wanted, one.text
            for answer in wanted:
                compared[answer] += 1
    assert sum(compared.values()) == 18_000
    assert min(compared.values()) >= 1_000, "each answer is met often enough to mean something"
