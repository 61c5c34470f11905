"""The language of conditions: text to a typed tree, and from there to Polars and English.

Importing this package loads neither sqlglot nor Polars; parsing and compiling do.
"""

from policies.language.blanks import unequal, with_blanks
from policies.language.condition import Condition, parse_condition
from policies.language.english import denied, in_english
from policies.language.implication import implied
from policies.language.measure import Measure, measures
from policies.language.number import Number, parse_number
from policies.language.other_names import meant_fact
from policies.language.text import compared, shortened, trimmed
from policies.language.tokens import DAY_COUNTS
from policies.language.tree import (
    Among,
    Arithmetic,
    Between,
    BlankRule,
    Call,
    Chain,
    Compare,
    Const,
    Contains,
    FactRef,
    IsBlank,
    Node,
    Not,
    Operator,
    Stands,
    Term,
    Truth,
    children,
    facts_of,
    group,
    in_business_days,
    required_facts,
    walk,
)

__all__ = [
    "DAY_COUNTS",
    "Among",
    "Arithmetic",
    "Between",
    "BlankRule",
    "Call",
    "Chain",
    "Compare",
    "Condition",
    "Const",
    "Contains",
    "FactRef",
    "IsBlank",
    "Measure",
    "Node",
    "Not",
    "Number",
    "Operator",
    "Stands",
    "Term",
    "Truth",
    "children",
    "compared",
    "denied",
    "facts_of",
    "group",
    "implied",
    "in_business_days",
    "in_english",
    "meant_fact",
    "measures",
    "parse_condition",
    "parse_number",
    "required_facts",
    "shortened",
    "trimmed",
    "unequal",
    "walk",
    "with_blanks",
]  # fmt: skip
