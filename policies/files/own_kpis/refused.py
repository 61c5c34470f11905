"""The KPIs of files that have mistakes: each by name, with the mistakes that are its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from model.errors import Problem
from policies.files.read_process import child
from policies.files.yaml_reading import read_yaml
from policies.files.yaml_tree import ListNode, TextNode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from policies.files.yaml_tree import Node


@dataclass(frozen=True)
class RefusedKpi:
    """A KPI that is not in force as it stands in its file. No problems: only other entries have mistakes."""

    name: str
    file: str
    problems: tuple[Problem, ...]


def refused_kpis(texts: Mapping[str, str | bytes], problems: Sequence[Problem]) -> Iterator[RefusedKpi]:
    """Every KPI of these files, which were refused for these problems. A file that is no YAML names none."""
    for file, text in texts.items():
        tree = read_yaml(file, text)
        entries = None if isinstance(tree, Problem) else child(tree, "kpis")
        for node in entries.items if isinstance(entries, ListNode) else ():
            name, last = child(node, "name"), _last_line(node)
            if isinstance(name, TextNode):
                own = (one for one in problems if one.file == file and node.line <= one.line <= last)
                yield RefusedKpi(name.value, file, tuple(own))


def _last_line(node: Node) -> int:
    if isinstance(node, TextNode):
        return node.line + node.raw.count("\n")
    parts = node.items if isinstance(node, ListNode) else [part for entry in node.entries for part in entry]
    return max((_last_line(part) for part in parts), default=node.line)
