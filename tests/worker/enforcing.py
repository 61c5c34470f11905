"""A team with enforcing policies: one that asks for a call, with a task for the owner and, later, for the manager."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.worker.governed import Governed, governed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

QUIET = """version: 1
policies:
  - id: quiet
    title: No activity in 14 days
    applies_to: is_open
    flag_if: days_since(last_activity) >= 14
    severity: warning
    points: 15
    fix: Log a call or mail, or close the deal
    owner: revops
    mode: {mode}
    actions: {actions}
    examples:
      flagged: [{{is_open: true, last_activity: 2026-11-01, as_of: 2026-11-15}}]
      clear: [{{is_open: true, last_activity: 2026-11-02, as_of: 2026-11-15}}]
"""
OWNER = "[{task: owner}]"
BOTH = "[{task: owner}, {task: manager, after_days: 7}]"


def quiet(actions: str = OWNER, mode: str = "enforce") -> str:
    return QUIET.format(actions=actions, mode=mode)


NO_AMOUNT = (
    quiet()
    .replace("days_since(last_activity) >= 14", "amount is blank")
    .replace("last_activity: 2026-11-02", "amount: 1")
)


def under(team: Governed, text: str) -> Governed:
    """The same team under other policies."""
    team.services = replace(team.services, policy_texts=lambda: {"policies.yaml": text.encode()})
    return team


@contextmanager
def enforcing(
    folder: Path, kind: str = "salesforce", text: str | None = None, *, act: bool = True, **more: Any
) -> Iterator[Governed]:
    """A team under a policy that enforces; `act`: an admin gave our user what tasks need."""
    with governed(folder, kind, **more) as team:
        if act:
            team.driver.let_us_act()
        yield under(team, text or quiet())
