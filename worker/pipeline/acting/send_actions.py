"""Send actions and undo them: mark and commit, send, settle by receipts. Interrupted actions are sent again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from model.actions import TASKS, Receipt, Remove, Return
from model.errors import RetryLater

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from model.actions import Act, ActionState, KeptAction, Wanted
    from store import Approval, Step
    from worker.pipeline.report import Report
    from worker.pipeline.session import Session

TIMES: Final = 3
"""How often acts with an unknown outcome are sent per run. Connectors look for earlier results before they act."""
COUNTED_AS: Final = {"do": "done", "hand": "handed", "close": "closed", "undo": "undone"}
MARKS: Final[Mapping[Step, ActionState]] = {"hand": "handing", "close": "closing", "undo": "undoing"}


@dataclass(frozen=True)
class Doing:
    """One run's actions on one connection, counted in its report."""

    session: Session
    run_id: int
    report: Report

    def do(self, wanted: Sequence[Wanted], given: Sequence[Approval] = ()) -> None:
        """Make tasks and move deals, in batches. All are marked at once, with the approvals they use."""
        session = self.session
        if not wanted:
            return
        session.store.actions.mark_wanted(session.name, self.run_id, wanted, session.as_of, session.lease, given)
        for start in range(0, len(wanted), self._size):
            self._settle("do", [one.act for one in wanted[start : start + self._size]])

    def end(self, step: Step, acts: Sequence[Act]) -> None:
        """Hand on, close or undo actions, in batches."""
        store, name, lease = self.session.store, self.session.name, self.session.lease
        for start in range(0, len(acts), self._size):
            batch = acts[start : start + self._size]
            store.actions.mark(name, [one.key for one in batch], MARKS[step], lease)
            self._settle(step, batch)

    @property
    def _size(self) -> int:
        return self.session.connector.batch_size

    def _settle(self, step: Step, acts: Sequence[Act]) -> None:
        self.note(step, self._sent(acts))

    def note(self, step: Step, receipts: Sequence[Receipt]) -> None:
        """Keep receipts, and count them."""
        session = self.session
        now = session.services.clock()
        session.store.actions.settle(session.name, self.run_id, step, receipts, now, session.as_of, session.lease)
        for one in receipts:
            self.report.actions[COUNTED_AS[step] if one.kind == "written" else one.kind] += 1
            if one.kind in {"refused", "locked"}:
                self.report.reasons[one.reason] = self.report.reasons.get(one.reason, 0) + 1

    def _sent(self, acts: Sequence[Act]) -> list[Receipt]:
        reason = ""
        for _ in range(TIMES):
            try:
                return self.session.connector.act(acts)
            except RetryLater as error:
                reason = str(error)
        return [Receipt(one.key, "retry_later", reason) for one in acts]


def taken_back(session: Session, actions: Iterable[KeptAction]) -> Iterator[Act]:
    """Acts that undo the standing ones of these actions. A move is reversed to the value in its receipt."""
    receipts = session.store.actions.receipts(session.name)
    for one in actions:
        if one.kind in TASKS and one.state in {"open", "sending", "handing", "undoing"}:
            yield Remove(one.key)
        elif one.kind not in TASKS and one.state in {"done", "undoing"}:
            made = [r for r in receipts.get(one.id, ()) if r["step"] == "do" and r["outcome"] == "written"]
            if made and made[-1]["before"]:
                yield Return(one.key, one.deal, made[-1]["before"], made[-1]["after"])


def cut_off(session: Session) -> list[Act]:
    """Acts of an undo that was stopped."""
    undoing = (one for one in session.store.actions.standing(session.name) if one.state == "undoing")
    return list(taken_back(session, undoing))
