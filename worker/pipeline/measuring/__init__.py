"""Measuring: KPI values of a connection, with the KPIs of its users, its targets and what a person asks."""

from worker.pipeline.measuring.measure import USUAL, KpiQuestion, conditions_of, exempt, facts_of, measure, values
from worker.pipeline.measuring.own_kpis import OwnKpis, own_kpis

__all__ = ["USUAL", "KpiQuestion", "OwnKpis", "conditions_of", "exempt", "facts_of", "measure", "own_kpis", "values"]
