"""`connection prune`: nightly deletion of what is older than the settings say, as a run that says what it deleted."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from worker.pipeline.running import leased, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from worker.pipeline.report import Report
    from worker.pipeline.session import Session
    from worker.wiring import Services

CALLS: Final = timedelta(days=31)
"""How long calls are counted by hour; the budget needs a day of them."""
WORDS: Final = {
    "verdicts": "past verdicts", "frozen": "deals of frozen nights", "kpis": "KPI values", "receipts": "receipts",
    "runs": "runs", "reports": "reports shortened", "policy_files": "sets of policy files", "calls": "counts of calls",
    "proposals": "proposed calibrations",
}  # fmt: skip


def prune(services: Services, name: str) -> Report:
    """Delete in batches what is too old, one kind after another. A prune that is stopped goes on the next night.

    Raises ConnectionBusy while something else works on the connection.
    """
    services.connection(name)
    with (
        leased(services, name, services.clock(), paused_too=True) as session,
        running(session, "prune") as (_, report),
    ):
        for kind, work in _kinds(session):
            if deleted := work():
                report.pruned[kind] = deleted
                services.progress("deleted", sum(report.pruned.values()))
        if report.pruned:
            parts = ", ".join(f"{WORDS[kind]} {n:,}" for kind, n in report.pruned.items())
            report.remarks.append(f"Deleted by age (settings under retention): {parts}.")
    return report


def _kinds(session: Session) -> Iterator[tuple[str, Callable[[], int]]]:
    """What is deleted, in an order in which each kind frees rows of the kinds after it."""
    store, name, lease, now = session.store, session.name, session.lease, session.as_of
    settings, verdicts = session.services.settings.retention, session.services.settings.store.decisions_days

    def ago(days: int | None) -> timedelta:
        return timedelta(days=verdicts if days is None else days)

    each_run = now - ago(settings.kpis_each_run_days)
    yield "verdicts", lambda: store.decisions.forget(name, now - ago(None), lease)
    yield "frozen", lambda: store.frozen.forget(name, (now - ago(settings.frozen_days)).date(), lease)
    yield "kpis", lambda: store.kpis.forget(name, now - ago(settings.kpis_days), each_run, lease)
    yield "receipts", lambda: store.retention.receipts(name, now - ago(settings.receipts_days), lease)
    yield "runs", lambda: store.retention.runs(name, now - ago(settings.runs_days), lease)
    yield "reports", lambda: store.retention.reports(name, now - ago(settings.reports_days), lease)
    yield "policy_files", lambda: store.retention.policy_files(now - ago(None))
    yield "calls", lambda: store.retention.calls(name, now - CALLS)
    yield "proposals", lambda: store.retention.proposals(name, now - ago(settings.runs_days))
