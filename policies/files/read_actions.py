"""The actions of a policy or criterion: what is done beyond our own fields while it enforces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from model.actions import ActionRule
from policies.files.node_reader import Key, doubled
from policies.files.yaml_tree import Sequence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from model.actions import ActionKind
    from policies.files.node_reader import Sheet
    from policies.files.yaml_tree import Node

ACTION: Final = {"task": Key(), "after_days": Key(), "move_back": Key()}
WHOSE: Final = ("owner", "manager")
MOST_DAYS: Final = 365
KIND_OF: Final[Mapping[str, ActionKind]] = {"owner": "task_owner", "manager": "task_manager"}


def read_actions(sheet: Sheet, node: Node | None, *, moves: bool) -> tuple[ActionRule, ...]:
    """The actions at a node; `moves`: it is a criterion that holds at the move, so a move can be taken back for it."""
    items = sheet.entries(node, "actions")
    if isinstance(node, Sequence) and not items:
        sheet.note(node, "actions lists at least one, such as {task: owner}; leave the key out for none")
    read = [(rule, item) for item in items if (rule := _action(sheet, item, moves=moves))]
    for kind, place in doubled((rule.kind, item) for rule, item in read):
        sheet.note(place, f"the action {kind.replace('_', ' ')} stands twice; keep one")
    return tuple(rule for rule, _ in read)


def _action(sheet: Sheet, node: Node, *, moves: bool) -> ActionRule | None:
    noted = len(sheet.problems)
    values = sheet.fields(node, ACTION, "an action")
    if not values.keys() & {"task", "move_back"}:
        if len(sheet.problems) == noted:  # a mistyped key is told once
            sheet.note(node, "an action is {task: owner}, {task: manager, after_days: 7} or {move_back: true}")
        return None
    if "move_back" in values:
        return _move_back(sheet, values, moves=moves)
    whose = sheet.word(values["task"], WHOSE, "task")
    days = sheet.whole(values.get("after_days"), "after_days", 0, MOST_DAYS)
    if whose == "manager" and not days:
        place = values.get("after_days", values["task"])
        sheet.note(place, "a task for the manager says after how many days: {task: manager, after_days: 7}")
    return ActionRule(KIND_OF[whose], days or 0) if whose else None


def _move_back(sheet: Sheet, values: Mapping[str, Node], *, moves: bool) -> ActionRule | None:
    place = values["move_back"]
    if beside := sorted(values.keys() - {"move_back"}):
        sheet.note(values[beside[0]], f"move_back stands alone; write {beside[0]} in an action of its own")
    if sheet.yes(place, "move_back") is False:
        sheet.note(place, "move_back is true, or is left out")
    if not moves:
        sheet.note(
            place, "only a criterion with holds: once moves a deal back, as it is a move that misses it; name a task"
        )
        return None
    return ActionRule("move_back")
