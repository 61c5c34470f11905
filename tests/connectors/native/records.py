"""Records of an org as drawn by chance, the facts that the connector makes of them, and conditions on those."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from connectors.salesforce.client import convert as to
from connectors.salesforce.pull.opportunities import COLUMNS
from model.facts import FACTS, Fact
from model.sync import Description, Source
from tests.policies.language.deals import AS_OF
from tests.policies.language.reference import BLANK

OWN = {
    "signed_on": Fact("signed_on", "date", "", ""), "acv": Fact("acv", "money", "", ""),
    "parent_checked": Fact("parent_checked", "yes/no", "", ""),
}  # fmt: skip
KNOWN = FACTS | OWN
SOURCES = {
    # columns
    "next_step": Source("NextStep", "string", length=255), "amount": Source("Amount", "currency"),
    "close_date": Source("CloseDate", "date"), "probability": Source("Probability", "percent"),
    "deal_type": Source("Type", "picklist"),
    # mapped
    "segment": Source("Account.Segment__c", "picklist"),
    "outstanding_issue": Source("Issue__c", "textarea", length=255),
    "contact_count": Source("Contacts__c", "double"), "discount_percent": Source("Discount__c", "percent"),
    "signed_on": Source("Signed__c", "date"), "acv": Source("ACV__c", "currency"),
    "is_test": Source("Test__c", "boolean"), "terms_agreed": Source("Terms__c", "boolean"),
    "need_confirmed": Source("Need__c", "picklist"), "parent_checked": Source("Account.Checked__c", "boolean"),
}  # fmt: skip
COLUMN_FACTS = ("next_step", "amount", "close_date", "probability", "deal_type")
TYPES = {name: KNOWN[name].type for name in SOURCES if name not in COLUMN_FACTS}
DESCRIPTION = Description(mapped=frozenset(SOURCES), writes={}, types=TYPES, sources=SOURCES)
TEXTS = [
    "Ann",
    " ann ",
    "BOB",
    "bob smith",
    None,
    "TBD",
    " n/a",
    "Ünïcode Straße",
    "o'neil",
    "tbd.",
    'say "no"',
    "a\\b",
]
WORDS = ["ann", "BOB", "Bob Smith", "straße", "o''neil", 'say "no"', "a\\b", "b"]
NUMBERS = ["0", "1", "-3", "2.5", "14", "0.1", "100", "1000000"]


class Drawn:
    """Records and conditions by chance, the same for the same seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)  # noqa: S311  # repeatable cases

    def one(self, *choices):
        return self.random.choice(choices)

    def record(self):
        """Fields as formulas read them; the parent is missing now and then."""
        day = timedelta(days=1)
        values = {
            "string": lambda: self.one(*TEXTS), "textarea": lambda: self.one(*TEXTS),
            "picklist": lambda: self.one("Yes", "no", "None", *TEXTS),
            "currency": lambda: Fraction(self.one("0.1", "12345678901.23", "0", "-1000000", "14")),
            "double": lambda: Fraction(self.one("0.1", "2.5", "14", "-3", "0", "1")),
            "percent": lambda: Fraction(self.one("0.1", "0.25", "1", "0", "0.145")),
            "date": lambda: AS_OF + self.random.randint(-40, 40) * day,
            "boolean": lambda: self.random.random() < 0.5,
        }  # fmt: skip
        made = {source.field: values[source.type]() for source in SOURCES.values()}
        empty = {f for f in made if not isinstance(made[f], bool) and self.random.random() < 0.3}
        made |= dict.fromkeys(empty)
        made["AccountId"] = self.one("001000000000001", "001000000000002", None)
        if made["AccountId"] is None:
            made |= {"Account.Segment__c": None, "Account.Checked__c": False}
        return made

    def condition(self, depth=2):
        if depth and self.random.random() < 0.6:
            parts = [self.condition(depth - 1) for _ in range(self.one(2, 2, 3))]
            joined = f" {self.one('and', 'or')} ".join(f"({part})" for part in parts)
            return f"not ({joined})" if self.random.random() < 0.3 else joined
        return self.one(self.text, self.number, self.number, self.date, self.yes, self.blank)()

    def text(self):
        facts = ["next_step", "deal_type", "segment", "outstanding_issue"]
        fact, words = self.one(*facts), self.random.sample(WORDS, 2)
        among = f"{fact} {self.one('in', 'not in')} ('{words[0]}', '{words[1]}')"
        word = f"'{words[0]}'"
        sides = f"{self.one(fact, f'lower({fact})')} {self.one('=', '!=')} {self.one(*facts, word)}"
        return self.one(among, sides, f"'{words[1]}' {self.one('=', '!=')} {fact}", f"{fact} contains '{words[0]}'")

    def number(self):
        if self.random.random() < 0.2:
            return f"{self.term()} {self.one('in', 'not in')} ({self.one(*NUMBERS)}, {self.one(*NUMBERS)})"
        if self.random.random() < 0.2:
            return f"{self.term()} between {self.one(*NUMBERS)} and {self.one(self.term(), *NUMBERS)}"
        return f"{self.term()} {self.one('=', '!=', '<', '<=', '>', '>=')} {self.one(self.term(), *NUMBERS)}"

    def term(self):
        fact = self.one("next_step", "segment")
        plain = self.one("amount", "contact_count", "discount_percent", "probability", self.days(), f"length({fact})")
        if self.random.random() < 0.5:
            return plain
        other = self.one("contact_count", "probability", *NUMBERS, self.days(), "(contact_count / probability)")
        return f"({plain} {self.one('+', '-', '*', '/')} {other})"

    def days(self):
        return f"{self.one('days_since', 'days_until')}({self.one('close_date', 'signed_on')})"

    def date(self):
        fact, other = self.random.sample(["close_date", "signed_on"], 2)
        day = (AS_OF + timedelta(days=self.random.randint(-40, 40))).isoformat()
        return self.one(
            f"{fact} < '{day}'", f"{fact} >= {other}", f"{fact} between '{day}' and {other}", f"'{day}' != {fact}"
        )

    def yes(self):
        facts = ["is_test", "terms_agreed", "need_confirmed", "parent_checked"]
        fact = self.one(*facts)
        return self.one(fact, f"not {fact}", f"{fact} = false", f"{fact} != true", f"{fact} = {self.one(*facts)}")

    def blank(self):
        fact = self.one(*SOURCES, self.term(), self.days())
        return f"{fact} is {self.one('', 'not ')}blank"


def facts_of(record):
    """The facts that the connector reads from such a record over the API, as the reference interpreter takes them."""
    found = {}
    for name, source in SOURCES.items():
        value = _by_api(record, source)
        convert = (
            COLUMNS[name][1] if name in COLUMN_FACTS else to.fact_converter(TYPES[name], source.type, ZoneInfo("UTC"))
        )
        found[name] = _plain(KNOWN[name].type, convert(value))
    return found


def _by_api(record, source):
    """A field's value as JSON has it: a percent counts to 100, and nothing lies below a missing parent."""
    value = record[source.field]
    if "." in source.field and record["AccountId"] is None:
        return None
    if isinstance(value, Fraction):
        value *= 100 if source.type == "percent" else 1
        return Decimal(value.numerator) / Decimal(value.denominator)
    return value.isoformat() if hasattr(value, "isoformat") else value


def _plain(kind, value):
    if value is None:
        return BLANK
    if kind in {"number", "money"}:
        return Decimal(str(value))
    return AS_OF.fromisoformat(value) if kind == "date" and isinstance(value, str) else value
