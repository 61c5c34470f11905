"""The mode of a policy or criterion, and what must be there before it may enforce."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.files.policy import MODES
from policies.files.yaml_tree import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policies.files.node_reader import Sheet
    from policies.files.policy import Mode
    from policies.files.yaml_tree import Node


def read_mode(sheet: Sheet, node: Node | None, lacks: Sequence[str], *, acts: bool) -> Mode:
    """The mode at a node; `lacks` are the kinds of examples that are not there, `acts` whether it has actions."""
    if isinstance(node, Text) and node.value == "enforce":
        if lacks:
            sheet.note(node, f"mode enforce needs examples, and there is none that is {', '.join(lacks)}; add them")
        if not acts:
            sheet.note(node, "mode enforce does what `actions` lists, and there are none; add them, or write warn")
    return sheet.word(node, MODES, "mode") or "warn"
