"""Nightly: the day's pipeline frozen, so that past weeks never rewrite themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from worker.wiring import Services


def freeze(services: Services, name: str) -> int:
    """Freeze the connection's open and newly closed deals under today's date; how many."""
    zone = ZoneInfo(services.connection(name).timezone)
    return services.store.freeze(name, services.clock().astimezone(zone).date())
