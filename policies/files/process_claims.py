"""What processes claim: no two the same deals, and only one what is left."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from policies.files.claim_overlap import overlap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policies.files.node_reader import Sheet
    from policies.files.yaml_tree import Node
    from policies.language.condition import Condition
    from policies.language.tree import Truth

Rest: TypeAlias = Literal["the rest"]
THE_REST: Final[Rest] = "the rest"
"""The claim of a process without applies_to."""


@dataclass
class Claims:
    """The claims taken so far, with the ids of their processes."""

    taken: dict[Truth | Rest, str] = field(default_factory=dict)
    read: dict[str, Condition] = field(default_factory=dict)

    def take(self, sheet: Sheet, node: Node, process: str, claim: Condition | Rest | None) -> None:
        """Note where another process claims the same; a claim that could not be read (None) is no rival."""
        if claim is None:
            return
        other = self.taken.setdefault(claim if claim == THE_REST else claim.tree, process)
        if other == process:
            self._apart(sheet, node, process, claim)
            return
        if claim == THE_REST:
            both = f"'{process}' and '{other}' both take the deals that no other process claims"
            sheet.note(node, f"{both}; give one an applies_to")
        else:
            sheet.note(node, f"'{process}' and '{other}' claim the same deals; a deal belongs to one process")

    def _apart(self, sheet: Sheet, node: Node, process: str, claim: Condition | Rest) -> None:
        """Note the first process whose claim on the same facts overlaps this one."""
        if isinstance(claim, str):
            return
        for other, theirs in self.read.items():
            if deal := overlap(claim, theirs):
                both = f"'{process}' and '{other}' both claim a deal whose {_told(deal)}"
                sheet.note(node, f"{both}; a deal belongs to one process, so narrow one")
                break
        self.read[process] = claim


def _told(deal: Mapping[str, Any]) -> str:
    """The deal's facts in words."""
    said = {True: "yes", False: "no", None: "blank"}
    return " and ".join(
        f"{name.replace('_', ' ')} is {said[value] if value is None or isinstance(value, bool) else value}"
        for name, value in deal.items()
    )
