"""Measuring: KPI values of a connection, with the KPIs of its users, its targets and what a person asks."""

from worker.pipeline.measuring.caveats import NO_PROCESS
from worker.pipeline.measuring.measure import exempt, measure, values
from worker.pipeline.measuring.measured_with import READ_BY, measured_with
from worker.pipeline.measuring.own_kpis import OwnKpis, in_short, own_kpis, read_own, refused
from worker.pipeline.measuring.questions import USUAL, KpiQuestion, check_values, conditions_of, facts_of

__all__ = [
    "NO_PROCESS", "READ_BY", "USUAL", "KpiQuestion", "OwnKpis", "check_values", "conditions_of", "exempt", "facts_of",
    "in_short", "measure", "measured_with", "own_kpis", "read_own", "refused", "values",
]  # fmt: skip
