"""Errors, sorted by what the caller does next.

SluicegateError
├── PolicyProblem      a policy file is wrong: print the problems, keep the last good set      (exit 2)
├── SettingsProblem    a setting or an argument is wrong: print the sentence                   (exit 2)
├── StoreProblem       the store cannot be used: a person frees, repairs or restores its disk  (exit 2)
├── RetryLater         the CRM is out of reach for now: try again after `seconds`              (exit 3)
├── BudgetSpent        our share of the CRM's calls is used up: resume at `until`              (exit 3)
├── AccessRefused      credentials or rights are refused: a person has to act                  (exit 2)
└── ConnectionBusy     another run holds the connection                                        (exit 5)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


class SluicegateError(Exception):
    """The root; its text is a sentence: what is wrong, where, what to do."""


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake in a file: where it is and what to do about it; lines and columns count from 1."""

    file: str
    line: int
    column: int
    text: str

    def __str__(self) -> str:
        """`file:line:column: sentence`, as editors read it."""
        return f"{self.file}:{self.line}:{self.column}: {self.text}"


class PolicyProblem(SluicegateError):
    """Policy files cannot be used; `problems` has every mistake of every file."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(map(str, self.problems)))


class SettingsProblem(SluicegateError):
    """A setting, an argument or a file that they name is wrong, or what a command needs is not there yet."""


class StoreProblem(SluicegateError):
    """The store's disk or file is full, read-only or damaged; settings and policy files have no part in it."""


class RetryLater(SluicegateError):
    """The CRM did not answer usefully; nothing is lost, try again after `seconds`."""

    def __init__(self, text: str, seconds: float = 60.0) -> None:
        self.seconds = seconds
        super().__init__(text)


class BudgetSpent(SluicegateError):
    """Our share of the CRM's daily calls is used up until `until` (None: the CRM does not say)."""

    def __init__(self, text: str, until: datetime | None = None) -> None:
        self.until = until
        super().__init__(text)


class AccessRefused(SluicegateError):
    """The CRM refuses our credentials or rights; repeating would lock the user."""


class ConnectionBusy(SluicegateError):
    """Another run holds the connection's lease."""
