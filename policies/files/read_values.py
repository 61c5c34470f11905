"""Values of facts in examples, read as the fact's type wants them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

from model.helpers.words import did_you_mean
from policies.files.node_reader import NUMBER, kind
from policies.files.yaml_tree import Text
from policies.language.text import compared

if TYPE_CHECKING:
    from collections.abc import Iterable

    from model.facts import Fact
    from policies.files.node_reader import Sheet
    from policies.files.policy import FactValue
    from policies.files.vocabulary import Vocabulary
    from policies.files.yaml_tree import Node

Read: TypeAlias = "tuple[FactValue] | None"
Facts: TypeAlias = "tuple[dict[str, FactValue], frozenset[str]]"


def read_facts(sheet: Sheet, pairs: Iterable[tuple[Text, Node]], words: Vocabulary, also: str) -> Facts:
    """Values by fact, and the names of those that are `unknown`; `also` is a word that may stand there as well."""
    facts: dict[str, FactValue] = {}
    unknown: set[str] = set()
    for key, value in pairs:
        fact = words.facts.get(key.value)
        if fact is None:
            sheet.note(key, f"unknown fact '{key.value}'{did_you_mean(key.value, [*words.facts, also])}")
        elif isinstance(value, Text) and value.value == "unknown":
            unknown.add(key.value)
        elif read := read_value(sheet, value, fact):
            facts[key.value] = read[0]
    return facts, frozenset(unknown)


def read_value(sheet: Sheet, node: Node, fact: Fact) -> Read:
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
