"""Answers about KPIs."""

from worker.usecases.kpis.answer import KpiAnswer, answer, frozen, kpis, measure_only
from worker.usecases.kpis.dictionary import dictionary, one_entry

__all__ = ["KpiAnswer", "answer", "dictionary", "frozen", "kpis", "measure_only", "one_entry"]
