"""YAML as a tree of texts, lists and maps with their lines and columns.

YAML's own types are not used: every scalar is a text, and its reader decides the type.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

CHARACTERS: Final = {
    "'": re.compile(r"''|[\s\S]"),
    '"': re.compile(r"\\x[\s\S]{2}|\\u[\s\S]{4}|\\U[\s\S]{8}|\\[\s\S]|[\s\S]"),
}
PLAIN: Final = re.compile(r"[\s\S]")
WHITE_ESCAPES: Final = frozenset({"\\n", "\\t", "\\ ", "\\\n", "\\r"})


@dataclass(frozen=True)
class TextNode:
    """A scalar. `raw` is its source with quotes and block sign; lines and columns count from 1."""

    value: str
    line: int
    column: int
    style: str = ""
    raw: str = field(default="", repr=False)

    def locate(self, offset: int) -> tuple[int, int]:
        """Line and column in the file of a character of `value`; folding changes white space only."""
        wanted = sum(not sign.isspace() for sign in self.value[:offset])
        place = self.line, self.column
        for number, place in enumerate(self._places()):  # the last place counts when it ends before
            if number == wanted:
                return place
        return place[0], place[1] + (1 if wanted else 0)

    def _places(self) -> Iterator[tuple[int, int]]:
        """Places of the characters of `value` that are not white space, in order."""
        raw, line, column = self.raw, self.line, self.column
        if self.style in {"|", ">"}:
            header, _, raw = raw.partition("\n")
            line, column = (line + 1, 1) if raw else (line, column + len(header))
        elif self.style:
            raw, column = raw[1:-1], column + 1
        for match in CHARACTERS.get(self.style, PLAIN).finditer(raw):
            piece = match.group()
            if not piece.isspace() and piece not in WHITE_ESCAPES:
                yield line, column
            line, column = (line + 1, 1) if piece.endswith("\n") else (line, column + len(piece))


@dataclass(frozen=True)
class ListNode:
    """A list, `- a` or `[a, b]`."""

    items: tuple[Node, ...]
    line: int
    column: int


@dataclass(frozen=True)
class MapNode:
    """Keys and values in order. A key may occur twice; the reader reports it."""

    entries: tuple[tuple[TextNode, Node], ...]
    line: int
    column: int


Node: TypeAlias = TextNode | ListNode | MapNode
