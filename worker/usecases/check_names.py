"""Names in policies that the CRM does not have: stages of a process, and deals of a waiver."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from connectors.registry import crm
from model.helpers.words import did_you_mean, many
from model.stages import normalised
from model.sync import Remark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from model.process import Process
    from model.sync import Level
    from policies.files import PolicySet
    from worker.pipeline.session import Session
    from worker.pipeline.slices import Part


SOURCE: Final = ("the CRM has no stage", "no deal of the report stands in a stage")
"""Where a stage is missing: a CRM lists all stages, a report only those in use."""


def strange_stages(policies: PolicySet, part: Part, kind: str) -> Iterator[Remark]:
    """Stages that only the CRM knows, with open deals in them, and those that only the process knows."""
    open_deals = part.in_scope.frame.filter(pl.col("is_open").fill_null(value=False))
    for process in policies.processes:
        own = open_deals.filter(pl.col("process") == process.id)
        lost = own.filter(pl.col("stage").is_null() & pl.col("stage_name").is_not_null())
        for stage, deals in lost.group_by("stage_name").len().sort("stage_name").iter_rows():
            stand = f"{many(deals, 'open deal')} {'stands' if deals == 1 else 'stand'} in the stage '{stage}'"
            advice = "which the process does not name: its gates are unknown there; add it to the names of a stage"
            yield Remark("warning", f"Process {process.id}: {stand}, {advice}.")
        if own.height:
            yield from _only_here(process, part, kind)


def _only_here(process: Process, part: Part, kind: str) -> Iterator[Remark]:
    """Stages before Won that the CRM does not have. The CRM itself marks the won stage."""
    listed = part.snapshot.crm_stages
    labels = [text for column in ("name", "label") for text in listed[column] if text]  # of two alike, the label
    known = {normalised(label) for label in labels}
    named = {normalised(name) for stage in process.stages for name in stage.names.get(kind, ())}
    free = [label for label in labels if normalised(label) not in named]  # another stage's name is no candidate
    for stage in process.stages[:-1]:
        names = stage.names.get(kind, ())
        if not known or known & {normalised(name) for name in names}:
            continue
        wanted = " or ".join(f"'{name}'" for name in names)
        what = f"{SOURCE[kind == 'tables']} {wanted}" if names else f"it has no names under {kind}"
        hint = next((found for name in names or (stage.id,) if (found := did_you_mean(name, free))), "")
        level: Level = "note" if kind == "tables" and names and not hint else "warning"
        yield Remark(level, f"Process {process.id}, stage {stage.id}: {what}{hint or '.'}")


def strange_deals(session: Session, policies: PolicySet) -> Iterator[Remark]:
    """Deals in a waiver in force that the store does not hold, in any connection if it names none."""
    today = session.as_of.date()
    named = [w for w in policies.waivers if w.deals and w.connection in {"", session.name} and w.until >= today]
    if not named:
        return
    form, names = crm(session.connection.kind).same_id, session.services.settings.connections
    here = set(map(form, session.store.mirror.ids(session.name)))
    anywhere = {form(deal) for name in names for deal in session.store.mirror.ids(name)}
    for waiver in named:
        held = here if waiver.connection else here | anywhere
        if here and (gone := [deal for deal in waiver.deals if form(deal) not in held]):
            where = f"{waiver.file}:{waiver.line}: the waiver of {waiver.policy}"
            yield Remark("warning", f"{where} names no deal of '{session.name}' by {', '.join(gone)}; it takes ids.")
