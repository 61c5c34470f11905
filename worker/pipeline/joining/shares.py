"""The shares of a first load: planned by the run, and read by it and by workers that join."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from model.errors import ConnectionBusy
from store import Collected
from worker.pipeline.loops import read_ahead, rows_of_work

if TYPE_CHECKING:
    from connectors.protocol import Sharing
    from store import Claimed, Joined
    from worker.pipeline.session import Session

TAKEN: Final = "another worker was given this share"


def read_shares(session: Session) -> Collected:
    """Read what was never read in shares, where it is much, together with the workers that join. Raises as `pull`.

    Returns what was read, by whomever.
    """
    sharing, store, name, lease = session.connector.sharing, session.store, session.name, session.lease
    if sharing is None:
        return Collected()
    shares, clock = store.shares, session.services.clock
    if not shares.reopen(name, lease):
        planned = sharing.plan(store.mirror.cursors(name))
        if not planned:
            return Collected()
        shares.plan(name, planned, lease)
    claimed = rows_of_work(
        session, lambda: shares.claim(name, clock(), lease), lambda: shares.with_others(name, clock(), lease)
    )
    for share in claimed:
        read_share(session, sharing, share)
        session.services.progress("pulled", shares.read(name))
    return shares.collect(name, lease)


def read_share(session: Session, sharing: Sharing, share: Claimed, joined: Joined | None = None) -> None:
    """Read a share to its end, or split it. Raises ConnectionBusy where it was given to another worker meanwhile."""
    shares, clock, before = session.store.shares, session.services.clock, session.connector.calls
    if not share.after and (parts := sharing.split(share.text)):
        shares.split(session.name, share, parts, _calls(session, before, joined), session.lease)
        return
    for page, upto in read_ahead(session, sharing.pages(share.text, share.after)):
        if shares.keep_page(session.name, share, page, upto, clock(), session.as_of, session.lease) is None:
            raise ConnectionBusy(TAKEN)
    shares.finish(share, _calls(session, before, joined), session.lease)


def _calls(session: Session, before: int, joined: Joined | None) -> int:
    """The calls since `before` that the run's own report does not count."""
    return session.connector.calls - before if joined else 0
