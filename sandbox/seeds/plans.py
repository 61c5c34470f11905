"""The plan of one deal: what is planted in it, and on which days before `as_of` things happened. Pure.

Every planted fact keeps clear of the usual limits by some days, so that a time zone cannot turn it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from sandbox.seeds.ageing import AGEING_LABELS, ageing_labels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from random import Random

PLANTED = (
    "past_close_date", "no_amount", "pushed_often", "no_activity_14d", "no_next_step", "ageing", "no_contact_role",
)  # fmt: skip
FOLLOWING = ("untouched_60d", "inactive_owner", "in_qualification_30d", "stalled_negotiation", *AGEING_LABELS)
LABELS = (*PLANTED, *FOLLOWING)
OPEN_STAGES = 9
LOST = "Closed Lost"
_SHARES = {"past_close_date": 0.3, "no_amount": 0.25, "pushed_often": 0.2, "no_activity_14d": 0.35, "ageing": 0.45}
_QUALIFICATION, _NEGOTIATION = 1, 7
_CROWD = (14, 18, 12, 5, 5, 5, 12, 28, 13)
"""How many open deals stand in each stage, as shares."""
_STUCK = {"ageing": 0.5, "no_next_step": 0.5}
"""Shares in negotiation, where deals get stuck."""
_FRESH = {0: (2, 3), 1: (3, 5), 8: (3, 8)}
"""Days that a deal which does not age has stayed, in the stages that are expected to be short."""
_OTHER_FRESH = (4, 11)
_UNTOUCHED = range(56, 65)
"""Days since the last touch that are too near to 60 to label."""


_OPENS, _OPEN_SECONDS = 14 * 3600, 7 * 3600
"""Every planted instant lies between 14:00 and 21:00 UTC."""


@lru_cache(maxsize=10_000)
def day(today: date, back: int) -> str:
    """The date `back` days before today; negative lies ahead."""
    return (today - timedelta(days=back)).isoformat()


def seconds(rng: Random) -> int:
    """Some second of a day, within working hours."""
    return _OPENS + int(rng.random() * _OPEN_SECONDS)


@dataclass
class Plan:
    """Days are counted back from `as_of`; a negative day lies ahead."""

    labels: dict[str, bool]
    is_open: bool
    quiet: bool
    visits: list[tuple[int | str, int]]
    """Stage (its index, or the name of a closed one) and the day of entry, oldest first."""
    close_day: int
    pushes: list[tuple[int, int]] = field(default_factory=list)
    """Day of the push, and by how many days."""
    touches: list[int] = field(default_factory=list)
    next_step: str = "none"
    """none, filler, text, task or meeting."""

    @property
    def created(self) -> int:
        """Day of creation."""
        return self.visits[0][1]

    @property
    def entered(self) -> int:
        """Day on which the present stage was entered."""
        return self.visits[-1][1]


_Owner = TypeVar("_Owner")
_OPEN, _CLONED = 0.65, 0.03


def lives(
    rng: Random,
    count: int,
    owners: Sequence[_Owner],
    *,
    quiet: Callable[[_Owner], bool],
    left: Callable[[_Owner], bool],
    tidy: float = 0.0,
) -> Iterator[tuple[Plan, _Owner, bool]]:
    """The plan of each deal, its owner, and whether it is a clone of the one before.

    `quiet` tells whether an owner's team logs nothing, `left` whether they are gone. On the share `tidy` of the open
    deals nothing is planted, and somebody who is still there owns them.
    """
    active = [owner for owner in owners if not (quiet(owner) or left(owner))]
    for _ in range(count):
        owner = rng.choice(owners)
        hushed, gone = quiet(owner), left(owner)
        is_open = rng.random() < _OPEN
        if is_open and tidy and rng.random() < tidy:
            yield open_plan(rng, quiet=False, tidy=True), rng.choice(active), False
            continue
        plan = open_plan(rng, quiet=hushed, owner_left=gone) if is_open else closed_plan(rng, quiet=hushed)
        yield plan, owner, rng.random() < _CLONED


def open_plan(rng: Random, *, quiet: bool, owner_left: bool = False, tidy: bool = False) -> Plan:
    """A deal that is open at `as_of`; nothing is planted in a tidy one."""
    last = rng.choices(range(OPEN_STAGES), _CROWD)[0]
    shares = {**_SHARES, **(_STUCK if last == _NEGOTIATION else {})}
    labels = {name: rng.random() < shares.get(name, 0.3) and not tidy for name in PLANTED}
    stay = rng.randint(130, 300) if labels["ageing"] else rng.randint(*_FRESH.get(last, _OTHER_FRESH))
    visits = _visits(rng, labels, stay, last)
    latest = max(3, min(120, visits[0][1] - 1))
    close = rng.randint(3, latest) if labels["past_close_date"] else -rng.randint(4, 150)
    made = Plan(labels, is_open=True, quiet=quiet, visits=visits, close_day=close)
    reopened = any(stage == LOST for stage, _ in visits)
    made.pushes = [] if reopened else _pushes(rng, made.created, often=labels["pushed_often"])
    made.touches = [] if quiet else _touches(rng, made, silent=labels["no_activity_14d"])
    made.next_step = _next_step(rng, missing=labels["no_next_step"], quiet=quiet)
    _label(made, reopened=reopened, owner_left=owner_left)
    return made


def _label(plan: Plan, *, reopened: bool, owner_left: bool) -> None:
    """Add the labels that follow from what was planted; one that does not apply, or cannot be known, is left out."""
    labels, stage = plan.labels, plan.visits[-1][0]
    labels["inactive_owner"] = owner_left
    if stage == _QUALIFICATION:
        labels["in_qualification_30d"] = labels["ageing"]
    if stage == _NEGOTIATION:
        nobody = owner_left and plan.next_step != "task"  # a task has an owner of its own
        labels["stalled_negotiation"] = labels["ageing"] and (labels["no_next_step"] or nobody)
    labels |= ageing_labels(plan.visits)
    last = min([*plan.touches, plan.entered if reopened else plan.created])
    if last not in _UNTOUCHED:
        labels["untouched_60d"] = last >= _UNTOUCHED.stop
    if plan.quiet:
        del labels["no_activity_14d"]
        labels.pop("untouched_60d", None)


def closed_plan(rng: Random, *, quiet: bool) -> Plan:
    """A deal that was won or lost before `as_of`."""
    closed = rng.randint(2, 540)
    path = _path(rng, OPEN_STAGES - 1)
    days = [closed]
    for _ in path:
        days.append(days[-1] + rng.randint(3, 24))
    end = "Closed Won" if rng.random() < 0.45 else LOST  # noqa: PLR2004 - a share
    visits = list(zip([*path, end], reversed(days), strict=True))
    made = Plan({}, is_open=False, quiet=quiet, visits=visits, close_day=closed)
    made.touches = [] if quiet else sorted({rng.randint(closed, made.created) for _ in range(rng.randint(0, 5))})
    return made


def _path(rng: Random, last: int) -> list[int | str]:
    """Stages before the last, some skipped, sometimes with a step back."""
    path: list[int | str] = [i for i in range(last) if rng.random() < 0.55]  # noqa: PLR2004 - a share
    if len(path) > 2 and rng.random() < 0.15:  # noqa: PLR2004 - a share
        path.insert(len(path) - 1, path[0])
    return path


def _visits(rng: Random, labels: dict[str, bool], stay: int, last: int) -> list[tuple[int | str, int]]:
    path = _path(rng, last)
    needs_past = (labels["no_activity_14d"] and stay < 20) or (labels["pushed_often"] and stay < 100)  # noqa: PLR2004
    if not path and needs_past:
        path = [0 if last else 1]
    if path and rng.random() < 0.06 and last + 1 < OPEN_STAGES:  # noqa: PLR2004 - a share
        path.append(last + 1)
    may_reopen = (labels["ageing"] or not labels["no_activity_14d"]) and not labels["pushed_often"]
    if path and may_reopen and rng.random() < 0.08:  # noqa: PLR2004 - a share
        path.append(LOST)
    days = [stay]
    for _ in path:
        days.append(days[-1] + rng.randint(4, 22))
    if path and needs_past:
        days[-1] += 80
    return list(zip([*path, last], reversed(days), strict=True))


def _pushes(rng: Random, created: int, *, often: bool) -> list[tuple[int, int]]:
    count = rng.randint(4, 6) if often else rng.choice((0, 0, 1))
    days = sorted(rng.sample(range(2, created), min(count, created - 2)), reverse=True)
    return [(day, rng.randint(31, 45)) for day in days]


def _touches(rng: Random, plan: Plan, *, silent: bool) -> list[int]:
    first = 18 if silent else 1
    found = {rng.randint(first, plan.created) for _ in range(rng.randint(0, 4))} if plan.created >= first else set()
    if not silent:
        found.add(rng.randint(1, min(11, plan.created)))
    return sorted(found, reverse=True)


def _next_step(rng: Random, *, missing: bool, quiet: bool) -> str:
    if missing:
        return rng.choice(("none", "none", "filler"))
    return "text" if quiet else rng.choice(("text", "text", "task", "meeting"))
