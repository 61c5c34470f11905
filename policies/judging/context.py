"""The options of one judgement that come from the connection."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from policies.judging.undone import Undone

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from policies.files import Waiver


@dataclass(frozen=True)
class Context:
    """A connection's options: days that an unknown holds, and by rule id the day of its first run that was not dry.

    A rule absent from `first_runs` runs for the first time now: moves before today bind nothing. `waivers` of this
    connection. `open_to_all`: a rule that names no rollout is open to everyone's deals; else it is observed.
    `owner_grace`: business days that a new owner has before a missing touch is flagged. `undone`: deals that wait as an
    undo left them.
    """

    hold_unknown: int = 7
    first_runs: Mapping[str, date] = field(default_factory=dict)
    waivers: tuple[Waiver, ...] = ()
    open_to_all: bool = True
    owner_grace: int = 0
    undone: Undone = field(default_factory=Undone)
