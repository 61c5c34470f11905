"""A run's report: its row in the store, its JSON (docs/contract.md) and its exit code."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from datetime import datetime

    from store import Approval

DONE: Final = 0
SOME_REFUSED: Final = 1
STOPPED: Final = 3
HELD: Final = 4
ACTIONS: Final = (
    "planned", "done", "handed", "closed", "undone", "held", "refused", "locked", "retry_later", "gone", "skipped",
)  # fmt: skip
"""Counts of actions: planned new ones, then the outcomes of those tried."""
NOT_IN_JSON: Final = {"resumes_at", "waits_for_budget", "joined_calls"}
OUTCOMES: Final = ("written", "refused", "locked", "retry_later", "gone", "held", "overwritten")


def given(approval: Approval) -> dict[str, Any]:
    """An approval that let something through, as the report has it under `approved`."""
    return {name: getattr(approval, name) for name in ("policy", "revision", "up_to", "by")}


@dataclass
class Report:
    """Counts of one run. Seconds are wall-clock time per step; calls are HTTP calls to the CRM."""

    run_id: str = ""
    as_of: str = ""
    policy_digest: str = ""
    pulled: int = 0
    deals: int = 0
    open_deals: int = 0
    judged: int = 0  # deals that this run judged; the verdict on the others stands
    findings: int = 0
    new: int = 0
    cleared: int = 0
    held: int = 0
    waived: int = 0
    paused: int = 0
    unknown: int = 0
    dormant: int = 0
    patches: int = 0
    outcomes: dict[str, int] = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))
    actions: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ACTIONS, 0))
    calls: int = 0
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(("pull", "judge", "measure", "push"), 0.0))
    aside: list[dict[str, str]] = field(default_factory=list)
    reasons: dict[str, int] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    trouble: dict[str, list[str]] = field(default_factory=lambda: {"begun": [], "lasting": [], "ended": []})
    unusual: list[str] = field(default_factory=list)
    approved: list[dict[str, Any]] = field(default_factory=list)
    undo: dict[str, Any] = field(default_factory=dict)  # only of an undo
    left: list[dict[str, Any]] = field(default_factory=list)  # only of an undo
    pruned: dict[str, int] = field(default_factory=dict)  # only of a prune
    leads: dict[str, int] = field(default_factory=dict)  # only if a policy names leads
    dry_run: bool = False
    stopped: str = ""  # why it stopped early; the next run continues from there
    resumes_at: datetime | None = None  # when a run that stopped early may go on; for the schedule, not in JSON
    waits_for_budget: bool = False  # whether it waits for calls and not for the CRM; not in JSON
    joined_calls: dict[str, int] = field(default_factory=dict)  # by step, of workers that joined; not in JSON

    def to_json(self) -> dict[str, Any]:
        """The `run` object of docs/contract.md."""
        return {name: value for name, value in asdict(self).items() if name not in NOT_IN_JSON}

    @property
    def exit_code(self) -> int:
        """0 done, 1 done but some records refused or set aside, 3 stopped and resumable, 4 something held."""
        if self.stopped:
            return STOPPED
        if self.held:
            return HELD
        counts = (self.outcomes, self.actions)
        troubled = sum(one[kind] for one in counts for kind in ("refused", "locked", "retry_later"))
        return SOME_REFUSED if troubled + len(self.aside) + len(self.left) else DONE
