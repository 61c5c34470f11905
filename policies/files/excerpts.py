"""The text of one policy or criterion as its file has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.errors import Problem
from policies.files.yaml_reading import read_yaml
from policies.files.yaml_tree import ListNode, MapNode, Node, TextNode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def entry_texts(files: Mapping[str, str]) -> dict[str, str]:
    """Id of each policy and criterion (`process/stage/criterion`) → its lines. Files that are not YAML are skipped."""
    found: dict[str, str] = {}
    for name, text in files.items():
        root = read_yaml(name, text)
        if not isinstance(root, Problem):
            lines = text.replace("\r\n", "\n").split("\n")
            found |= {id_: _lines(lines, entry) for id_, entry in _entries(root)}
    return found


def _entries(root: Node) -> Iterator[tuple[str, MapNode]]:
    yield from _listed(root, "policies")
    for process, of_process in _listed(root, "processes"):
        for stage, of_stage in _listed(of_process, "stages"):
            for side in ("entry", "exit"):
                for criterion, entry in _listed(of_stage, side):
                    yield f"{process}/{stage}/{criterion}", entry


def _listed(node: Node, key: str) -> Iterator[tuple[str, MapNode]]:
    """Id and map of each entry of a list under `key`."""
    listed = _value(node, key)
    for entry in listed.items if isinstance(listed, ListNode) else ():
        id_ = _value(entry, "id")
        if isinstance(entry, MapNode) and isinstance(id_, TextNode):
            yield id_.value, entry


def _value(node: Node, key: str) -> Node | None:
    entries = node.entries if isinstance(node, MapNode) else ()
    return next((value for name, value in entries if name.value == key), None)


def _lines(lines: list[str], entry: MapNode) -> str:
    """The entry's lines: the first, and those indented more than it."""
    first = last = entry.line - 1
    cut = _indent(lines[first])
    margin = cut if lines[first].lstrip().startswith("-") else cut - 1  # the dash is on a line of its own
    for number in range(first + 1, len(lines)):
        if lines[number].strip():
            if _indent(lines[number]) <= margin:
                break
            last = number
    return "\n".join(line[cut:] for line in lines[first : last + 1])


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
