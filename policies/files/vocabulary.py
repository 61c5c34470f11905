"""What conditions and examples of a set of files may name: facts, their types, their values, the stages."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from model.currencies import CURRENCIES
from model.facts import Fact
from model.subjects import TABLES
from policies.files.yaml_tree import Text
from policies.language.condition import Condition, parse_condition

if TYPE_CHECKING:
    from collections.abc import Mapping

    from model.subjects import Subject
    from model.sync import Offer
    from policies.files.node_reader import Sheet
    from policies.files.yaml_tree import Node
    from policies.language.condition import BlankRule

BLANK_RULES: Final[tuple[BlankRule, ...]] = ("false", "unknown")
BY_PROCESS: Final = frozenset({"stage", "created_in_stage"})
"""Facts whose values are the stage ids of the processes."""
UNKNOWN_FACT: Final = re.compile(r"unknown fact '(\w+)'")
DECLARE: Final = "; docs/facts.md lists those there are, and one of your own is declared under facts"


@dataclass(frozen=True)
class Vocabulary:
    """The facts by name, with the values that a connection's picklists and the processes give them."""

    facts: Mapping[str, Fact]
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    """Facts that only something else has, and what has them."""

    def condition(self, sheet: Sheet, node: Node | None, what: str, rules: Rules) -> Condition | None:
        """The condition at a node, or its problems noted."""
        if node is None:
            return None
        if not isinstance(node, Text):
            sheet.text(node, what)
            return None
        where = (sheet.file, node.line, node.column)
        found = parse_condition(
            node.value, self.facts, filler=rules.filler, blank=rules.blank, where=where, locate=node.locate
        )
        if isinstance(found, Condition):
            return found
        sheet.problems += [replace(problem, text=f"{what}: {self._told(problem.text)}") for problem in found]
        return None

    def _told(self, text: str) -> str:
        """A problem's text; of an unknown fact it says where it exists, or else how to make it one."""
        named = UNKNOWN_FACT.match(text)
        if named and named[1] in self.elsewhere:
            return f"{text} ({self.elsewhere[named[1]]})"
        return f"{text}{DECLARE}" if named and named.end() == len(text) else text


@dataclass(frozen=True)
class Rules:
    """How an entry treats blanks: its filler texts, and what a comparison on a blank is."""

    filler: tuple[str, ...] = ()
    blank: BlankRule = "false"


def vocabulary(subject: Subject, offer: Offer, stages: tuple[str, ...], declared: Mapping[str, Fact]) -> Vocabulary:
    """The subject's standard facts, the connection's own facts and picklist values, the files' facts and stage ids.

    Where a file and the connection both know a fact, the connection says its type.
    """
    facts = _with_mapped(subject.facts, offer, declared)
    for name in subject.facts.keys() & BY_PROCESS:
        facts[name] = replace(facts[name], choices=(*stages, *offer.choices.get(name, ())))
    elsewhere = {
        name: f"{other.many} have it, a {subject.one} does not"
        for other in TABLES.values() for name in other.facts.keys() - subject.facts.keys()
    }  # fmt: skip
    return Vocabulary(facts, elsewhere)


def _with_mapped(standard: Mapping[str, Fact], offer: Offer, declared: Mapping[str, Fact]) -> dict[str, Fact]:
    facts = {**declared, **standard}
    for name, kind in offer.types.items():
        if name not in standard:
            facts[name] = Fact(name, kind, "", declared[name].meaning if name in declared else "By mapping")
    for name, values in ({"currency": CURRENCIES} | dict(offer.choices)).items():
        if name in facts:
            facts[name] = replace(facts[name], choices=values)
    return facts
