"""Measuring: KPI values of a connection, with the KPIs of its users, its targets and what a person asks."""

from worker.pipeline.measuring.caveats import NO_PROCESS
from worker.pipeline.measuring.files import check_files
from worker.pipeline.measuring.measure import exempt, measure, values
from worker.pipeline.measuring.measured_with import READ_BY, measured_with
from worker.pipeline.measuring.own_kpis import OwnKpis, here_of, in_short, own_kpis, read_own, read_sound, refused
from worker.pipeline.measuring.questions import USUAL, KpiQuestion, texts_of

__all__ = [
    "NO_PROCESS", "READ_BY", "USUAL", "KpiQuestion", "OwnKpis", "check_files", "exempt", "here_of",
    "in_short", "measure", "measured_with", "own_kpis", "read_own", "read_sound", "refused", "texts_of", "values",
]  # fmt: skip
