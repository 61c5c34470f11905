"""Reads the text of a policy file into a tree of nodes, within limits of size and depth.

Anchors, aliases and tags are refused, because they let a small file expand into a large one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from model.errors import Problem
from policies.files.yaml_tree import ListNode, MapNode, Node, TextNode

MAX_BYTES: Final = 200_000
MAX_DEPTH: Final = 12
MAX_NODES: Final = 5_000
TAB: Final = re.compile(r"^ *\t", re.MULTILINE)
DEEP: Final = re.compile(rf"(?:[\[{{]\s*){{{MAX_DEPTH + 1}}}")
LONE_RETURN: Final = re.compile(r"\r(?!\n)")
HINTS: Final = {
    "mapping values are not allowed here": "a text with a colon in it stands in quotes, and the keys of a map stand "
    "in one column",
    "but got ':'": "a text with a colon in it stands in quotes",
    "expected <block end>": "the keys of a map, and the dashes of a list, stand in one column",
}
"""Message of the YAML library → advice for the writer of the file."""
UNPRINTABLE: Final = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@lru_cache(maxsize=64)
def read_yaml(file: str, source: str | bytes) -> Node | Problem:
    """The document of a file as a tree, or the first problem found.

    Policies, KPIs and excerpts of one file are read from one tree, on every connection.
    """
    text = _decoded(file, source)
    if isinstance(text, Problem):
        return text
    builder = _Builder(file, text)
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            if problem := builder.take(event):
                return problem
    except MarkedYAMLError as error:
        return _unreadable(file, text, error)
    except YAMLError as error:
        return Problem(file, 1, 1, f"this is not YAML: {str(error).splitlines()[0]}")
    except (ValueError, OverflowError):  # the library reads numbers and characters without looking at their size
        return Problem(
            file, 1, 1, "this is not YAML: a %YAML line or an escaped character has a number that is too large"
        )
    return builder.root or Problem(file, 1, 1, "the file is empty; it needs version: 1 and policies or processes")


def _decoded(file: str, source: str | bytes) -> str | Problem:
    size = len(source if isinstance(source, bytes) else source.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        return Problem(file, 1, 1, f"a policy file has at most {MAX_BYTES:,} bytes; this one has {size:,}, split it")
    try:
        text = source.decode("utf-8") if isinstance(source, bytes) else source
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode("utf-8").split("\n")
        return Problem(file, len(before), len(before[-1]) + 1, "this is not UTF-8; save the file as UTF-8")
    if text.startswith("\ufeff"):
        return Problem(file, 1, 1, "the file starts with a byte order mark; save it as UTF-8 without BOM")
    for pattern, advice in (
        (UNPRINTABLE, "this character is no text; delete it"),
        (LONE_RETURN, "this line ends with a carriage return alone; save the file with line feeds"),
        (TAB, "YAML is indented with spaces; replace this tab"),
        (DEEP, f"lists and maps stand at most {MAX_DEPTH} deep"),
    ):
        if found := pattern.search(text):
            line, last = text.count("\n", 0, found.end()) + 1, text.rfind("\n", 0, found.end())
            return Problem(file, line, found.end() - last - 1, advice)
    return text.replace("\r\n", "\n")


def _unreadable(file: str, text: str, error: MarkedYAMLError) -> Problem:
    """The problem of text that is not YAML, at the unclosed quote or bracket, else where reading stopped."""
    found, opened = error.problem_mark or error.context_mark, error.context_mark
    what = " ".join(str(part) for part in (error.context, error.problem) if part)
    what = "; ".join([what, *(hint for message, hint in HINTS.items() if message in what)])
    if found is None:
        return Problem(file, 1, 1, f"this is not YAML: {what}")
    if opened and ("quoted" in what or ("flow" in what and _indent(text, found.line) <= _indent(text, opened.line))):
        found, what = opened, f"{what}; what starts here is never closed"
    return Problem(file, found.line + 1, found.column + 1, f"this is not YAML: {what}")


def _indent(text: str, line: int) -> int:
    lines = text.split("\n")
    return len(lines[line]) - len(lines[line].lstrip()) if line < len(lines) else 0


@dataclass
class _Open:
    """A list or map that is being read."""

    is_map: bool
    line: int
    column: int
    parts: list[Node] = field(default_factory=list)

    def closed(self) -> Node:
        if not self.is_map:
            return ListNode(tuple(self.parts), self.line, self.column)
        keys = [part for part in self.parts[::2] if isinstance(part, TextNode)]
        return MapNode(tuple(zip(keys, self.parts[1::2], strict=True)), self.line, self.column)


class _Builder:
    def __init__(self, file: str, text: str) -> None:
        self.file, self.text = file, text
        self.opened: list[_Open] = []
        self.documents = self.nodes = 0
        self.root: Node | None = None

    def take(self, event: Any) -> Problem | None:
        """Add one event to the tree, or return the problem that refuses it."""
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        match event:
            case DocumentStartEvent():
                self.documents += 1
                return (
                    Problem(self.file, line, column, "one file is one document; split it here")
                    if self.documents > 1
                    else None
                )
            case AliasEvent() | ScalarEvent() | SequenceStartEvent() | MappingStartEvent():
                if wrong := self.refused(event):
                    return Problem(self.file, line, column, wrong)
                self.nodes += 1
                if self.nodes > MAX_NODES:
                    return Problem(
                        self.file, line, column, f"a file has at most {MAX_NODES:,} keys and values; split it"
                    )
                self.started(event, line, column)
            case SequenceEndEvent() | MappingEndEvent():
                self.add(self.opened.pop().closed())
        return None

    def refused(self, event: Any) -> str:
        if event.anchor is not None:
            return "anchors and aliases (& and *) are not used here; write it out"
        if getattr(event, "tag", None) is not None:
            return "tags (!…) are not used here; leave it out"
        if isinstance(event, ScalarEvent) and UNPRINTABLE.search(event.value):
            return "an escape in this text stands for a character that is no text; leave it out"
        if len(self.opened) >= MAX_DEPTH:
            return f"lists and maps stand at most {MAX_DEPTH} deep"
        opened = self.opened[-1] if self.opened else None
        if opened and opened.is_map and len(opened.parts) % 2 == 0 and not isinstance(event, ScalarEvent):
            return "a key is a word; a bracket that starts a value needs its key before it"
        return ""

    def started(self, event: Any, line: int, column: int) -> None:
        if isinstance(event, ScalarEvent):
            raw = self.text[event.start_mark.index : event.end_mark.index]
            self.add(TextNode(event.value, line, column, event.style or "", raw))
        else:
            self.opened.append(_Open(isinstance(event, MappingStartEvent), line, column))

    def add(self, node: Node) -> None:
        if self.opened:
            self.opened[-1].parts.append(node)
        else:
            self.root = node
