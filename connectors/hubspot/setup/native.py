"""Gates as properties that HubSpot asks for when a deal enters a stage: a table for an admin to set. Nothing is sent.

HubSpot can require that a property is filled in, for every deal of a pipeline; it cannot require a value. So the table
marks each row as the whole criterion or a part, and lists the rest as not enforced.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

import polars as pl

from connectors.hubspot.setup.native_facts import rest_of, to_fill
from connectors.shared.setup.native_rules import NOT_SENT, Native, Unsaid, asked_of, beyond, judged, require_of
from model.stages import LOST, StageNames
from model.wide import Wide
from model.widening.process_binding import bound

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from model.process import Place, Process
    from model.sync import Description
    from policies.files import PolicySet
    from policies.language import Condition

Rows: TypeAlias = "dict[tuple[str, str, str], dict[str, Any]]"
STANDING: Final = "it holds as long as a deal is in the stage; HubSpot asks for properties only when a deal enters one"
NO_PIPELINE: Final = (
    "HubSpot asks every deal of a pipeline, and no pipeline here is surely all of process {process}{by}"
)
NO_MOVE: Final = "no forward move between the stages that the portal has goes through this gate"
NOT_SET: Final = "{name} cannot be filled in by people"
NOTES: Final = (
    NOT_SENT,
    "Set them under Settings, Objects, Deals, Pipelines: the properties that a stage of the pipeline requires.",
    "Which subscription that takes, and whether imports, workflows and the API are asked too, could not be confirmed.",
    "Required means filled in: a No, a zero or any other value passes. The rest of a criterion stays with Sluicegate.",
    "HubSpot also asks when a deal is created in the stage, which binds nothing here, and accepts nothing later.",
)


def native(policies: PolicySet, description: Description, stages: pl.DataFrame, process: str | None = None) -> Native:
    """A row for each property that a stage has to ask for, the rest with reasons. `stages`: CRM_STAGES."""
    made = _Maker(policies, description, stages)
    rows: Rows = {}
    unsaid = []
    for place in judged(policies.criteria(), process):
        needed = made.needed(place)
        for pipeline, stage in needed.stages:
            for fact in needed.facts:
                made.add(rows, place, (pipeline, stage, fact), needed)
        if needed.rest:
            unsaid.append(Unsaid(place.id, require_of(place).text, needed.rest))
    return Native(table=tuple(rows.values()), unsaid=tuple(unsaid), notes=NOTES if rows else NOTES[:1])


@dataclass(frozen=True)
class Needed:
    """The facts that one criterion needs at stages; `rest`: what is not enforced."""

    facts: tuple[str, ...] = ()
    stages: tuple[tuple[str, str], ...] = ()
    rest: tuple[str, ...] = ()


class _Maker:
    def __init__(self, policies: PolicySet, description: Description, stages: pl.DataFrame) -> None:
        self.policies, self.sources, self.stages = policies, description.sources, stages
        self.why = {name: self._why(name, description) for name in asked_of(policies)}
        self.owned = owned(policies, tuple(stages["pipeline"].drop_nulls().unique(maintain_order=True)))

    def _why(self, name: str, description: Description) -> str:
        """Why a fact is no property that people fill in; empty if it is one."""
        why = beyond(name, description)
        return why or ("" if self.sources[name].settable else NOT_SET.format(name=name))

    def needed(self, place: Place) -> Needed:
        """The part of a criterion that can be enforced, and the rest."""
        if place.criterion.holds == "while_in":
            return Needed(rest=(STANDING,))
        mine = [pipeline for pipeline, process in self.owned.items() if process == place.process.id]
        if not mine:
            return Needed(rest=(self._no_pipeline(place.process),))
        after = tuple((pipeline, stage) for pipeline in mine for stage in self._after(place, pipeline))
        if not after:
            return Needed(rest=(NO_MOVE,))
        condition = require_of(place)
        facts = to_fill(condition, self.why, self.sources)
        return Needed(facts, after, tuple(rest_of(condition, facts, self.why, self.sources)))

    def _no_pipeline(self, process: Process) -> str:
        claims = [cast("Condition", one.applies_to) for one in self.policies.processes if one.applies_to]
        others = sorted({name for claim in claims for name in claim.facts} - {"pipeline"})
        by = f": deals are claimed by {', '.join(others)}" if others else ""
        return NO_PIPELINE.format(process=process.id, by=by)

    def _after(self, place: Place, pipeline: str) -> Iterator[str]:
        """Labels of the pipeline's stages that a move through the gate can end in."""
        mine = self.stages.filter((pl.col("pipeline") == pipeline) & pl.col("is_active").fill_null(value=True))
        listed = tuple(mine.sort("sort", nulls_last=True)["name"])
        names = StageNames([place.process], "hubspot", self.stages, (pipeline,), listed)
        meanings = names.meanings[len(listed) : 2 * len(listed)]  # those without a pipeline come first
        first = place.order + (place.side == "exit")
        known = [meaning for meaning in meanings if meaning.order is not None and meaning.ends != LOST]
        if any((meaning.order or 0) < first for meaning in known):
            yield from (meaning.label for meaning in known if (meaning.order or 0) >= first)

    def add(self, rows: Rows, place: Place, at: tuple[str, str, str], needed: Needed) -> None:
        """Add a property to the table, or another criterion to the row that asks for it there."""
        pipeline, stage, fact = at
        source = self.sources[fact]
        row = rows.setdefault(at, {
            "pipeline": pipeline, "stage": stage, "property": source.field, "label": source.label, "fact": fact,
            "why": [],
        })  # fmt: skip
        criterion = place.criterion
        row["why"].append({
            "criterion": place.id, "title": criterion.title, "mode": criterion.mode,
            "require": require_of(place).text, "enforced": "in part" if needed.rest else "whole",
        })  # fmt: skip


def owned(policies: PolicySet, pipelines: tuple[str, ...]) -> Mapping[str, str | None]:
    """Pipeline → the process that claims each of its deals whatever else they say; None where none does for certain."""
    frame = pl.DataFrame(
        {"key": range(len(pipelines)), "pipeline": pipelines, "as_of_date": [date.min] * len(pipelines)},
        schema={"key": pl.Int64, "pipeline": pl.String, "as_of_date": pl.Date},
    )  # facts that are not there are unknown
    wide = Wide(frame, datetime.min.replace(tzinfo=UTC), pl.DataFrame())
    return dict(zip(pipelines, bound(wide, policies.processes)["process"], strict=True))
