"""Processes: their stages in order, the stages' names in each CRM, and the criteria that gate them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from model.process import Criterion, Process, Stage
from model.stages import normalised
from policies.files.modes_and_actions import read_actions, read_mode, read_rollout
from policies.files.node_reader import Key, duplicates
from policies.files.policy import SEVERITIES
from policies.files.policy_set import CRITERION_NEEDS, missing_kinds
from policies.files.process_claims import THE_REST, Claims
from policies.files.read_examples import CRITERION_KEYS, LOST, read_examples
from policies.files.vocabulary import BLANK_RULES, Rules
from policies.files.yaml_tree import MapNode, TextNode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from model.process import Rollout
    from policies.files.node_reader import NodeReader
    from policies.files.policy import Examples
    from policies.files.vocabulary import Vocabulary
    from policies.files.yaml_tree import Node


PROCESS: Final = {
    "id": Key(required=True), "title": Key(), "applies_to": Key(), "stages": Key(required=True), "lost_names": Key(),
    "source": Key(), "filler": Key(), "rollout": Key(),
}  # fmt: skip
STAGE: Final = {
    "id": Key(required=True), "names": Key(required=True), "expected_days": Key(), "entry": Key(), "exit": Key(),
    "weight": Key(),
}  # fmt: skip
CRITERION: Final = {
    "id": Key(required=True), "title": Key(required=True), "require": Key(required=True), "fix": Key(required=True),
    "severity": Key(), "points": Key(), "holds": Key(), "binds_from": Key(), "blank": Key(), "filler": Key(),
    "examples": Key(), "source": Key(), "mode": Key(), "actions": Key(),
}  # fmt: skip
HOLDS: Final[tuple[Literal["once", "while_in"], ...]] = ("once", "while_in")
OF_STAGES: Final = ("stage", "stage_order", "created_in_stage", "stage_median_days", "days_in_stage")
NAMELESS: Final = "a stage without a name is never entered; write what the CRM calls it, as in {{{kind}: [Demo]}}"
MAX_DAYS: Final = 3650
MAX_WEIGHT: Final = 1000
MAX_TITLE: Final = 80
MAX_FIX: Final = 255


@dataclass(frozen=True)
class Within:
    """The process of a criterion: its id, the ids of its stages, and its filler."""

    process: str
    stages: tuple[str, ...]
    filler: tuple[str, ...]


@dataclass
class Processes:
    """Processes read so far, with their criteria's examples by `process/stage/criterion`.

    `kinds`: the keys under which the names of stages may stand, the kinds of connection; empty allows any key.
    """

    words: Vocabulary
    kinds: tuple[str, ...] = ()
    found: list[Process] = field(default_factory=list)
    examples: dict[str, Examples] = field(default_factory=dict)
    claims: Claims = field(default_factory=Claims)

    def read(self, reader: NodeReader, node: Node, filler: tuple[str, ...], rollout: Rollout | None = None) -> None:
        """Add the process at a node, or note its problems. `rollout`: its file's."""
        values = reader.fields(node, PROCESS, "a process")
        name = reader.id(values.get("id"), "a process's id") or ""
        rules = Rules((*filler, *reader.texts(values.get("filler"), "filler")))
        applies_to = self.words.condition(reader, values.get("applies_to"), "applies_to", rules)
        if applies_to and (circular := sorted(applies_to.facts & set(OF_STAGES))):
            reader.note(values["applies_to"], f"a process claims deals before {circular[0]} is known; name other facts")
        self.claims.take(reader, node, name, applies_to if "applies_to" in values else THE_REST)
        items = reader.entries(values.get("stages"), "stages")
        here = Within(name, tuple(entry.value for entry in ids_of(values.get("stages"))), rules.filler)
        stages = [self.stage(reader, item, here) for item in items]
        if "stages" in values and not items:
            reader.note(values["stages"], "a process has stages; the last is Won")
        title = reader.text(values.get("title"), "a process's title", MAX_TITLE) or ""
        source = reader.text(values.get("source"), "source") or ""
        lost = names(reader, values.get("lost_names"), "lost_names", self.kinds)
        check_stages(reader, list(zip(stages, items, strict=True)), lost)
        own = read_rollout(reader, values.get("rollout"), self.words) or rollout
        self.found.append(Process(name, tuple(stages), applies_to, title, source, lost, own))

    def stage(self, reader: NodeReader, node: Node, here: Within) -> Stage:
        """The stage at a node."""
        values = reader.fields(node, STAGE, "a stage")
        name = reader.id(values.get("id"), "a stage's id") or ""
        sides = []
        for side in ("entry", "exit"):
            items = reader.entries(values.get(side), side)
            sides.append(tuple(self.criterion(reader, item, name, here) for item in items))
        ids = [(entry.value, entry) for side in ("entry", "exit") for entry in ids_of(values.get(side))]
        for again, place in duplicates(ids):
            reader.note(place, f"the criterion '{again}' stands twice in the stage '{name}'; give one another id")
        before = len(reader.problems)
        called = names(reader, values.get("names"), "names", self.kinds)
        if "names" in values and not any(called.values()) and len(reader.problems) == before:
            reader.note(values["names"], NAMELESS.format(kind=first(self.kinds)))
        weight = reader.number(values.get("weight"), "a stage's weight", 0, MAX_WEIGHT)
        return Stage(name, called, days(reader, values.get("expected_days")), sides[0], sides[1], weight)

    def criterion(self, reader: NodeReader, node: Node, stage: str, here: Within) -> Criterion:
        """The criterion at a node; invalid parts get a placeholder, and their problems are noted."""
        values = reader.fields(node, CRITERION, "a criterion")
        name = reader.id(values.get("id"), "a criterion's id") or ""
        rules = Rules(
            (*here.filler, *reader.texts(values.get("filler"), "filler")),
            reader.word(values.get("blank"), BLANK_RULES, "blank") or "false",
        )
        require = self.words.condition(reader, values.get("require"), "require", rules)
        examples = read_examples(
            reader, values.get("examples"), self.words, [require], CRITERION_KEYS, stages=here.stages
        )
        self.examples[f"{here.process}/{stage}/{name}"] = examples
        points = reader.whole(values.get("points"), "points", 0, 100)
        holds = reader.word(values.get("holds"), HOLDS, "holds") or "once"
        actions = read_actions(reader, values.get("actions"), moves=holds == "once")
        return Criterion(
            id=name,
            title=reader.text(values.get("title"), "a criterion's title", MAX_TITLE) or "",
            require=require,  # type: ignore[arg-type]  # None only where a problem is noted
            fix=reader.text(values.get("fix"), "fix", MAX_FIX) or "",
            severity=reader.word(values.get("severity"), SEVERITIES, "severity") or "warning",
            points=10 if points is None else points,
            holds=holds,
            binds_from=reader.day(values.get("binds_from"), "binds_from"),
            mode=read_mode(
                reader, values.get("mode"), missing_kinds(examples, CRITERION_NEEDS), acts="actions" in values
            ),
            actions=actions,
            source=reader.text(values.get("source"), "source") or "",
        )


