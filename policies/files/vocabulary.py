"""What conditions and examples of a set of files may name: facts, their types, their values, the stages."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, get_args

from model.currencies import CURRENCIES
from model.facts import FACTS, Fact, FactType
from model.subjects import OPPORTUNITIES, TABLES
from policies.files.node_reader import Key
from policies.files.yaml_tree import TextNode
from policies.language import Condition, parse_condition

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from model.subjects import Subject
    from model.sync import Offer
    from policies.files.node_reader import NodeReader
    from policies.files.yaml_tree import Node
    from policies.language import BlankRule


FACT: Final = {"type": Key(required=True), "meaning": Key(required=True)}
TYPES: Final[tuple[FactType, ...]] = get_args(FactType)
NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,59}")
MAX_MEANING: Final = 120


ALIKE: Final[tuple[frozenset[FactType], ...]] = (frozenset({"text", "choice"}), frozenset({"number", "money"}))
"""Types that one fact may have, one in a file and the other on a connection."""


@dataclass
class DeclaredFacts:
    """Facts declared so far; `mapped`: the types of the connection's fields (of deals, of leads), for comparison."""

    mapped: Sequence[Mapping[str, FactType]]
    found: dict[str, Fact] = field(default_factory=dict)

    def read(self, reader: NodeReader, node: Node | None) -> None:
        """Add a file's facts, or note their problems; several files may declare one fact alike."""
        for key, value in reader.pairs(node, "facts"):
            if fact := _fact(reader, key, value):
                here = self.found.setdefault(fact.name, fact)
                on_connection = ((types.get(fact.name), "on this connection") for types in self.mapped)
                for other, where in ((here.type, "in another file"), *on_connection):
                    if other and not _alike(other, fact.type):
                        reader.note(key, f"{fact.name} is {fact.type} here, and {other} {where}; let both say the same")


def _fact(reader: NodeReader, key: TextNode, node: Node) -> Fact | None:
    values = reader.fields(node, FACT, "a fact", "{type: text, meaning: what it tells}")
    kind = reader.word(values.get("type"), TYPES, "a fact's type")
    meaning = reader.text(values.get("meaning"), "a fact's meaning", MAX_MEANING)
    if key.value in FACTS:
        reader.note(key, f"{key.value} is a standard fact; it needs no declaration, so leave it out")
    elif not NAME.fullmatch(key.value):
        reader.note(key, f"'{key.value}' is no name for a fact; it has small letters, digits and _, a letter first")
    elif kind and meaning:
        return Fact(key.value, kind, "", meaning, ("mapping",))
    return None


def _alike(one: FactType, other: FactType) -> bool:
    return one == other or any({one, other} <= kinds for kinds in ALIKE)


BLANK_RULES: Final[tuple[BlankRule, ...]] = ("false", "unknown")
BY_PROCESS: Final = frozenset({"stage", "created_in_stage"})
"""Facts that have the stage ids of the processes as their values."""
UNKNOWN_FACT: Final = re.compile(r"unknown fact '(\w+)'")
DECLARE: Final = "; docs/facts.md lists those there are, and one of your own is declared under facts"


@dataclass(frozen=True)
class Vocabulary:
    """The facts by name, with their values from the connection's picklists and the processes."""

    facts: Mapping[str, Fact]
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    """Facts that only something else has, and what has them."""

    def condition(self, reader: NodeReader, node: Node | None, what: str, rules: Rules) -> Condition | None:
        """The condition at a node, or its problems noted."""
        if node is None:
            return None
        if not isinstance(node, TextNode):
            reader.text(node, what)
            return None
        where = (reader.file, node.line, node.column)
        found = parse_condition(
            node.value, self.facts, filler=rules.filler, blank=rules.blank, where=where, locate=node.locate
        )
        if isinstance(found, Condition):
            return found
        reader.problems += [replace(problem, text=f"{what}: {self._explained(problem.text)}") for problem in found]
        return None

    def _explained(self, text: str) -> str:
        """A problem's text; for an unknown fact it adds which subject has it, or how to declare it."""
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

    The connection's type wins over a file's declaration.
    """
    facts = _with_mapped(subject.facts, offer, declared)
    for name in subject.facts.keys() & BY_PROCESS:
        facts[name] = replace(facts[name], choices=(*stages, *offer.choices.get(name, ())))
    elsewhere = {
        name: f"{other.many} have it, a {subject.one} does not"
        for other in TABLES.values() for name in other.facts.keys() - subject.facts.keys()
    }  # fmt: skip
    return Vocabulary(facts, elsewhere)


def deal_facts(offer: Offer, stages: tuple[str, ...]) -> Mapping[str, Fact]:
    """The facts that conditions of settings and questions may name, with the values that policy files may give them."""
    return vocabulary(OPPORTUNITIES, offer, stages, {}).facts


def _with_mapped(standard: Mapping[str, Fact], offer: Offer, declared: Mapping[str, Fact]) -> dict[str, Fact]:
    facts = {**declared, **standard}
    for name, kind in offer.types.items():
        if name not in standard:
            facts[name] = Fact(name, kind, "", declared[name].meaning if name in declared else "By mapping")
    for name, values in ({"currency": CURRENCIES} | dict(offer.choices)).items():
        if name in facts:
            facts[name] = replace(facts[name], choices=values)
    return facts
