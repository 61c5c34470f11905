"""Answers about KPIs."""

from worker.usecases.kpis.answer import kpis

__all__ = ["kpis"]
