"""A look each minute at what somebody worked on, where the CRM does not say it by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from model.errors import BudgetSpent, ConnectionBusy, RetryLater
from model.sync import Cursor, Page
from worker.pipeline.nudging.nudge import STEP, leave, nudge
from worker.pipeline.running import counted, spending, used_up
from worker.pipeline.session import Session

if TYPE_CHECKING:
    from model.sync import Look
    from worker.wiring import Services

STREAM: Final = "look"
"""The cursor of looks: that of the pull stays where it is."""


def look(services: Services, name: str) -> None:
    """Note what was worked on since the last look, and have it read at once. A CRM that is busy is asked the next time.

    Raises what `nudge` raises, except that a connection that is held is left to a nudge of its own.
    """
    if services.store.connections.paused(name) or services.store.connections.description(name) is None:
        return
    session = Session(services, name, services.clock())
    try:
        with counted(session), spending(session, STEP):
            found = None if used_up(session, STEP) else _look(session)
    except (RetryLater, BudgetSpent):
        return
    if found is not None and found.more:
        leave(name, "too much was changed for one look")
    elif found is not None and found.records:
        try:
            nudge(services, name)
        except ConnectionBusy:
            return


def _look(session: Session) -> Look:
    """Look, and note the records before the place up to which was looked: what is noted twice does no harm."""
    store, name = session.store, session.name
    before = store.mirror.cursors(name).get(STREAM)
    found = session.connector.look(before.text if before else "")
    if not found.more:
        store.nudges.note(name, found.records, session.services.clock())
    page = Page({}, Cursor(STREAM, found.seen))
    store.mirror.keep_page(name, page, seen_at=session.as_of, as_of=session.as_of)
    return found
