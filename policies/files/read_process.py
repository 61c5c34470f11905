"""Processes: their stages in order, the stages' names in each CRM, and the criteria that gate them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from model.process import Criterion, Process, Stage
from policies.files.missing_examples import CRITERION_NEEDS, lacking
from policies.files.node_reader import Key, doubled
from policies.files.policy import SEVERITIES
from policies.files.process_claims import THE_REST, Claims
from policies.files.read_actions import read_actions
from policies.files.read_examples import CRITERION_KEYS, read_examples
from policies.files.read_mode import read_mode
from policies.files.read_rollout import read_rollout
from policies.files.stage_names import unlike
from policies.files.vocabulary import BLANK_RULES, Rules
from policies.files.yaml_tree import Map, Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from model.process import Rollout
    from policies.files.node_reader import Sheet
    from policies.files.policy import Examples
    from policies.files.vocabulary import Vocabulary
    from policies.files.yaml_tree import Node

PROCESS: Final = {
    "id": Key(required=True), "title": Key(), "applies_to": Key(), "stages": Key(required=True), "lost_names": Key(),
    "source": Key(), "filler": Key(), "rollout": Key(),
}  # fmt: skip
STAGE: Final = {
    "id": Key(required=True), "names": Key(required=True), "expected_days": Key(), "entry": Key(), "exit": Key(),
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
MAX_TITLE: Final = 80
MAX_FIX: Final = 255


@dataclass(frozen=True)
class Within:
    """The process that a criterion stands in: its id, the ids of its stages, and its filler."""

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

    def read(self, sheet: Sheet, node: Node, filler: tuple[str, ...], rollout: Rollout | None = None) -> None:
        """Add the process at a node, or note its problems. `rollout`: its file's."""
        values = sheet.fields(node, PROCESS, "a process")
        name = sheet.id(values.get("id"), "a process's id") or ""
        rules = Rules((*filler, *sheet.texts(values.get("filler"), "filler")))
        applies_to = self.words.condition(sheet, values.get("applies_to"), "applies_to", rules)
        if applies_to and (circular := sorted(applies_to.facts & set(OF_STAGES))):
            sheet.note(values["applies_to"], f"a process claims deals before {circular[0]} is known; name other facts")
        self.claims.take(sheet, node, name, applies_to if "applies_to" in values else THE_REST)
        items = sheet.entries(values.get("stages"), "stages")
        here = Within(name, tuple(entry.value for entry in ids_of(values.get("stages"))), rules.filler)
        stages = [self.stage(sheet, item, here) for item in items]
        if "stages" in values and not items:
            sheet.note(values["stages"], "a process has stages; the last is Won")
        title = sheet.text(values.get("title"), "a process's title", MAX_TITLE) or ""
        source = sheet.text(values.get("source"), "source") or ""
        lost = names(sheet, values.get("lost_names"), "lost_names", self.kinds)
        unlike(sheet, list(zip(stages, items, strict=True)), lost)
        own = read_rollout(sheet, values.get("rollout"), self.words) or rollout
        self.found.append(Process(name, tuple(stages), applies_to, title, source, lost, own))

    def stage(self, sheet: Sheet, node: Node, here: Within) -> Stage:
        """The stage at a node."""
        values = sheet.fields(node, STAGE, "a stage")
        name = sheet.id(values.get("id"), "a stage's id") or ""
        sides = []
        for side in ("entry", "exit"):
            items = sheet.entries(values.get(side), side)
            sides.append(tuple(self.criterion(sheet, item, name, here) for item in items))
        ids = [(entry.value, entry) for side in ("entry", "exit") for entry in ids_of(values.get(side))]
        for again, place in doubled(ids):
            sheet.note(place, f"the criterion '{again}' stands twice in the stage '{name}'; give one another id")
        before = len(sheet.problems)
        called = names(sheet, values.get("names"), "names", self.kinds)
        if "names" in values and not any(called.values()) and len(sheet.problems) == before:
            sheet.note(values["names"], NAMELESS.format(kind=first(self.kinds)))
        return Stage(name, called, days(sheet, values.get("expected_days")), *sides)

    def criterion(self, sheet: Sheet, node: Node, stage: str, here: Within) -> Criterion:
        """The criterion at a node; a broken part has a harmless stand-in, for its problem is noted."""
        values = sheet.fields(node, CRITERION, "a criterion")
        name = sheet.id(values.get("id"), "a criterion's id") or ""
        rules = Rules(
            (*here.filler, *sheet.texts(values.get("filler"), "filler")),
            sheet.word(values.get("blank"), BLANK_RULES, "blank") or "false",
        )
        require = self.words.condition(sheet, values.get("require"), "require", rules)
        told = read_examples(sheet, values.get("examples"), self.words, [require], CRITERION_KEYS, stages=here.stages)
        self.examples[f"{here.process}/{stage}/{name}"] = told
        points = sheet.whole(values.get("points"), "points", 0, 100)
        holds = sheet.word(values.get("holds"), HOLDS, "holds") or "once"
        actions = read_actions(sheet, values.get("actions"), moves=holds == "once")
        return Criterion(
            id=name,
            title=sheet.text(values.get("title"), "a criterion's title", MAX_TITLE) or "",
            require=require,  # type: ignore[arg-type]  # None only beside a noted problem
            fix=sheet.text(values.get("fix"), "fix", MAX_FIX) or "",
            severity=sheet.word(values.get("severity"), SEVERITIES, "severity") or "warning",
            points=10 if points is None else points,
            holds=holds,
            binds_from=sheet.day(values.get("binds_from"), "binds_from"),
            mode=read_mode(sheet, values.get("mode"), lacking(told, CRITERION_NEEDS), acts="actions" in values),
            actions=actions,
            source=sheet.text(values.get("source"), "source") or "",
        )


def stage_ids(root: Node) -> list[str]:
    """Ids of all stages of a file, read before anything else so that conditions can be checked against them."""
    processes = child(root, "processes")
    stages = [child(process, "stages") for process in getattr(processes, "items", ())]
    return [entry.value for stage in stages for entry in ids_of(stage)]


def ids_of(node: Node | None) -> list[Text]:
    """The ids in a list of maps, as far as they are there."""
    found = [child(item, "id") for item in getattr(node, "items", ())]
    return [entry for entry in found if isinstance(entry, Text)]


def child(node: Node | None, name: str) -> Node | None:
    """The value of a key, where there is one."""
    entries = node.entries if isinstance(node, Map) else ()
    return next((value for key, value in entries if key.value == name), None)


def first(kinds: tuple[str, ...]) -> str:
    """The kind that sentences show as an example."""
    return kinds[0] if kinds else "KIND"


def names(sheet: Sheet, node: Node | None, what: str, kinds: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """Names by kind of connection."""
    if node is None:
        return {}
    keys = kinds or [key.value for key, _ in getattr(node, "entries", ())]
    values = sheet.fields(node, dict.fromkeys(keys, Key()), what, f"{{{first(kinds)}: [its name there]}}")
    return {crm: sheet.texts(value, f"{what} in {crm}") for crm, value in values.items()}


def days(sheet: Sheet, node: Node | None) -> tuple[int, int] | None:
    """Two whole numbers, the lower first."""
    items = sheet.entries(node, "expected_days")
    found = [sheet.whole(item, "each of expected_days", 0, MAX_DAYS) for item in items]
    if node is None or None in found:
        return None
    match found:
        case [int() as least, int() as most] if least <= most:
            return least, most
    sheet.note(node, "expected_days is two numbers, the lower first, as in [7, 30]")
    return None
