"""Faults on demand: what should go wrong, on which calls, how often."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

How: TypeAlias = Literal["error", "drop", "drop_after", "truncate", "garbage", "hang", "record", "job"]
"""error: answer with the code; drop: close before anything is done; drop_after: do it, then close without a
reply; truncate: send half of the reply; garbage: 200 with a body that is no JSON; hang: wait, then go on;
record: refuse rows; job: what becomes of work that the CRM does later."""

GATEWAY = "<html><body><h1>{}</h1></body></html>"


def error(status: int, code: str, message: str, **more: Any) -> dict[str, Any]:
    """A fault that the CRM words itself."""
    return {"status": status, "code": code, "message": message, **more}


COMMON: dict[str, dict[str, Any]] = {
    "bad_gateway": {"status": 502, "body": GATEWAY.format("502 Bad Gateway")},
    "gateway_timeout": {"status": 504, "body": GATEWAY.format("504 Gateway Timeout")},
    "drop": {"how": "drop"},
    "drop_after": {"how": "drop_after"},
    "truncate": {"how": "truncate"},
    "garbage": {"how": "garbage"},
    "hang": {"how": "hang", "seconds": 5.0},
}
"""Faults of the line, which any server knows."""


@dataclass
class Fault:
    """One thing that goes wrong on calls that match, `count` times after letting `after` of them pass."""

    how: How = "error"
    method: str | None = None
    path: str = ""
    """A regular expression looked for in path and query."""
    after: int = 0
    count: int | None = 1
    """None: for ever."""
    status: int = 500
    code: str | None = None
    message: str = ""
    body: str = "<html><body>Internal Server Error</body></html>"
    seconds: float = 0.0
    until: Callable[[], object] | None = None
    """For a hang in process: the call goes on when this returns."""
    more: dict[str, Any] = field(default_factory=dict)
    """Further keys of the error's body."""
    headers: dict[str, str] = field(default_factory=dict)
    ids: tuple[str, ...] = ()
    """For row faults: only these rows; empty for any."""
    entity: str | None = None
    when: Callable[[str, str], bool] | None = None
    """A test of method and path, for tests in process."""
    struck: int = 0

    def strike(self) -> bool:
        """Whether it is this fault's turn; counts down."""
        if self.after > 0:
            self.after -= 1
            return False
        if self.count is not None and self.struck >= self.count:
            return False
        self.struck += 1
        return True

    def fits(self, method: str, target: str) -> bool:
        """Whether a call is of the kind that this fault hits."""
        if self.how in {"record", "job"} or self.method not in (None, method):
            return False
        return bool(re.search(self.path, target)) and (self.when is None or self.when(method, target))


class Faults:
    """The faults that wait for their call.

    `named` are those that can be set by name; `refusal` makes a fault of one record into the CRM's exception.
    """

    def __init__(self, named: dict[str, dict[str, Any]], refusal: Callable[[Fault], Exception]) -> None:
        self.named, self._refusal = named, refusal
        self.waiting: list[Fault] = []
        self.latency = 0.0
        """Seconds before each call is looked at."""
        self.twist: Callable[[Any, Any], Any] | None = None
        """For tests in process: (request, reply) → the reply to send in its place."""

    def add(self, name: str = "", **changes: Any) -> Fault:
        """Set a fault by its name, by its properties, or both; raises KeyError."""
        made = Fault(**{**(self.named[name] if name else {}), **changes})
        self.waiting.append(made)
        return made

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self.waiting.clear()

    def next(self, method: str, target: str) -> Fault | None:
        """The fault for this call, if any; it is counted."""
        return next((f for f in self.waiting if f.fits(method, target) and f.strike()), None)

    def strike_record(self, entity: str, row_id: str | int) -> None:
        """Refuse a record for which a record fault waits; it is counted."""
        for fault in self.waiting:
            hit = fault.how == "record" and fault.entity in (None, entity)
            if hit and (not fault.ids or str(row_id) in fault.ids) and fault.strike():
                raise self._refusal(fault)

    def listed(self) -> list[dict[str, Any]]:
        """What waits, as JSON."""
        return [{"how": f.how, "code": f.code, "path": f.path, "struck": f.struck} for f in self.waiting]
