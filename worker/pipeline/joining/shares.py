"""The shares of a first load: planned by the run, and read by it and by workers that join."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from model.errors import ConnectionBusy
from model.helpers.prefetch import ahead
from store import Collected
from worker.pipeline.pushing.send import LOOK_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from store import Claimed, Joined
    from worker.pipeline.session import Session

TAKEN: Final = "another worker was given this share"


def read_shares(session: Session) -> Collected:
    """Read what was never read in shares, where it is much, together with the workers that join. Raises as `pull`.

    Returns what was read, by whomever.
    """
    store, name, lease = session.store, session.name, session.lease
    if not store.shares.reopen(name, lease):
        planned = session.connector.shares(store.mirror.cursors(name))
        if not planned:
            return Collected()
        store.shares.plan(name, planned, lease)
    for share in _waiting(session):
        read_share(session, share)
        session.services.progress("pulled", store.shares.read(name))
    return store.shares.collect(name, lease)


def _waiting(session: Session) -> Iterator[Claimed]:
    """Shares until none is left, those too that joined workers could not finish."""
    shares, clock = session.store.shares, session.services.clock
    while True:
        if share := shares.claim(session.name, clock(), session.lease):
            yield share
        elif shares.with_others(session.name, clock(), session.lease):
            session.services.sleep(LOOK_SECONDS)
        else:
            return


def read_share(session: Session, share: Claimed, joined: Joined | None = None) -> None:
    """Read a share to its end, or split it. Raises ConnectionBusy where it was given to another worker meanwhile."""
    shares, clock, before = session.store.shares, session.services.clock, session.connector.calls
    if not share.after and (parts := session.connector.split(share.text)):
        shares.split(session.name, share, parts, _calls(session, before, joined), session.lease)
        return
    for page, upto in ahead(session.connector.share(share.text, share.after)):
        if shares.keep_page(session.name, share, page, upto, clock(), session.as_of, session.lease) is None:
            raise ConnectionBusy(TAKEN)
    shares.finish(share, _calls(session, before, joined), session.lease)


def _calls(session: Session, before: int, joined: Joined | None) -> int:
    """The calls since `before` that the run's own report does not count."""
    return session.connector.calls - before if joined else 0
