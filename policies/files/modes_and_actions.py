"""How far a policy or criterion reaches: its modes, its rollout and its actions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from model.actions import ActionRule
from model.process import Rollout
from policies.files.node_reader import Key, duplicates, kind
from policies.files.policy import MODES, ModeCase
from policies.files.yaml_tree import ListNode, TextNode
from policies.language import Condition, parse_condition

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from model.actions import ActionKind
    from policies.files.node_reader import NodeReader
    from policies.files.policy import Mode
    from policies.files.vocabulary import Rules, Vocabulary
    from policies.files.yaml_tree import Node


def read_mode(reader: NodeReader, node: Node | None, lacks: Sequence[str], *, acts: bool) -> Mode:
    """The mode at a node; `lacks`: kinds of examples that are missing; `acts`: whether it has actions."""
    if isinstance(node, TextNode) and node.value == "enforce":
        if lacks:
            reader.note(node, f"mode enforce needs examples, and there is none that is {', '.join(lacks)}; add them")
        if not acts:
            reader.note(node, "mode enforce does what `actions` lists, and there are none; add them, or write warn")
    return reader.word(node, MODES, "mode") or "warn"


EVERYONE: Final = "everyone"
OPEN_TO: Final = {"teams": "team", "owners": "owner", "pipelines": "pipeline"}
"""Keys of a rollout, each with the fact that it compares."""
ROLLOUT: Final = {name: Key() for name in OPEN_TO}
MODE_CASE: Final = {"where": Key(required=True), "mode": Key(required=True)}


def read_modes(
    reader: NodeReader, node: Node | None, words: Vocabulary, rules: Rules, lacks: Sequence[str], *, acts: bool
) -> tuple[ModeCase, ...]:
    """The cases of `modes`; `lacks`: kinds of examples that are not there, `acts`: whether the policy has actions."""
    cases = []
    for item in reader.entries(node, "modes"):
        values = reader.fields(item, MODE_CASE, "a case of modes")
        where = words.condition(reader, values.get("where"), "where", rules)
        mode = read_mode(reader, values.get("mode"), lacks, acts=acts)
        if where is not None:
            cases.append(ModeCase(where, mode))
    return tuple(cases)


def read_rollout(reader: NodeReader, node: Node | None, words: Vocabulary) -> Rollout | None:
    """Whom a policy is open to: `everyone`, or lists of teams, owners and pipelines; None where the key is absent."""
    if node is None:
        return None
    if isinstance(node, TextNode):
        if node.value != EVERYONE:
            written = f"'{node.value}'" if node.value else kind(node)
            reader.note(node, f"rollout is {EVERYONE}, or names {', '.join(OPEN_TO)}; it is not {written}")
        return Rollout()
    before = len(reader.problems)
    values = reader.fields(node, ROLLOUT, "rollout")
    parts = [part for name, fact in OPEN_TO.items() for part in _named(reader, values.get(name), name, fact, words)]
    if not parts and len(reader.problems) == before:
        reader.note(node, f"rollout names nobody; write {EVERYONE}, or name {', '.join(OPEN_TO)}")
    if not parts:
        return Rollout()
    where = parse_condition(" or ".join(parts), words.facts)
    return Rollout(where if isinstance(where, Condition) else None)


def _named(reader: NodeReader, node: Node | None, name: str, fact: str, words: Vocabulary) -> Iterator[str]:
    """A comparison for each team, owner or pipeline; what the CRM does not know is noted at its place."""
    for item in reader.entries(node, name):
        named = reader.text(item, f"each of {name}")
        if named is None:
            continue
        part = "{} = '{}'".format(fact, named.replace("'", "''"))
        found = parse_condition(part, words.facts)
        if isinstance(found, list):
            reader.note(item, f"{name}: {found[0].text}")
        else:
            yield part


ACTION: Final = {"task": Key(), "after_days": Key(), "move_back": Key()}
TASK_OWNERS: Final = ("owner", "manager")
MOST_DAYS: Final = 365
KIND_OF: Final[Mapping[str, ActionKind]] = {"owner": "task_owner", "manager": "task_manager"}


def read_actions(reader: NodeReader, node: Node | None, *, moves: bool) -> tuple[ActionRule, ...]:
    """The actions at a node; `moves`: the criterion holds at the move, so a deal may be moved back."""
    items = reader.entries(node, "actions")
    if isinstance(node, ListNode) and not items:
        reader.note(node, "actions lists at least one, such as {task: owner}; leave the key out for none")
    read = [(rule, item) for item in items if (rule := _action(reader, item, moves=moves))]
    for action, place in duplicates((rule.kind, item) for rule, item in read):
        reader.note(place, f"the action {action.replace('_', ' ')} stands twice; keep one")
    return tuple(rule for rule, _ in read)


def _action(reader: NodeReader, node: Node, *, moves: bool) -> ActionRule | None:
    noted = len(reader.problems)
    values = reader.fields(node, ACTION, "an action")
    if not values.keys() & {"task", "move_back"}:
        if len(reader.problems) == noted:  # a mistyped key is noted once
            reader.note(node, "an action is {task: owner}, {task: manager, after_days: 7} or {move_back: true}")
        return None
    if "move_back" in values:
        return _move_back(reader, values, moves=moves)
    owner = reader.word(values["task"], TASK_OWNERS, "task")
    days = reader.whole(values.get("after_days"), "after_days", 0, MOST_DAYS)
    if owner == "manager" and not days:
        place = values.get("after_days", values["task"])
        reader.note(place, "a task for the manager says after how many days: {task: manager, after_days: 7}")
    return ActionRule(KIND_OF[owner], days or 0) if owner else None


def _move_back(reader: NodeReader, values: Mapping[str, Node], *, moves: bool) -> ActionRule | None:
    place = values["move_back"]
    if others := sorted(values.keys() - {"move_back"}):
        reader.note(values[others[0]], f"move_back stands alone; write {others[0]} in an action of its own")
    if reader.yes(place, "move_back") is False:
        reader.note(place, "move_back is true, or is left out")
    if not moves:
        reader.note(
            place, "only a criterion with holds: once moves a deal back, as it is a move that misses it; name a task"
        )
        return None
    return ActionRule("move_back")
