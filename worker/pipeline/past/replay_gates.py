"""Gates in a replay: the days on which each criterion was bound, and the first day on which it was met."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import polars as pl

from policies.judging.breaches import KEY
from policies.judging.gates import BINDINGS, MARGIN, bindings
from policies.trying.intervals import FAR
from worker.pipeline.past.gates import GateHistory

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from model.calendars.replay_days import Days
    from model.wide import Wide
    from policies.judging.rules import Rule
    from store import HistoryBuilder
    from worker.pipeline.past.facts import PastFacts

WINDOWS: Final = pl.Schema({"deal": pl.Int64(), "first": pl.Int64(), "end": pl.Int64(), "met": pl.Int64()})
"""See policies.trying.intervals.gate_intervals."""
NO_WINDOWS: Final = pl.DataFrame(schema=WINDOWS)


@dataclass
class PastGates:
    """Criteria that moves bound on some deals over a replay's days."""

    facts: PastFacts
    part: HistoryBuilder
    first_runs: Mapping[str, date]
    _wides: list[Wide] = field(default_factory=list)

    def note(self, days: Days, rules: Sequence[Rule]) -> None:
        """Add the last rows, which know every move."""
        if any(rule.place for rule in rules) and days.rows.height:
            self._wides += _last_rows(days)

    def windows(self, rules: Sequence[Rule]) -> dict[str, pl.DataFrame]:
        """WINDOWS by criterion."""
        asked = self._bindings(rules, margin=True)
        if asked.is_empty():
            return {}
        moved_on, answers = GateHistory(self.facts, rules, midnights=False).answered(self.part.raw, asked)
        found = self._bindings(rules, moved_on).join(answers, on=KEY, how="left", maintain_order="left")
        first, end, met = (self._days(found[name]) for name in ("moved_at", "back_at", "met_at"))
        rows = found.select("criterion", deal="key").with_columns(first=first, end=end.fill_null(FAR), met=met)
        return {str(id_): part.drop("criterion") for (id_,), part in rows.group_by(["criterion"])}

    def _bindings(
        self, rules: Sequence[Rule], moved_on: pl.DataFrame | None = None, *, margin: bool = False
    ) -> pl.DataFrame:
        early = MARGIN if margin else MARGIN * 0
        parts = [bindings(wide, rules, self.first_runs, moved_on, early) for wide in self._wides]
        found = pl.concat([pl.DataFrame(schema=BINDINGS), *parts])
        return found.unique(KEY, keep="last", maintain_order=True)

    def _days(self, instants: pl.Series) -> pl.Series:
        """The first day that knows of each instant; null stays null."""
        return self.part.grid.first(instants.to_physical()).set(instants.is_null(), None)


def _last_rows(days: Days) -> list[Wide]:
    """The wide frame of the last row of each deal's time in a process, under the deal's own key.

    A row has only the moves of its own process, so each process of a deal gets its own frame.
    """
    rows = days.rows.select("deal", "day", key=days.wide.frame["key"], process=days.wide.frame["process"])
    rows = rows.sort("deal", "day").filter(pl.col("process").is_not_null())
    following = pl.struct("deal", "process")
    last = rows.filter((following != following.shift(-1)).fill_null(value=True))
    numbered = last.with_columns(nth=pl.int_range(pl.len()).over("deal"))
    return [_rekeyed(days.wide, part.select("key", "deal")) for part in numbered.partition_by("nth")]


def _rekeyed(wide: Wide, rows: pl.DataFrame) -> Wide:
    """The frame and moves of some rows (key, deal), under their deals' keys."""
    frame, moves = (
        part.join(rows, on="key", how="inner", maintain_order="left")
        .with_columns(key="deal").drop("deal").sort("key", maintain_order=True)
        for part in (wide.frame, wide.moves)
    )  # fmt: skip
    return replace(wide, frame=frame, moves=moves)
