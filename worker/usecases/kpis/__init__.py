"""Answers about KPIs."""

from worker.usecases.kpis.answer import dictionary, frozen, kpis, measure_only, one_entry

__all__ = ["dictionary", "frozen", "kpis", "measure_only", "one_entry"]
