"""How a run ended: one word for programs, and the reason for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

RunState: TypeAlias = Literal["done", "stopped", "refused", "fault", "interrupted", "killed", "lost", "set aside"]
"""How a run ended.

- done: it came to its end.
- stopped: the CRM or the budget allows no more for now; the next run goes on from there.
- refused: settings, policies or rights have to change first.
- fault: the program made a mistake, or the database was away.
- interrupted, killed: somebody ended its process, in order or by force.
- lost: it ended while the database was away.
- set aside: its process died in each attempt.
"""
NO_ACCOUNT: Final = frozenset({None, "killed", "lost"})
"""States of runs that could not say what they did."""


@dataclass(frozen=True)
class RunEnd:
    """The state in which a run ended, and a sentence that says why; empty where the state says it all."""

    state: RunState
    reason: str = ""


DONE: Final = RunEnd("done")
KILLED: Final = RunEnd("killed")
LOST: Final = RunEnd("lost", "ended, but its end could not be noted")
