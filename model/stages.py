"""What a stage name means: which stage of which process, won or lost. Small tables, looked up by integer codes."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from model.process import Process

OPEN, WON, LOST, UNSAID = 0, 1, 2, 3
"""How a stage ends a deal; UNSAID: neither the CRM nor a process knows the name."""
PER_PROCESS: Final = 1000
LOST_STATE, WON_STATE, FIRST_UNKNOWN = -1, -2, -10


def normalised(text: str | None) -> str:
    """A name as it is compared: trimmed, without case."""
    return (text or "").strip().casefold()


@dataclass(frozen=True)
class Meaning:
    """One stage name under one process: `state` is equal for names of one stage; `order` None: no process knows it.

    `label`: what people read in the CRM, the name where it has no label.
    """

    state: int
    ends: int
    order: int | None = None
    stage: str | None = None
    label: str = ""


@dataclass(frozen=True)
class StageNames:
    """Every (process, pipeline, stage name) of a snapshot; the code of no process is the number of processes."""

    processes: Sequence[Process]
    kind: str
    crm_stages: pl.DataFrame
    pipelines: tuple[str, ...]
    names: tuple[str, ...]
    _crm: Mapping[tuple[str, str], tuple[int, str | None]] = field(init=False)

    def __post_init__(self) -> None:
        """Read the CRM's own list once; a name that means one thing in all pipelines is known without its pipeline."""
        crm: dict[tuple[str, str], tuple[int, str | None]] = {}
        for row in self.crm_stages.iter_rows(named=True):
            ends = OPEN if not row["is_closed"] else WON if row["is_won"] else LOST
            crm[normalised(row["pipeline"]), row["name"]] = (ends, row["label"])
        for name in {name for _, name in crm}:
            meanings = {meaning for (_, other), meaning in crm.items() if other == name}
            if len(meanings) == 1:
                crm.setdefault(("", name), meanings.pop())
        object.__setattr__(self, "_crm", crm)

    @classmethod
    def of(cls, processes: Sequence[Process], kind: str, crm_stages: pl.DataFrame, *frames: pl.DataFrame) -> StageNames:
        """Names of all `frames` that have `pipeline` and `stage_name`."""

        def seen(column: str) -> tuple[str, ...]:
            return tuple(sorted({text for f in frames for text in f[column].unique() if text is not None}))

        return cls(processes, kind, crm_stages, seen("pipeline"), seen("stage_name"))

    def _meaning(self, process: Process | None, pipeline: str, name: str) -> Meaning:
        crm = self._crm.get((normalised(pipeline), name)) or self._crm.get(("", name))
        ends, label = crm or (UNSAID, None)
        label = label or name
        if process is None:
            return _unclaimed(ends, label, self.names.index(name))
        texts = {normalised(name), normalised(label)}
        if ends == LOST or texts & _spoken(process.lost_names.get(self.kind, ())):
            return Meaning(LOST_STATE, LOST, label=label)
        last, base = len(process.stages), self.processes.index(process) * PER_PROCESS
        for order, stage in enumerate(process.stages, 1):
            if texts & _spoken(stage.names.get(self.kind, ())):
                ended = ends if ends != UNSAID else WON if order == last else OPEN
                return Meaning(base + order, ended, order, stage.id, label)
        if ends == WON:
            return Meaning(base + last, WON, last, process.stages[-1].id, label)
        return Meaning(FIRST_UNKNOWN - self.names.index(name), ends, label=label)

    @cached_property
    def meanings(self) -> list[Meaning]:
        """All meanings, at the place that `code` gives."""
        owners: list[Process | None] = [*self.processes, None]
        return [self._meaning(p, q, n) for p in owners for q in ("", *self.pipelines) for n in self.names]

    def process_code(self, process: str) -> pl.Expr:
        """Code of the process that the column `process` names by its id."""
        codes = {process.id: code for code, process in enumerate(self.processes)}
        return pl.col(process).replace_strict(codes, default=len(codes), return_dtype=pl.Int64)

    def code(self, process: str) -> pl.Expr:
        """Place in `meanings` from the process's code and the columns `pipeline` and `stage_name`; null: no name."""
        name = pl.col("stage_name").cast(pl.Enum(self.names)).to_physical().cast(pl.Int64)
        place = pl.col(process) * (len(self.pipelines) + 1)
        if self.pipelines:
            pipeline = pl.col("pipeline").cast(pl.Enum(self.pipelines)).to_physical().cast(pl.Int64)
            place += pipeline.fill_null(-1) + 1
        return place * len(self.names) + name

    def lookup(self, what: str, codes: pl.Series, dtype: type[pl.DataType]) -> pl.Series:
        """An attribute of the meanings at these places."""
        return pl.Series([getattr(meaning, what) for meaning in self.meanings], dtype=dtype).gather(codes)


def _spoken(names: Iterable[str]) -> set[str]:
    return {normalised(name) for name in names}


def _unclaimed(ends: int, label: str, name: int) -> Meaning:
    state = {LOST: LOST_STATE, WON: WON_STATE}.get(ends, FIRST_UNKNOWN - name)
    return Meaning(state, ends, label=label)
