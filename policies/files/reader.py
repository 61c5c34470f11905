"""Reads policy files into a PolicySet, or reports every problem of every file in one pass."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from model.errors import PolicyProblem, Problem
from model.subjects import OPPORTUNITIES, TABLES
from model.sync import Offer
from policies.files.generated_policies import over_expected_policies, timed_stages
from policies.files.modes_and_actions import read_rollout
from policies.files.node_reader import Key, NodeReader
from policies.files.policy import PolicySet
from policies.files.policy_set import revision
from policies.files.read_policy import read_policy
from policies.files.read_process import Processes, child, ids_of, stage_ids
from policies.files.vocabulary import DeclaredFacts, vocabulary
from policies.files.waivers import read_waiver
from policies.files.yaml_reading import read_yaml
from policies.files.yaml_tree import TextNode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from model.facts import FactType
    from model.process import Process
    from policies.files.policy import Policy, Waiver
    from policies.files.vocabulary import Vocabulary
    from policies.files.yaml_tree import Node

FILE: Final = {
    "version": Key(required=True),
    **{name: Key() for name in ("filler", "facts", "rollout", "processes", "policies", "waivers", "kpis")},
}


def read_policies(
    texts: Mapping[str, str | bytes],
    *,
    choices: Mapping[str, tuple[str, ...]] | None = None,
    types: Mapping[str, FactType] | None = None,
    offers: Mapping[str, Offer] | None = None,
    kinds: Iterable[str] = (),
) -> PolicySet:
    """The policies and processes of files by name; raises PolicyProblem with every problem found.

    `choices`: picklist values by fact. `types`: the types of facts that exist by mapping only. Both are those of deals;
    `offers`: those of other subjects, by table.
    `kinds`: the kinds of connection, which are the keys of a stage's names; without them any key is taken.
    """
    read = {file: read_yaml(file, text) for file, text in texts.items()}
    problems = [tree for tree in read.values() if isinstance(tree, Problem)]
    trees = {file: tree for file, tree in read.items() if not isinstance(tree, Problem)}
    stages = tuple(dict.fromkeys(stage for tree in trees.values() for stage in stage_ids(tree)))
    readers = {file: NodeReader(file) for file in trees}
    given = {OPPORTUNITIES.table: Offer(types=types or {}, choices=choices or {}), **(offers or {})}
    declared = DeclaredFacts([offer.types for offer in given.values()])
    for file, tree in trees.items():
        declared.read(readers[file], child(tree, "facts"))
    vocabularies = {
        table: vocabulary(subject, given.get(table, Offer()), stages, declared.found)
        for table, subject in TABLES.items()
    }
    words = vocabularies[OPPORTUNITIES.table]
    processes = Processes(words, tuple(kinds))
    policies: list[Policy] = []
    for file, tree in trees.items():
        _read_file(readers[file], tree, processes, vocabularies, policies)
    known = _ids(policies, processes.found)
    waivers = [waiver for file, tree in trees.items() for waiver in _waivers(readers[file], tree, words, known)]
    problems += [problem for reader in readers.values() for problem in reader.problems] + _twice(trees)
    if problems:
        raise PolicyProblem(problems)
    found = _set(tuple(texts), policies, processes, words)
    return replace(found, declared=declared.found, waivers=tuple(waivers))


def _read_file(
    reader: NodeReader, tree: Node, processes: Processes, vocabularies: Mapping[str, Vocabulary], policies: list[Policy]
) -> None:
    values = reader.fields(tree, FILE, "a policy file")
    version = values.get("version")
    if version is not None and not (isinstance(version, TextNode) and version.value == "1" and not version.style):
        reader.note(version, "version is 1; other versions of the format are not known here")
    filler = reader.texts(values.get("filler"), "filler")
    rollout = read_rollout(reader, values.get("rollout"), processes.words)
    for item in reader.entries(values.get("processes"), "processes"):
        processes.read(reader, item, filler, rollout)
    for item in reader.entries(values.get("policies"), "policies"):
        policy = read_policy(reader, item, vocabularies, filler, rollout=rollout)
        policies.append(policy)


def _ids(policies: list[Policy], processes: list[Process]) -> dict[str, str]:
    """What a waiver may name, and what that is about: policies, generated ones too, and criteria by their path."""
    criteria = (place.id for process in processes for place in process.criteria())
    about_deals: dict[str, str] = dict.fromkeys(
        (*criteria, *(name for name, _, _ in timed_stages(processes))), "opportunity"
    )
    return about_deals | {policy.id: policy.subject for policy in policies}


def _waivers(reader: NodeReader, tree: Node, words: Vocabulary, known: Mapping[str, str]) -> Iterator[Waiver]:
    """The waivers of a file; they may name what other files bring."""
    filler = NodeReader(reader.file).texts(child(tree, "filler"), "filler")
    for item in reader.entries(child(tree, "waivers"), "waivers"):
        if waiver := read_waiver(reader, item, words, filler, known):
            yield waiver


def _twice(trees: Mapping[str, Node]) -> list[Problem]:
    """Problems of ids that occur twice, in one file or in two."""
    problems = []
    for key, what in (("policies", "policy"), ("processes", "process")):
        entries = [(file, entry) for file, tree in trees.items() for entry in ids_of(child(tree, key))]
        first: dict[str, str] = {}
        for file, entry in entries:
            if entry.value in first:
                text = f"the {what} '{entry.value}' stands also in {first[entry.value]}; give one another id"
                problems.append(Problem(file, entry.line, entry.column, text))
            first.setdefault(entry.value, f"{file}, line {entry.line}")
    return problems


def _set(files: tuple[str, ...], policies: list[Policy], processes: Processes, words: Vocabulary) -> PolicySet:
    written = {policy.id for policy in policies}
    generated = [policy for policy in over_expected_policies(processes.found, words) if policy.id not in written]
    named = tuple(replace(policy, revision=revision(policy)) for policy in (*policies, *generated))
    unnamed = PolicySet(named, tuple(processes.found), "", files, processes.examples)
    return replace(unnamed, digest=revision(unnamed))
