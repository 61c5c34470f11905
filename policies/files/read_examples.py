"""Examples of a policy or criterion: one deal each, its facts by name and type."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

from policies.files.node_reader import Key
from policies.files.policy import Example, Examples
from policies.files.read_gate_scenarios import read_course
from policies.files.read_values import read_facts
from policies.language.tree import Call, walk

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from policies.files.node_reader import Sheet
    from policies.files.vocabulary import Vocabulary
    from policies.files.yaml_tree import Node
    from policies.language.condition import Condition

STATES: Final = {"flagged": Key(), "clear": Key()}
POLICY_KEYS: Final = STATES | {"not_applicable": Key()}
COURSES: Final = {name: Key() for name in ("met", "missed", "healed", "unbound")}
CRITERION_KEYS: Final = STATES | COURSES
AS_OF: Final = "as_of"
ANY_DAY: Final = date(2000, 1, 1)
"""The day of examples whose policy counts no days."""


def read_examples(
    sheet: Sheet,
    node: Node | None,
    words: Vocabulary,
    conditions: list[Condition | None],
    keys: Mapping[str, Key],
    *,
    stages: Sequence[str] = (),
) -> Examples:
    """The examples at a node; `as_of` is asked for where a condition counts days; `stages` are those of a gate."""
    if node is None:
        return Examples()
    counts = any(isinstance(part, Call) for one in conditions if one for part in walk(one.tree) if _is_days(part))
    values = sheet.fields(node, keys, "examples")
    listed = {name: sheet.entries(values.get(name), name) for name in keys}
    told: dict[str, Any] = {
        name: tuple(read_course(sheet, item, words, stages) for item in items)
        if name in COURSES
        else tuple(_example(sheet, item, words, counts=counts) for item in items)
        for name, items in listed.items()
    }
    return Examples(**told)


def _is_days(part: object) -> bool:
    return isinstance(part, Call) and part.function not in {"lower", "length"}


def _example(sheet: Sheet, node: Node, words: Vocabulary, *, counts: bool) -> Example:
    pairs = sheet.pairs(node, "an example")
    day = next((value for key, value in pairs if key.value == AS_OF), None)
    facts, unknown = read_facts(sheet, [pair for pair in pairs if pair[0].value != AS_OF], words, AS_OF)
    if day is None and counts:
        sheet.note(node, "an example of a condition that counts days needs as_of, the day it is judged on")
    as_of = sheet.day(day, AS_OF) or ANY_DAY
    return Example(facts, as_of, unknown, sheet.file, node.line, node.column)
