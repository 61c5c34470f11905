"""Examples of a policy or criterion: one deal each, its facts by name and type."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final, TypeAlias

from policies.language.tree import Call, walk
from policies.language.words import compared, did_you_mean
from policies.policy import Example, Examples
from policies.shapes import NUMBER, Key, kind
from policies.yaml_tree import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from model.facts import Fact
    from policies.language.condition import Condition
    from policies.policy import FactValue
    from policies.shapes import Sheet
    from policies.vocabulary import Vocabulary
    from policies.yaml_tree import Node

KEYS: Final = {"flagged": Key(), "clear": Key()}
POLICY_KEYS: Final = KEYS | {"not_applicable": Key()}
ANY_DAY: Final = date(2000, 1, 1)
"""The day of examples whose policy counts no days."""
Read: TypeAlias = "tuple[FactValue] | None"


def read_examples(
    sheet: Sheet,
    node: Node | None,
    words: Vocabulary,
    conditions: list[Condition | None],
    keys: Mapping[str, Key] = KEYS,
) -> Examples:
    """The examples at a node; `as_of` is asked for where a condition counts days."""
    if node is None:
        return Examples()
    counts = any(isinstance(part, Call) for one in conditions if one for part in walk(one.tree) if _is_days(part))
    values = sheet.fields(node, keys, "examples")
    told = {}
    for name in keys:
        items = sheet.entries(values.get(name), name)
        told[name] = tuple(_example(sheet, item, words, counts=counts) for item in items)
    return Examples(**told)


def _is_days(part: object) -> bool:
    return isinstance(part, Call) and part.function not in {"lower", "length"}


def _example(sheet: Sheet, node: Node, words: Vocabulary, *, counts: bool) -> Example:
    facts: dict[str, FactValue] = {}
    unknown: set[str] = set()
    as_of = None if counts else ANY_DAY
    for key, value in sheet.pairs(node, "an example"):
        fact = words.facts.get(key.value)
        if key.value == "as_of":
            as_of = sheet.day(value, "as_of") or ANY_DAY
        elif fact is None:
            sheet.note(key, f"unknown fact '{key.value}'{did_you_mean(key.value, [*words.facts, 'as_of'])}")
        elif isinstance(value, Text) and value.value == "unknown":
            unknown.add(key.value)
        elif read := _value(sheet, value, fact):
            facts[key.value] = read[0]
    if as_of is None:
        sheet.note(node, "an example of a condition that counts days needs as_of, the day it is judged on")
    return Example(facts, as_of or ANY_DAY, frozenset(unknown), sheet.file, node.line, node.column)


def _value(sheet: Sheet, node: Node, fact: Fact) -> Read:
    """The value as the fact's type wants it, in a tuple; blank is None."""
    if isinstance(node, Text) and (kind(node) == "nothing" or (node.style and not node.value.strip())):
        return (None,)
    match fact.type:
        case "yes/no":
            yes = sheet.yes(node, fact.name)
            return None if yes is None else (yes,)
        case "date":
            day = sheet.day(node, fact.name)
            return None if day is None else (day,)
        case "list":
            return (sheet.texts(node, fact.name),)
        case "number" | "money":
            return _number(sheet, node, fact)
        case _:
            return _text(sheet, node, fact)


def _number(sheet: Sheet, node: Node, fact: Fact) -> Read:
    if isinstance(node, Text) and not node.style and NUMBER.fullmatch(node.value):
        return (Decimal(node.value),)
    sheet.note(node, f"{fact.name} is a number, not {kind(node)}")
    return None


def _text(sheet: Sheet, node: Node, fact: Fact) -> Read:
    text = sheet.text(node, fact.name)
    if text is None:
        return None
    named = {compared(choice): choice for choice in fact.choices}
    if named and compared(text) not in named:
        sheet.note(node, f"'{text}' is not a value of {fact.name}{did_you_mean(text, fact.choices)}")
        return None
    return (named.get(compared(text), text),)
