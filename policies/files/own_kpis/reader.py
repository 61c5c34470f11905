"""KPIs of users: the entries under `kpis` of policy files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from model.errors import PolicyProblem, Problem
from model.subjects import OPPORTUNITIES
from model.sync import Offer
from policies.files.node_reader import NodeReader
from policies.files.own_kpis.connections import Here
from policies.files.own_kpis.entry import KpiReader
from policies.files.read_process import child, stage_ids
from policies.files.vocabulary import DeclaredFacts, vocabulary
from policies.files.yaml_reading import read_yaml
from policies.files.yaml_tree import TextNode

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from model.facts import FactType
    from model.kpi_definition import KpiDefinition
    from policies.files.yaml_tree import Node

ANYWHERE: Final = Here()


def read_kpis(
    texts: Mapping[str, str | bytes], *, choices: Mapping[str, tuple[str, ...]] | None = None,
    types: Mapping[str, FactType] | None = None, shipped: Collection[str] = (), here: Here = ANYWHERE,
) -> tuple[KpiDefinition, ...]:  # fmt: skip
    """The KPIs of `read_sound_kpis`; raises PolicyProblem with every problem."""
    found, problems = read_sound_kpis(texts, choices=choices, types=types, shipped=shipped, here=here)
    if problems:
        raise PolicyProblem(problems)
    return found


def read_sound_kpis(
    texts: Mapping[str, str | bytes], *, choices: Mapping[str, tuple[str, ...]] | None = None,
    types: Mapping[str, FactType] | None = None, shipped: Collection[str] = (), here: Here = ANYWHERE,
) -> tuple[tuple[KpiDefinition, ...], list[Problem]]:  # fmt: skip
    """The KPIs of files that have no mistake, ingredients before what is derived of them, and every problem.

    `choices` and `types` are those of `read_policies`. `shipped`: ids that exist already; a KPI may be derived of them,
    and none may take their name. `here`: KPIs that are for other connections are left out.
    """
    read = {file: read_yaml(file, text) for file, text in texts.items()}
    problems = [tree for tree in read.values() if isinstance(tree, Problem)]
    trees = {file: tree for file, tree in read.items() if not isinstance(tree, Problem)}
    stages = tuple(dict.fromkeys(stage for tree in trees.values() for stage in stage_ids(tree)))
    offer, declared = Offer(types=types or {}, choices=choices or {}), DeclaredFacts([types or {}])
    for file, tree in trees.items():
        declared.read(NodeReader(file), child(tree, "facts"))
    words = vocabulary(OPPORTUNITIES, offer, stages, declared.found)
    lists = {file: NodeReader(file) for file in trees}
    every = [
        (NodeReader(file), node) for file, tree in trees.items()
        for node in lists[file].entries(child(tree, "kpis"), "kpis")
    ]  # fmt: skip
    for reader, node in every:
        here.check(reader, node)
    entries = [(reader, node) for reader, node in every if here.takes(node)]
    names = [name for _, node in entries if (name := _name(node))]
    found = [KpiReader(reader, words, (*names, *shipped)).read(node) for reader, node in entries]
    _note_names(entries, shipped, here)
    readers = {id(one): reader for one, (reader, _) in zip(found, entries, strict=True)}
    ordered = _ordered(found, readers)
    sound = {id(one) for one in found if not readers[id(one)].problems}
    problems += [one for reader in (*lists.values(), *(reader for reader, _ in every)) for one in reader.problems]
    return tuple(_whole([one for one in ordered if id(one) in sound], shipped)), problems


def _whole(sound: list[KpiDefinition], shipped: Collection[str]) -> Iterator[KpiDefinition]:
    """Those with all that they are derived of; ingredients stand first."""
    known = {*shipped}
    for one in sound:
        if _made_of(one) <= known:
            known.add(one.name)
            yield one


def _name(node: Node) -> str:
    found = child(node, "name")
    return found.value if isinstance(found, TextNode) else ""


def _note_names(entries: list[tuple[NodeReader, Node]], shipped: Collection[str], here: Here) -> None:
    """Note names that occur twice on a connection, or that a shipped KPI has."""
    first: dict[tuple[str, frozenset[str]], str] = {}
    for reader, node in entries:
        at = child(node, "name")
        if at is None or not (name := _name(node)):
            continue
        if name in shipped:
            reader.note(at, f"'{name}' is the name of a shipped KPI, which has one meaning; give yours another name")
        elif other := first.get((name, here.apart(node))):
            reader.note(at, f"the KPI '{name}' stands also in {other}; give one another name")
        first.setdefault((name, here.apart(node)), f"{reader.file}, line {at.line}")


def _ordered(found: list[KpiDefinition], readers: Mapping[int, NodeReader]) -> list[KpiDefinition]:
    """The KPIs, each after those it is derived of; one that is derived of itself is noted."""
    left, done, known = list(found), [], {one.name for one in found}
    while left:
        waiting = {one.name for one in left}
        ready = [one for one in left if not (_made_of(one) & known & waiting)]
        if not ready:
            for one in left:
                place, others = TextNode("", one.line, one.column), ", ".join(sorted(_made_of(one) & waiting))
                readers[id(one)].note(place, f"'{one.name}' is derived of itself, by way of {others}")
            return found
        done += ready
        left = [one for one in left if one not in ready]
    return done


def _made_of(one: KpiDefinition) -> frozenset[str]:
    return one.expr.facts if one.expr else frozenset()
