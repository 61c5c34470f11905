"""Examples of a policy or criterion: single deals, and gate scenarios with moves by day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from model.helpers.words import did_you_mean
from policies.files.node_reader import NUMBER, Key, kind
from policies.files.policy import Example, Examples, GateScenario, ScenarioDay
from policies.files.yaml_tree import TextNode
from policies.language import Call, compared, meant_fact, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from model.facts import Fact
    from policies.files.node_reader import NodeReader
    from policies.files.policy import FactValue
    from policies.files.vocabulary import Vocabulary
    from policies.files.yaml_tree import Node
    from policies.language import Condition


Read: TypeAlias = "tuple[FactValue] | None"
Facts: TypeAlias = "tuple[dict[str, FactValue], frozenset[str]]"


def read_facts(reader: NodeReader, pairs: Iterable[tuple[TextNode, Node]], words: Vocabulary, also: str) -> Facts:
    """Values by fact, and the names of those that are `unknown`; `also` is another allowed key."""
    facts: dict[str, FactValue] = {}
    unknown: set[str] = set()
    for key, value in pairs:
        fact = words.facts.get(key.value)
        if fact is None:
            reader.note(key, f"unknown fact '{key.value}'{meant_fact(key.value, words.facts, [also])}")
        elif isinstance(value, TextNode) and value.value == "unknown":
            unknown.add(key.value)
        elif read := read_value(reader, value, fact):
            facts[key.value] = read[0]
    return facts, frozenset(unknown)


def read_value(reader: NodeReader, node: Node, fact: Fact) -> Read:
    """The value as the fact's type wants it, in a tuple; blank is None."""
    if isinstance(node, TextNode) and (kind(node) == "nothing" or (node.style and not node.value.strip())):
        return (None,)
    match fact.type:
        case "yes/no":
            yes = reader.yes(node, fact.name)
            return None if yes is None else (yes,)
        case "date":
            day = reader.day(node, fact.name)
            return None if day is None else (day,)
        case "list":
            return (reader.texts(node, fact.name),)
        case "number" | "money":
            return _number(reader, node, fact)
        case _:
            return _text(reader, node, fact)


def _number(reader: NodeReader, node: Node, fact: Fact) -> Read:
    if isinstance(node, TextNode) and not node.style and NUMBER.fullmatch(node.value):
        return (Decimal(node.value),)
    reader.note(node, f"{fact.name} is a number, not {kind(node)}")
    return None


def _text(reader: NodeReader, node: Node, fact: Fact) -> Read:
    text = reader.text(node, fact.name)
    if text is None:
        return None
    named = {compared(choice): choice for choice in fact.choices}
    if named and compared(text) not in named:
        reader.note(node, f"'{text}' is not a value of {fact.name}{did_you_mean(text, fact.choices)}")
        return None
    return (named.get(compared(text), text),)


ENTER: Final = "enter"
LOST: Final = "lost"
START: Final = "2026-11-02: {enter: STAGE}"
MOST_DAYS: Final = 20
BY_MOVES: Final = frozenset({
    "stage", "stage_name", "stage_order", "created_in_stage", "stage_since", "days_in_stage", "days_in_visit",
    "is_open", "is_won", "is_lost", "created", "reopened_on", "closed_on",
})  # fmt: skip
"""Facts that follow from the moves of a scenario."""


def read_scenario(reader: NodeReader, node: Node, words: Vocabulary, stages: Sequence[str]) -> GateScenario:
    """The gate scenario at a node: a map from days to what happens on them."""
    days: list[ScenarioDay] = []
    before = len(reader.problems)
    for key, value in reader.pairs(node, "an example of a gate"):
        on = reader.day(key, "a day of an example")
        if on and days and on <= days[-1].on:
            reader.note(key, f"the days of an example stand in order; {on} comes after {days[-1].on}")
        days.append(_day(reader, value, on or date.min, words, stages))
    if (not days or days[0].enter in {None, LOST}) and len(reader.problems) == before:
        reader.note(node, f"an example of a gate starts with the stage a deal is created in, as in {START}")
    if len(days) > MOST_DAYS:
        reader.note(node, f"an example of a gate has {len(days)} days; {MOST_DAYS} are the most")
    return GateScenario(tuple(days), reader.file, node.line, node.column)


def _day(reader: NodeReader, node: Node, on: date, words: Vocabulary, stages: Sequence[str]) -> ScenarioDay:
    enter, values = None, []
    for key, value in reader.pairs(node, "what happens on a day"):
        if key.value == ENTER:
            enter = reader.word(value, (*stages, LOST), "the stage entered")
        elif key.value in BY_MOVES:
            reader.note(key, f"{key.value} follows from the moves; say {ENTER}: STAGE on the day of the move")
        else:
            values.append((key, value))
    return ScenarioDay(on, enter, *read_facts(reader, values, words, ENTER))


STATES: Final = {"flagged": Key(), "clear": Key()}
POLICY_KEYS: Final = STATES | {"not_applicable": Key()}
SCENARIOS: Final = {name: Key() for name in ("met", "missed", "healed", "unbound")}
CRITERION_KEYS: Final = STATES | SCENARIOS
AS_OF: Final = "as_of"
ANY_DAY: Final = date(2000, 1, 1)
"""The day of examples of a policy that counts no days."""


def read_examples(
    reader: NodeReader,
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
    counts = any(isinstance(part, Call) for one in conditions if one for part in walk(one.tree) if is_days(part))
    values = reader.fields(node, keys, "examples")
    listed = {name: reader.entries(values.get(name), name) for name in keys}
    read: dict[str, Any] = {
        name: tuple(read_scenario(reader, item, words, stages) for item in items)
        if name in SCENARIOS
        else tuple(_example(reader, item, words, counts=counts) for item in items)
        for name, items in listed.items()
    }
    return Examples(**read)


def is_days(part: object) -> bool:
    """Whether a part of a condition counts days."""
    """Whether a part of a condition counts days."""
    return isinstance(part, Call) and part.function not in {"lower", "length"}


def _example(reader: NodeReader, node: Node, words: Vocabulary, *, counts: bool) -> Example:
    pairs = reader.pairs(node, "an example")
    day = next((value for key, value in pairs if key.value == AS_OF), None)
    facts, unknown = read_facts(reader, [pair for pair in pairs if pair[0].value != AS_OF], words, AS_OF)
    if day is None and counts:
        reader.note(node, "an example of a condition that counts days needs as_of, the day it is judged on")
    as_of = reader.day(day, AS_OF) or ANY_DAY
    return Example(facts, as_of, unknown, reader.file, node.line, node.column)
