"""Reads values from the tree of a file. Each method returns the value, or notes a problem with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final, TypeVar

from model.errors import Problem
from model.helpers.words import did_you_mean
from policies.files.yaml_tree import ListNode, MapNode, TextNode
from policies.language import shortened, trimmed

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterable, Mapping

    from policies.files.yaml_tree import Node

ID: Final = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
MAX_ID: Final = 60
WHOLE: Final = re.compile(r"[-+]?\d+")
DIGITS: Final = 15
NUMBER: Final = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
Word = TypeVar("Word", bound=str)
Name = TypeVar("Name", bound="Hashable")


@dataclass(frozen=True)
class Key:
    """A key that a map may have; `refusal` is the reason this version rejects it."""

    required: bool = False
    refusal: str = ""


@dataclass
class NodeReader:
    """One file while it is read, with the problems found so far."""

    file: str
    problems: list[Problem] = field(default_factory=list)

    def note(self, node: Node, text: str) -> None:
        """Something is wrong at a node."""
        self.problems.append(Problem(self.file, node.line, node.column, shortened(text)))

    def fields(self, node: Node, keys: Mapping[str, Key], what: str, like: str = "") -> dict[str, Node]:
        """The values of a map by key; unknown, duplicates, missing and refused keys are noted. `like`: a right one."""
        if not isinstance(node, MapNode):
            self.note(node, f"{what} is a map of keys and values, not {kind(node)}{like and f'; write {like}'}")
            return {}
        taken = [name for name, key in keys.items() if not key.refusal]
        values: dict[str, Node] = {}
        mistyped: set[str] = set()
        for key, value in node.entries:
            name = key.value
            if name not in keys:
                hint = did_you_mean(name, keys)
                mistyped |= {known for known in keys if f"'{known}'" in hint}
                self.note(key, f"unknown key '{name}' in {what}{hint or '; it takes ' + ', '.join(taken)}")
            elif name in values:
                self.note(key, f"the key '{name}' stands twice in {what}; keep one")
            elif keys[name].refusal:
                self.note(key, keys[name].refusal)
            else:
                values[name] = value
        missing = [name for name, key in keys.items() if key.required and name not in values and name not in mistyped]
        for name in missing:
            self.note(node, f"{what} has no '{name}'; add it")
        return values

    def entries(self, node: Node | None, what: str) -> list[Node]:
        """The items of a list; an absent one is empty."""
        if node is None:
            return []
        if isinstance(node, ListNode):
            return list(node.items)
        self.note(node, f"{what} is a list, not {kind(node)}")
        return []

    def pairs(self, node: Node | None, what: str) -> list[tuple[TextNode, Node]]:
        """The entries of a map with any keys; repeated keys are noted."""
        if node is None:
            return []
        if not isinstance(node, MapNode):
            self.note(node, f"{what} is a map of keys and values, not {kind(node)}")
            return []
        seen: dict[str, Node] = {}
        for key, value in node.entries:
            if key.value in seen:
                self.note(key, f"the key '{key.value}' stands twice in {what}; keep one")
            seen.setdefault(key.value, value)
        return [(key, value) for key, value in node.entries if seen[key.value] is value]

    def text(self, node: Node | None, what: str, most: int = 1000) -> str | None:
        """A text of one line, trimmed; numbers, true and false need quotes to be one."""
        if node is None:
            return None
        if not isinstance(node, TextNode) or kind(node) != "a text":
            quotes = f"; put it in quotes: '{node.value}'" if isinstance(node, TextNode) and node.value else ""
            self.note(node, f"{what} is a text, not {kind(node)}{quotes}")
            return None
        value = trimmed(" ".join(node.value.split()))
        if not value or len(value) > most:
            self.note(
                node,
                f"{what} is empty; fill it in"
                if not value
                else f"{what} has {len(value)} characters; {most} are the most",
            )
            return None
        return value

    def id(self, node: Node | None, what: str) -> str | None:
        """An id: lower-case words joined by - or _."""
        value = self.text(node, what, MAX_ID)
        if node is None or value is None or ID.fullmatch(value):
            return value
        self.note(node, f"{what} is '{value}'; an id has small letters and digits, joined by - or _")
        return None

    def word(self, node: Node | None, words: Collection[Word], what: str) -> Word | None:
        """One of some words."""
        if node is None:
            return None
        found = next((word for word in words if isinstance(node, TextNode) and node.value == word), None)
        if found is None:
            written = f"'{node.value}'" if isinstance(node, TextNode) else kind(node)
            hint = did_you_mean(node.value, words) if isinstance(node, TextNode) else ""
            self.note(node, f"{what} is one of {', '.join(words)}, not {written}{hint}")
        return found

    def whole(self, node: Node | None, what: str, least: int, most: int) -> int | None:
        """A whole number between two limits."""
        if node is None:
            return None
        if not isinstance(node, TextNode) or node.style or not WHOLE.fullmatch(node.value):
            self.note(node, f"{what} is a whole number, not {kind(node)}")
            return None
        if len(node.value) > DIGITS or not least <= int(node.value) <= most:
            self.note(node, f"{what} is {node.value[:DIGITS]}; it lies between {least} and {most}")
            return None
        return int(node.value)

    def number(self, node: Node | None, what: str, least: int, most: int) -> Decimal | None:
        """A number between two limits, as 2 or 1.5."""
        if node is None:
            return None
        written = node.value if isinstance(node, TextNode) and not node.style else ""
        if NUMBER.fullmatch(written) and len(written) <= DIGITS and least <= Decimal(written) <= most:
            return Decimal(written)
        self.note(node, f"{what} is a number from {least} to {most:,}, not {written or kind(node)}")
        return None

    def share(self, node: Node | None, what: str) -> float | None:
        """A share between 0 and 1, as 0.3."""
        if node is None:
            return None
        written = node.value if isinstance(node, TextNode) and not node.style else ""
        if NUMBER.fullmatch(written) and len(written) <= DIGITS and 0 <= float(written) <= 1:
            return float(written)
        self.note(node, f"{what} is a share between 0 and 1 such as 0.3, not {written or kind(node)}")
        return None

    def yes(self, node: Node | None, what: str) -> bool | None:
        """True or false."""
        if node is None:
            return None
        if not isinstance(node, TextNode) or node.style or node.value not in {"true", "false"}:
            written = f"'{node.value}'" if isinstance(node, TextNode) else kind(node)
            self.note(node, f"{what} is true or false, not {written}")
            return None
        return node.value == "true"

    def day(self, node: Node | None, what: str) -> date | None:
        """A date such as 2026-11-03."""
        if node is None:
            return None
        written = node.value if isinstance(node, TextNode) else ""
        try:
            return date.fromisoformat(written if re.fullmatch(r"\d{4}-\d\d-\d\d", written) else "")
        except ValueError:
            self.note(node, f"{what} is a date such as 2026-11-03, not {written or kind(node)}")
            return None

    def texts(self, node: Node | None, what: str) -> tuple[str, ...]:
        """A list of texts; for a single text the problem shows how to write the list."""
        if isinstance(node, TextNode) and kind(node) == "a text" and "\n" not in node.raw:
            self.note(node, f"{what} is a list, not a text; write [{node.raw}]")
            return ()
        return tuple(
            text for item in self.entries(node, what) if (text := self.text(item, f"each of {what}")) is not None
        )


def kind(node: Node) -> str:
    """What a node is, in words; YAML 1.2's core types."""
    if isinstance(node, ListNode):
        return "a list"
    if isinstance(node, MapNode):
        return "a map"
    if node.style:
        return "a text"
    if node.value in {"", "~", "null", "Null", "NULL"}:
        return "nothing"
    if node.value in {"true", "false", "True", "False", "TRUE", "FALSE"}:
        return "true or false"
    return "a number" if NUMBER.fullmatch(node.value) else "a text"


def duplicates(named: Iterable[tuple[Name, Node]]) -> list[tuple[Name, Node]]:
    """Each name that was there before, with its node."""
    seen: set[Name] = set()
    again = []
    for name, node in named:
        if name in seen:
            again.append((name, node))
        seen.add(name)
    return again
