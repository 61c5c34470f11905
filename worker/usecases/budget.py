"""`connection budget`: the calls of 24 hours against our share and the CRM's limits, and what is given up when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from worker.meter import GROUPS, PARTS, WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from model.sync import Window
    from store import Used
    from worker.meter import Meter
    from worker.wiring import Services

STEPS = ("pull", "push", "act", "nudge", "check")


@dataclass(frozen=True)
class StepBudget:
    """One step: `at` is the number of calls in 24 hours from which it is given up, None where it is not known."""

    step: str
    what: str
    part: float
    at: int | None
    resumes_at: datetime | None

    @property
    def given_up(self) -> bool:
        """Whether it is given up now."""
        return self.resumes_at is not None


@dataclass(frozen=True)
class BudgetState:
    """The budget of one connection. What the CRM says is None until it has said it; `seen_at`: when it did."""

    connection: str
    calls: int
    by_step: dict[str, int]
    share: float
    reserve: float
    allowed: int | None
    used: int | None
    seen_at: datetime | None
    windows: tuple[Window, ...]
    steps: tuple[StepBudget, ...]

    @property
    def most(self) -> int | None:
        """Our calls in 24 hours at most."""
        return None if self.allowed is None else int(self.allowed * self.share)

    @property
    def left(self) -> int | None:
        """Calls that we have left of our share."""
        return None if self.most is None else max(0, self.most - self.calls)

    @property
    def crm_left(self) -> int | None:
        """Calls that all programs have left, by the CRM's last reply."""
        return None if self.used is None or self.allowed is None else max(0, self.allowed - self.used)

    @property
    def reserved(self) -> int | None:
        """Calls that are always left to others."""
        return None if self.allowed is None else int(self.allowed * self.reserve)

    @property
    def resumes_at(self) -> datetime | None:
        """When everything that is given up now can go on."""
        return max((step.resumes_at for step in self.steps if step.resumes_at), default=None)

    def to_json(self) -> dict[str, Any]:
        """As docs/contract.md has it."""
        return {
            "connection": self.connection,
            "calls": {"last_24_hours": self.calls, "by_step": self.by_step},
            "share": {"share": self.share, "most": self.most, "left": self.left},
            "reserve": {"share": self.reserve, "calls": self.reserved},
            "crm": {
                "allowed": self.allowed, "used": self.used, "left": self.crm_left, "seen_at": _text(self.seen_at),
                "windows": [vars(window) for window in self.windows],
            },
            "steps": [
                {"step": one.step, "what": one.what, "given_up_at": one.at, "given_up": one.given_up,
                 "resumes_at": _text(one.resumes_at)}
                for one in self.steps
            ],
            "resumes_at": _text(self.resumes_at),
        }  # fmt: skip


def budget(services: Services, name: str) -> BudgetState:
    """The budget as the store has it; the CRM is not asked. Raises SettingsProblem."""
    connection, meter = services.connection(name), services.meter(name)
    now = services.clock()
    used, reported = services.store.calls.of_day(name, now), services.store.calls.limits(name)
    seen, calls = reported.budget if reported else None, sum(one.calls for one in used)
    return BudgetState(
        connection=name,
        calls=calls,
        by_step=_by_step(used),
        share=connection.budget_share,
        reserve=connection.budget_reserve,
        allowed=seen.allowed if seen else None,
        used=seen.used if seen else None,
        seen_at=reported.at if reported else None,
        windows=seen.windows if seen else (),
        steps=tuple(
            _step(meter, step, calls, seen.allowed if seen else None) for step in sorted(WORDS, key=PARTS.__getitem__)
        ),
    )


def _by_step(used: Iterable[Used]) -> dict[str, int]:
    found = dict.fromkeys(STEPS, 0)
    for one in used:
        found[GROUPS.get(one.step, one.step)] += one.calls
    return found


def _step(meter: Meter, step: str, calls: int, allowed: int | None) -> StepBudget:
    at = None if allowed is None else meter.most(step, allowed)
    resumes = meter.free_at(at) if at is not None and calls >= at else None
    return StepBudget(step, WORDS[step], PARTS[step], at, resumes)


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
