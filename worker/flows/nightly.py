"""Nightly: the day's pipeline frozen, so that past weeks never rewrite themselves; decisions too old are dropped."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from worker.wiring import Services


def freeze(services: Services, name: str) -> int:
    """Freeze the connection's open and newly closed deals under today's date; how many."""
    zone, now = ZoneInfo(services.connection(name).timezone), services.clock()
    kept = timedelta(days=services.settings.store.decisions_days)
    services.store.forget_decisions(name, now - kept)
    return services.store.freeze(name, now.astimezone(zone).date())
