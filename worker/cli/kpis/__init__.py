"""`kpis`: a connection's values, the dictionary, and the examples of users' own KPIs."""

from worker.cli.kpis.commands import add_to, show_remarks
from worker.cli.kpis.rendering import show_kpis

__all__ = ["add_to", "show_kpis", "show_remarks"]
