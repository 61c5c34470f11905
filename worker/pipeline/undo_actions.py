"""What takes an action back: our task deleted, what a move of ours replaced put back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.actions import TASKS, Remove, Return

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from model.actions import Act, KeptAction
    from worker.pipeline.session import Session


def taken_back(session: Session, actions: Iterable[KeptAction]) -> Iterator[Act]:
    """The acts that take back those of these actions that stand; a move by what its receipt says stood before."""
    receipts = session.store.actions.receipts(session.name)
    for one in actions:
        if one.kind in TASKS and one.state in {"open", "sending", "handing", "undoing"}:
            yield Remove(one.key)
        elif one.kind not in TASKS and one.state in {"done", "undoing"}:
            made = [r for r in receipts.get(one.id, ()) if r["step"] == "do" and r["outcome"] == "written"]
            if made and made[-1]["before"]:
                yield Return(one.key, one.deal, made[-1]["before"], made[-1]["after"])


def cut_off(session: Session) -> list[Act]:
    """What an undo was taking back when it was stopped."""
    undoing = (one for one in session.store.actions.standing(session.name) if one.state == "undoing")
    return list(taken_back(session, undoing))
