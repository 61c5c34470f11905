"""Actions: what an enforcing policy does beyond our own fields, as it is wanted and sent, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from model.helpers.words import many

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from model.sync import OutcomeKind

ActionKind: TypeAlias = Literal["task_owner", "task_manager", "move_back"]
KINDS: Final[tuple[ActionKind, ...]] = ("task_owner", "task_manager", "move_back")
TASKS: Final[frozenset[ActionKind]] = frozenset({"task_owner", "task_manager"})
ABILITIES: Final[Mapping[ActionKind, str]] = {"task_owner": "task", "task_manager": "task", "move_back": "move"}
"""What a connection must be able to do for an action of a kind: a member of `Description.acts`."""


@dataclass(frozen=True)
class ActionRule:
    """An action as a policy names it; `after_days`: local days that the flag must have stood before it is done."""

    kind: ActionKind
    after_days: int = 0

    def english(self) -> str:
        """As people say it."""
        if self.kind == "move_back":
            return "move the deal back"
        return f"a task for the {self.kind.removeprefix('task_')}" + (
            f" after {many(self.after_days, 'day')}" if self.after_days else ""
        )


@dataclass(frozen=True)
class Task:
    """A task to be made on a deal unless one stands under its key; `owner` is an OWNER's id, `due` a local day."""

    key: str
    deal: str
    owner: str
    title: str
    text: str
    due: date


@dataclass(frozen=True)
class Hand:
    """Our task under this key is to go to another person, unless it is closed or no longer with the one it went to."""

    key: str
    was: str
    owner: str
    title: str


@dataclass(frozen=True)
class Close:
    """Our task under this key is to be completed, unless somebody has completed or deleted it."""

    key: str


@dataclass(frozen=True)
class Remove:
    """Our task under this key is to be deleted again, unless somebody has completed it."""

    key: str


@dataclass(frozen=True)
class Move:
    """A deal to be moved from one stage to another (the CRM's names), unless it has left `from_stage` since.

    `at`: when it was moved into `from_stage`; probability and category become what they were before that instant.
    """

    key: str
    deal: str
    pipeline: str | None
    from_stage: str
    to_stage: str
    at: datetime


@dataclass(frozen=True)
class Return:
    """Puts back what our own move replaced: `was` by the CRM's field, unless the deal no longer has `now`."""

    key: str
    deal: str
    was: Mapping[str, Any]
    now: Mapping[str, Any]


Act: TypeAlias = Task | Hand | Close | Remove | Move | Return
Ended: TypeAlias = "OutcomeKind | Literal['skipped']"
"""What became of an act; skipped: there was nothing to do any more, the reason says why."""


@dataclass(frozen=True)
class Receipt:
    """What became of one act: `record` is the task's id, `before` and `after` the CRM's fields of a deal moved."""

    key: str
    kind: Ended
    reason: str = ""
    record: str | None = None
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Wanted:
    """An action to be done: its deal and kind, the flag behind it and since when that stands, and what is sent."""

    deal_key: int
    policy: str
    kind: ActionKind
    since: date | None
    act: Task | Move

    @property
    def key(self) -> str:
        """Names it for ever, here and in the CRM."""
        return self.act.key


ActionState: TypeAlias = Literal[
    "sending", "open", "done", "handing", "closing", "undoing", "refused", "over", "undone"
]
"""sending, handing, closing, undoing: marked before the call, its fate unknown until a receipt; open: a task stands;
done: a deal was moved; refused: tried again after a day; over: nothing is left to do."""
IN_FLIGHT: Final[frozenset[ActionState]] = frozenset({"sending", "handing", "closing", "undoing"})


@dataclass(frozen=True)
class KeptAction:
    """An action as the store keeps it. `flag_ended`: its flag no longer stands, so the next flag has a task anew."""

    id: int
    key: str
    deal_key: int
    deal: str
    policy: str
    kind: ActionKind
    since: date | None
    state: ActionState
    run_id: int
    act: Task | Move
    record: str | None = None
    tried_at: datetime | None = None
    flag_ended: bool = False
    reason: str = ""
