"""A process: a pipeline's stages for one segment, in order, with the criteria that gate them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date
    from decimal import Decimal

    import polars as pl

    from model.actions import ActionRule
    from model.wide import Wide

Side: TypeAlias = Literal["entry", "exit"]


class Condition(Protocol):
    """A condition over the wide frame; policies/ compiles them, model/ only uses them."""

    @property
    def facts(self) -> frozenset[str]:
        """Names of the facts it asks for."""

    def polars(self, wide: Wide) -> pl.Expr:
        """A Boolean expression over `wide.frame`; null where the answer is unknown."""

    def english(self) -> str:
        """The same as a sentence."""


@dataclass(frozen=True)
class Rollout:
    """Whose deals a policy or a process's gates are open to; `where` None: everyone's. Elsewhere it is observed."""

    where: Condition | None = None


@dataclass(frozen=True)
class Criterion:
    """What must be true at or after a move; `holds` while_in makes it a standing rule of its stage.

    `mode` observe: judged and listed, but no part of the gate on the record.
    """

    id: str
    title: str
    require: Condition
    fix: str
    severity: Literal["info", "warning", "critical"] = "warning"
    points: int = 10
    holds: Literal["once", "while_in"] = "once"
    binds_from: date | None = None
    mode: Literal["off", "observe", "warn", "enforce"] = "warn"
    actions: tuple[ActionRule, ...] = ()
    source: str = ""


@dataclass(frozen=True)
class Stage:
    """One stage of a process; `names` maps a kind of CRM to its names there, also former ones."""

    id: str
    names: Mapping[str, tuple[str, ...]]
    expected_days: tuple[int, int] | None = None
    entry: tuple[Criterion, ...] = ()
    exit: tuple[Criterion, ...] = ()
    weight: Decimal | None = None
    """How much a deal in this stage counts in stage-weighted velocity; None where nobody gives it one."""


@dataclass(frozen=True)
class Process:
    """Stages in order; the last is Won. `applies_to` None claims every deal.

    `rollout` None: none is named, see `policies.judging.judge.Context`.
    """

    id: str
    stages: tuple[Stage, ...]
    applies_to: Condition | None = None
    title: str = ""
    source: str = ""
    lost_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rollout: Rollout | None = None

    def stage_ids(self) -> tuple[str, ...]:
        """Stage ids in order."""
        return tuple(stage.id for stage in self.stages)

    def criteria(self) -> Iterator[Place]:
        """Every criterion with its place: by stage, entry before exit."""
        for order, stage in enumerate(self.stages, start=1):
            yield from (Place(self, stage.id, order, "entry", criterion) for criterion in stage.entry)
            yield from (Place(self, stage.id, order, "exit", criterion) for criterion in stage.exit)


@dataclass(frozen=True)
class Place:
    """Where a criterion stands: its process, stage, the stage's order (from 1) and the side of the gate."""

    process: Process
    stage: str
    order: int
    side: Side
    criterion: Criterion

    @property
    def id(self) -> str:
        """The id of the criterion in findings, waivers and messages: `process/stage/criterion`."""
        return f"{self.process.id}/{self.stage}/{self.criterion.id}"

    @property
    def gate(self) -> str:
        """The name of the gate that all criteria of this stage and side share."""
        return f"{self.process.id}/{self.stage}/{self.side}"

    @property
    def last(self) -> bool:
        """Whether the stage is the process's last one: Won."""
        return self.order == len(self.process.stages)
