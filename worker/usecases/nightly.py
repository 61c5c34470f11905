"""Nightly: the day's pipeline frozen, so that past weeks never rewrite themselves; old ones dropped; evidence."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from worker.pipeline.entry_evidence import kept as keep_evidence
from worker.pipeline.session import Session

if TYPE_CHECKING:
    from worker.wiring import Services

HOURLY: Final = timedelta(days=31)
"""How long every run's KPI values are kept; of earlier days those of the last run stay."""


def freeze(services: Services, name: str) -> int:
    """Freeze the connection's open and newly closed deals under today's date; how many. The evidence is told anew."""
    zone, now = ZoneInfo(services.connection(name).timezone), services.clock()
    kept = timedelta(days=services.settings.store.decisions_days)
    services.store.decisions.forget(name, now - kept)
    services.store.kpis.forget(name, now - kept, now - HOURLY)
    frozen = services.store.kpis.freeze(name, now.astimezone(zone).date())
    if description := services.store.connections.description(name):
        session = Session(services, name, now)
        keep_evidence(session, session.policies_in_force(description))
    return frozen
