"""Examples of a KPI: some deals, and the value that the KPI has of them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from model.kpi_definition import KpiExample
from policies.files.node_reader import NUMBER, Key, kind
from policies.files.read_examples import ANY_DAY, AS_OF, is_days, read_facts
from policies.files.yaml_tree import TextNode
from policies.language import walk

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policies.files.node_reader import NodeReader
    from policies.files.vocabulary import Vocabulary
    from policies.files.yaml_tree import Node
    from policies.language import Node as Tree

EXAMPLE: Final = {"rows": Key(required=True), "value": Key(required=True), AS_OF: Key()}
LIKE: Final = "{rows: [{is_won: true}, {is_lost: true}], value: 0.5}"


def read_kpi_examples(
    reader: NodeReader, node: Node | None, words: Vocabulary, trees: Iterable[Tree]
) -> tuple[KpiExample, ...]:
    """The examples at a node; `as_of` is asked for where one of the trees counts days."""
    counts = any(is_days(part) for tree in trees for part in walk(tree))
    return tuple(_example(reader, item, words, counts=counts) for item in reader.entries(node, "examples"))


def _example(reader: NodeReader, node: Node, words: Vocabulary, *, counts: bool) -> KpiExample:
    values = reader.fields(node, EXAMPLE, "an example of a KPI", LIKE)
    rows = tuple(
        read_facts(reader, reader.pairs(row, "a deal of an example"), words, AS_OF)
        for row in reader.entries(values.get("rows"), "rows")
    )
    if counts and values and AS_OF not in values:
        reader.note(node, "an example of a KPI that counts days needs as_of, the day it is measured on")
    day = reader.day(values.get(AS_OF), AS_OF) or ANY_DAY
    return KpiExample(rows, _value(reader, values.get("value")), day, reader.file, node.line, node.column)


def _value(reader: NodeReader, node: Node | None) -> Decimal | None:
    if node is None or kind(node) == "nothing":
        return None
    if isinstance(node, TextNode) and not node.style and NUMBER.fullmatch(node.value):
        return Decimal(node.value)
    reader.note(node, f"the value of an example is a number, or nothing where there is none, not {kind(node)}")
    return None
