"""Stages of a process that cannot stand beside each other: ids and CRM names twice, gaps, ends in the wrong place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from model.stages import spoken
from policies.files.node_reader import doubled
from policies.files.read_gate_scenarios import LOST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from model.process import Stage
    from policies.files.node_reader import Sheet
    from policies.files.yaml_tree import Node

WON: Final = "won"


def unlike(sheet: Sheet, places: Sequence[tuple[Stage, Node]], lost: Mapping[str, tuple[str, ...]]) -> None:
    """Note what is wrong with the stages of one process, each with its node; `lost`: names that lose a deal."""
    for again, node in doubled((stage.id, node) for stage, node in places if stage.id):
        sheet.note(node, f"the stage '{again}' stands twice in its process; give one another id")
    _ends(sheet, places)
    for crm, named in _by_crm(places).items():
        _named_twice(sheet, crm, named, {spoken(name) for name in lost.get(crm, ())})


def _ends(sheet: Sheet, places: Sequence[tuple[Stage, Node]]) -> None:
    for n, (stage, node) in enumerate(places, start=1):
        if stage.id == LOST:
            sheet.note(node, f"'{LOST}' is no stage of a process; name the stages that lose a deal under lost_names")
        elif stage.id == WON and n < len(places):
            sheet.note(node, f"the stage '{WON}' stands before '{places[n][0].id}', and the last stage is Won; move it")


def _by_crm(places: Sequence[tuple[Stage, Node]]) -> dict[str, list[tuple[str, int, Node]]]:
    """CRM → each name with its stage's place and node."""
    found: dict[str, list[tuple[str, int, Node]]] = {}
    for n, (stage, node) in enumerate(places):
        for crm, names in stage.names.items():
            found.setdefault(crm, []).extend((name, n, node) for name in names)
    return found


def _named_twice(sheet: Sheet, crm: str, named: list[tuple[str, int, Node]], lost: set[str]) -> None:
    seen: dict[str, int] = {}
    for name, n, node in named:
        said = spoken(name)
        if said in lost:
            sheet.note(node, f"the {crm} stage '{name}' stands under lost_names, too; leave it in one place")
        if said in seen:
            where = "twice in one stage" if seen[said] == n else "in two stages of one process"
            sheet.note(node, f"the {crm} stage '{name}' stands {where}; leave it in one")
        seen.setdefault(said, n)