def stage_ids(root: Node) -> list[str]:
    """Ids of all stages of a file, read before anything else so that conditions can be checked against them."""
    processes = child(root, "processes")
    stages = [child(process, "stages") for process in getattr(processes, "items", ())]
    return [entry.value for stage in stages for entry in ids_of(stage)]


def ids_of(node: Node | None) -> list[TextNode]:
    """The ids in a list of maps, as far as they are there."""
    found = [child(item, "id") for item in getattr(node, "items", ())]
    return [entry for entry in found if isinstance(entry, TextNode)]


def child(node: Node | None, name: str) -> Node | None:
    """The value of a key, where there is one."""
    entries = node.entries if isinstance(node, MapNode) else ()
    return next((value for key, value in entries if key.value == name), None)


def first(kinds: tuple[str, ...]) -> str:
    """The kind that sentences show as an example."""
    return kinds[0] if kinds else "KIND"


def names(reader: NodeReader, node: Node | None, what: str, kinds: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """Names by kind of connection."""
    if node is None:
        return {}
    keys = kinds or [key.value for key, _ in getattr(node, "entries", ())]
    values = reader.fields(node, dict.fromkeys(keys, Key()), what, f"{{{first(kinds)}: [its name there]}}")
    return {crm: reader.texts(value, f"{what} in {crm}") for crm, value in values.items()}


def days(reader: NodeReader, node: Node | None) -> tuple[int, int] | None:
    """Two whole numbers, the lower first."""
    items = reader.entries(node, "expected_days")
    found = [reader.whole(item, "each of expected_days", 0, MAX_DAYS) for item in items]
    if node is None or None in found:
        return None
    match found:
        case [int() as least, int() as most] if least <= most:
            return least, most
    reader.note(node, "expected_days is two numbers, the lower first, as in [7, 30]")
    return None


WON: Final = "won"


def check_stages(reader: NodeReader, places: Sequence[tuple[Stage, Node]], lost: Mapping[str, tuple[str, ...]]) -> None:
    """Note what is wrong with the stages of one process, each with its node; `lost`: names that lose a deal."""
    for again, node in duplicates((stage.id, node) for stage, node in places if stage.id):
        reader.note(node, f"the stage '{again}' stands twice in its process; give one another id")
    _ends(reader, places)
    for crm, named in _by_crm(places).items():
        _named_twice(reader, crm, named, {normalised(name) for name in lost.get(crm, ())})


def _ends(reader: NodeReader, places: Sequence[tuple[Stage, Node]]) -> None:
    for n, (stage, node) in enumerate(places, start=1):
        if stage.id == LOST:
            reader.note(node, f"'{LOST}' is no stage of a process; name the stages that lose a deal under lost_names")
        elif stage.id == WON and n < len(places):
            reader.note(
                node, f"the stage '{WON}' stands before '{places[n][0].id}', and the last stage is Won; move it"
            )


def _by_crm(places: Sequence[tuple[Stage, Node]]) -> dict[str, list[tuple[str, int, Node]]]:
    """CRM → each name with its stage's place and node."""
    found: dict[str, list[tuple[str, int, Node]]] = {}
    for n, (stage, node) in enumerate(places):
        for crm, names in stage.names.items():
            found.setdefault(crm, []).extend((name, n, node) for name in names)
    return found


def _named_twice(reader: NodeReader, crm: str, named: list[tuple[str, int, Node]], lost: set[str]) -> None:
    seen: dict[str, int] = {}
    for name, n, node in named:
        as_normalised = normalised(name)
        if as_normalised in lost:
            reader.note(node, f"the {crm} stage '{name}' stands under lost_names, too; leave it in one place")
        if as_normalised in seen:
            where = "twice in one stage" if seen[as_normalised] == n else "in two stages of one process"
            reader.note(node, f"the {crm} stage '{name}' stands {where}; leave it in one")
        seen.setdefault(as_normalised, n)
