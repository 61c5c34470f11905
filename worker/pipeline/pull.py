"""Pull: keep pages of the CRM in the mirror, each in one transaction with its cursor."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from model.errors import BudgetSpent, RetryLater
from model.helpers.gc_paused import uncollected
from model.sync import SetAside
from worker.pipeline.joining.shares import read_shares
from worker.pipeline.loops import read_ahead
from worker.pipeline.running import spending, used_up

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from model.subjects import Subject
    from model.sync import Page
    from worker.pipeline.session import Session

AT_MOST: Final = 1000
"""Records of a table that were set aside and that one run reads again."""
PREPARED: Final = "made ready by the CRM"
"""Rows that the CRM puts together while a pull waits for them."""


@dataclass
class Pulled:
    """Counts of a pull."""

    records: int = 0
    changed: int = 0
    held_back: int = 0
    given_up: list[BudgetSpent] = field(default_factory=list)
    aside: list[SetAside] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    joined_calls: int = 0

    def give_up(self, spent: BudgetSpent) -> None:
        """Note what is left for later, once."""
        if str(spent) not in self.remarks:
            self.given_up.append(spent)
            self.remarks.append(str(spent))


def pull(
    session: Session, pulled: Pulled | None = None, *, full: bool = False, others: Collection[Subject] = ()
) -> Pulled:
    """Read what changed (or all) and keep it, counting into `pulled`; raises RetryLater, BudgetSpent, AccessRefused.

    `others`: subjects other than deals that a policy asks for. What was kept before an error stays kept, and counted.
    What the budget has no calls for any more is given up in the order of PARTS, and named in `given_up`.
    """
    pulled = pulled or Pulled()
    with uncollected():
        if not full or not _may(session, pulled, "full", lambda: _read(session, pulled, others, full=True)):
            with spending(session, "pull"):
                _read(session, pulled, others, full=False)
        if returned := session.store.mirror.returned(session.name):
            _may(session, pulled, "again", lambda: _returned(session, pulled, returned))
        _may(session, pulled, "again", lambda: _set_aside_before(session, pulled))
    return pulled


def _may(session: Session, pulled: Pulled, step: str, work: Callable[[], None]) -> bool:
    """Do the work of a step, as far as the budget has calls for it; returns whether it came to its end."""
    if spent := used_up(session, step):
        pulled.give_up(spent)
        return False
    with spending(session, step):
        try:
            work()
        except BudgetSpent as spent:
            if used_up(session, "pull"):
                raise  # nothing at all can be read any more
            pulled.give_up(used_up(session, step) or spent)
            return False
    return True


def _read(session: Session, pulled: Pulled, others: Collection[Subject], *, full: bool) -> None:
    """Read the streams from their cursors on, or all of them. Leads are left for later where calls are few."""
    if others and (spent := used_up(session, "leads")):
        pulled.give_up(spent)
        others = ()
    if not full:
        collected = read_shares(session)
        pulled.records += collected.records
        pulled.joined_calls += collected.calls
    cursors = session.store.mirror.cursors(session.name)
    keep(session, pulled, session.connector.pull(cursors, full=full, **session.asked(others)))


def _returned(session: Session, pulled: Pulled, deals: list[str]) -> None:
    """Read what hangs on deals that came back."""
    keep(session, pulled, session.connector.children(deals))
    session.store.mirror.forget_returned(session.name, deals, session.lease)


def keep(session: Session, pulled: Pulled, pages: Iterator[Page]) -> None:
    """Keep pages, and count them."""
    for page in read_ahead(session, pages):
        kept = session.store.mirror.keep_page(
            session.name, page, seen_at=session.services.clock(), as_of=session.as_of, lease=session.lease
        )
        pulled.records += sum(map(len, page.records.values()))
        pulled.changed += kept.changed + kept.new
        pulled.held_back += kept.held_back
        pulled.aside += page.aside
        pulled.remarks += page.remarks
        session.services.progress(*(("pulled", pulled.records) if page.prepared is None else (PREPARED, page.prepared)))


def _set_aside_before(session: Session, pulled: Pulled) -> None:
    """Read again, by id, what an earlier run could not read; of many, those that have waited longest."""
    now = {(aside.table, aside.id) for aside in pulled.aside}
    waiting = session.store.mirror.set_aside(session.name, AT_MOST)
    again = {table: [id_ for id_ in ids if (table, id_) not in now] for table, ids in waiting.items()}
    wanted = {table: ids for table, ids in again.items() if ids}
    try:
        keep(session, pulled, session.connector.again(wanted) if wanted else iter(()))
    except RetryLater as error:  # an odd record must not stop the run each time
        why = f"it could not be read again: {error}"
        pulled.aside += [SetAside(table, id_, why) for table, ids in wanted.items() for id_ in ids]
