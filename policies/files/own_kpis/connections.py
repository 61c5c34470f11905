"""For which connections a KPI of a file is: those under its key `connections`, else all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from model.helpers.words import did_you_mean
from policies.files.read_process import child
from policies.files.yaml_tree import TextNode

if TYPE_CHECKING:
    from policies.files.node_reader import NodeReader
    from policies.files.yaml_tree import Node


@dataclass(frozen=True)
class Here:
    """The connection that files are read for, and all connections of the settings; empty where there is none."""

    name: str = ""
    known: tuple[str, ...] = ()

    def takes(self, node: Node) -> bool:
        """Whether the KPI at a node is for this connection. Without one, every KPI is read."""
        named = _names(node)
        return not self.name or not named or self.name in named

    def apart(self, node: Node) -> frozenset[str]:
        """What keeps KPIs of one name apart: nothing on a connection, else the connections that they are for."""
        return frozenset() if self.name else _names(node)

    def check(self, reader: NodeReader, node: Node) -> None:
        """Note what is wrong under `connections`."""
        for one in reader.entries(child(node, "connections"), "connections"):
            name = reader.text(one, "each of connections")
            if name and self.known and name not in self.known:
                reader.note(one, f"there is no connection '{name}'{did_you_mean(name, self.known) or '.'}")


def _names(node: Node) -> frozenset[str]:
    items = getattr(child(node, "connections"), "items", ())
    return frozenset(item.value for item in items if isinstance(item, TextNode))
