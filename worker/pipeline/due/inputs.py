"""What the verdict on every deal may depend on. Where any of it changed, every deal is judged again."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from model.calendars.business_days import holidays_of
from store import description_text
from worker.pipeline.context import judged_by_then
from worker.pipeline.home_currency import home_of
from worker.pipeline.slices import integration_ids, late_feeds, years_about

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from model.sync import Description
    from policies.files import PolicySet
    from worker.pipeline.session import Session

WEEK: Final = timedelta(days=7)
PACKAGES: Final = ("sluicegate", "holidays", "polars", "tzdata")
"""What answers may differ by, besides the settings."""


def inputs_of(session: Session, policies: PolicySet, description: Description) -> dict[str, str]:
    """Digests of what concerns all deals of a connection, by name."""
    store, name, connection = session.store, session.name, session.connection
    approvals = store.approvals.all(name)
    shared = store.history.shared(name, description.history)
    found: Mapping[str, Any] = {
        "software": software(),
        "policies": (policies.digest, policies.waivers),
        "settings": connection.model_dump_json(),
        "files": [_bytes(session, path) for path in (connection.people, connection.rates)],
        "description": description_text(description),
        "home currency": home_of(session, description),
        "calibrations": [(one.on, one.to_json()) for one in store.connections.accepted_calibrations(name)],
        "approvals": approvals,
        "approved in a week": sorted(one.policy for one in approvals if one.used and one.used > session.as_of - WEEK),
        "first runs": sorted(store.verdicts.first_run_dates(name).items()),
        "judged a week before": sorted(judged_by_then(session)),
        "holidays": holidays_of(connection.calendar, years_about(session.as_of)) if connection.calendar else (),
        "integrations": sorted(integration_ids(session)),
        "late feeds": sorted(late_feeds(session, store.history.feeds(name))),
        **shared,
    }
    return {what: hashlib.sha256(repr(value).encode()).hexdigest() for what, value in found.items()}


@cache
def software() -> tuple[str, ...]:
    """The versions that this process was started with."""
    return tuple(map(version, PACKAGES))


def _bytes(session: Session, path: Path | None) -> bytes:
    """The bytes of a side file, none where there is no such setting."""
    return session.services.settings.path(path).read_bytes() if path else b""
