"""KPI values: those of the last run, or measured for a question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from worker.pipeline.measure import USUAL
from worker.usecases.steps import measured

if TYPE_CHECKING:
    from worker.pipeline.measure import KpiQuestion
    from worker.wiring import Services


def kpis(services: Services, name: str, asked: KpiQuestion = USUAL, only: str = "") -> list[dict[str, Any]]:
    """KPI values of the last run, or measured now for another question."""
    from kpis.catalogue import find

    services.connection(name)
    kpi_id = find(only).id if only else ""
    usual = asked == USUAL
    rows = services.store.kpis.values(name) if usual else measured(services, name, services.clock(), asked)
    return [row for row in rows if not kpi_id or row["id"] == kpi_id]
