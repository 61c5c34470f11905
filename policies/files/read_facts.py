"""Facts that policy files bring themselves: names of mapped fields, their types and what they mean."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, get_args

from model.facts import FACTS, Fact, FactType
from policies.files.node_reader import Key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from policies.files.node_reader import Sheet
    from policies.files.yaml_tree import Node, Text

FACT: Final = {"type": Key(required=True), "meaning": Key(required=True)}
TYPES: Final[tuple[FactType, ...]] = get_args(FactType)
NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,59}")
MAX_MEANING: Final = 120


ALIKE: Final[tuple[frozenset[FactType], ...]] = (frozenset({"text", "choice"}), frozenset({"number", "money"}))
"""Types that one fact may have, one in a file and the other on a connection."""


@dataclass
class Declared:
    """Facts declared so far; `mapped`: the types of the connection's fields (of deals, of leads), never gainsaid."""

    mapped: Sequence[Mapping[str, FactType]]
    found: dict[str, Fact] = field(default_factory=dict)

    def read(self, sheet: Sheet, node: Node | None) -> None:
        """Add a file's facts, or note their problems; several files may declare one fact alike."""
        for key, value in sheet.pairs(node, "facts"):
            if fact := _fact(sheet, key, value):
                here = self.found.setdefault(fact.name, fact)
                on_connection = ((types.get(fact.name), "on this connection") for types in self.mapped)
                for said, where in ((here.type, "in another file"), *on_connection):
                    if said and not _alike(said, fact.type):
                        sheet.note(key, f"{fact.name} is {fact.type} here, and {said} {where}; let both say the same")


def _fact(sheet: Sheet, key: Text, node: Node) -> Fact | None:
    values = sheet.fields(node, FACT, "a fact", "{type: text, meaning: what it tells}")
    kind = sheet.word(values.get("type"), TYPES, "a fact's type")
    meaning = sheet.text(values.get("meaning"), "a fact's meaning", MAX_MEANING)
    if key.value in FACTS:
        sheet.note(key, f"{key.value} is a standard fact; it needs no declaration, so leave it out")
    elif not NAME.fullmatch(key.value):
        sheet.note(key, f"'{key.value}' is no name for a fact; it has small letters, digits and _, a letter first")
    elif kind and meaning:
        return Fact(key.value, kind, "", meaning, ("mapping",))
    return None


def _alike(one: FactType, other: FactType) -> bool:
    return one == other or any({one, other} <= kinds for kinds in ALIKE)
