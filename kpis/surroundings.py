"""What a KPI's answer may need beside the parts of its rows: the target, the spend, and the days of the window."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

from kpis.dictionary import TARGET_PERIOD
from kpis.spend import KINDS, spend_in
from kpis.targets import goal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from decimal import Decimal

    from kpis.dictionary import Kpi
    from kpis.left_out import Group
    from kpis.populations.rows import KpiRows
    from kpis.question import Question
    from kpis.window import Window

SPENT_BY: Final = tuple(KINDS)
"""Dimensions of the KPIs that compare with spend."""


class Surroundings:
    """Targets, spend and days of one window."""

    def __init__(self, rows: KpiRows, asked: Question, window: Window) -> None:
        self.goal = goal(asked.targets, rows.today, window, asked.currency, asked.fiscal_year_starts)
        self.spend = spend_in(asked.spend, window, rows.today, asked.currency)
        self.always = {"no_target": self.goal.why, "goal_note": self.goal.note, **_span(rows, window)}

    def of(
        self, kpis: Sequence[Kpi], dims: tuple[str, ...], groups: Sequence[Group]
    ) -> Iterator[tuple[Group, dict[str, Any]]]:
        """For each group what answers may need; after them the groups that have a target and no deal."""
        aims = self.goal.of(dims[0] if dims else None) if self._targeted(kpis) and len(dims) <= 1 else {}
        spending = any(kpi.only_by == SPENT_BY for kpi in kpis)
        for group in groups:
            spent = self.spend.of(dims, group) if spending else (None, "")
            yield group, self._with(aims.get(group[0] if group else None), *spent)
        # a target without a deal is covered by nothing, which is worth knowing
        for named in sorted(aims.keys() - {group[0] for group in groups}, key=str) if dims else ():
            yield (named,), self._with(aims[named])

    @staticmethod
    def lack(kpi: Kpi, around: Mapping[str, Any]) -> str:
        """`no target` where a KPI has nothing to be compared with, neither target nor spend; else empty."""
        aimless = around["no_target"] or around["target"] is None
        if (kpi.clock == TARGET_PERIOD and aimless) or (kpi.only_by == SPENT_BY and around["no_spend"]):
            return "no target" if kpi.clock == TARGET_PERIOD else "no spend"
        return ""

    @staticmethod
    def _targeted(kpis: Sequence[Kpi]) -> bool:
        return any(kpi.clock == TARGET_PERIOD for kpi in kpis)

    def _with(self, target: Decimal | None, spend: Decimal | None = None, no_spend: str = "") -> dict[str, Any]:
        return {"target": target, "spend": spend, "no_spend": no_spend, **self.always}


def _span(rows: KpiRows, window: Window) -> dict[str, Any]:
    """`window_days`: from the first day known to the last; `known_from`: that day, if the window is longer."""
    first, last = window.days(rows.today)
    earliest: date | None = rows.frames["deals"]["created"].min()  # type: ignore[assignment]
    begins = max(first or last, earliest or date.min)
    late = first is not None and begins > first
    return {"window_days": max((last - begins).days + 1, 0), "known_from": begins if late else None}
