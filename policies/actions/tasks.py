"""Tasks that the flags of enforcing policies ask for, and open tasks of flags that have ended. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from hashlib import blake2b
from itertools import count
from typing import TYPE_CHECKING, Final

from model.actions import TASKS, Hand, Task, Wanted
from model.helpers.words import many

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import date, datetime

    from model.actions import ActionKind, ActionRule, KeptAction

DAILY: Final = timedelta(hours=24)
TITLE: Final = 255
"""Characters that every CRM takes as the title of a task."""
SATURDAY: Final = 5
NO_TOUCH: Final = (
    "Sluicegate made this task for the policy {policy} and closes it when the flag ends. Completing it does not clear "
    "the flag, and neither making nor completing it counts as activity."
)


@dataclass(frozen=True)
class Flag:
    """A flag that is on the record while its rule enforces; `held`: it stands because an unknown holds it."""

    deal_key: int
    policy: str
    title: str
    fix: str
    text: str
    since: date
    first_seen: date
    held: bool = False

    @property
    def stood_since(self) -> date:
        """The first day on which the flag stood and was visible."""
        return max(self.since, self.first_seen)


@dataclass(frozen=True)
class TaskDeal:
    """The parts of a deal that a task needs. `people` maps a kind of task to its assignee; `today` is local."""

    id: str
    name: str
    owner: str
    today: date
    people: Mapping[ActionKind, str]


@dataclass(frozen=True)
class Standing:
    """Actions in the store that had a flag when last planned, and every key that was ever used."""

    actions: Sequence[KeptAction] = ()
    used: Collection[str] = frozenset()

    @cached_property
    def by_flag(self) -> Mapping[tuple[int, str, ActionKind], KeptAction]:
        """The task that each flag has had since it rose."""
        return {(one.deal_key, one.policy, one.kind): one for one in self.actions if not one.flag_ended}


@dataclass
class TaskPlan:
    """Tasks to make or try again, to hand on, to end; and by kind how many have no assignee."""

    make: list[Wanted] = field(default_factory=list)
    hand: list[Hand] = field(default_factory=list)
    end: list[KeptAction] = field(default_factory=list)
    nobody: Counter[ActionKind] = field(default_factory=Counter)


def plan_tasks(  # noqa: PLR0917 - flags, their rules and deals, and the tasks that exist
    connection: str,
    flags: Iterable[Flag],
    rules: Mapping[str, Sequence[ActionRule]],
    deals: Mapping[int, TaskDeal],
    standing: Standing,
    as_of: datetime,
) -> TaskPlan:
    """A flag has one task of a kind for as long as it stands; an unchanged state gives no more operations.

    `rules`: actions by the id of the policy or criterion. A task that was refused is tried again after a day.
    """
    plan, asked = TaskPlan(), set()
    for flag, rule in _demands(flags, rules):
        deal, place = deals[flag.deal_key], (flag.deal_key, flag.policy, rule.kind)
        asked.add(place)
        before = standing.by_flag.get(place)
        plan.hand += _handed(flag, rule, deal, before, as_of)
        if not _due(flag, rule, deal, before, as_of):
            continue
        if rule.kind in deal.people:
            key = before.key if before else _new_key(connection, flag, rule, deal, standing.used)
            plan.make.append(_wanted(key, flag, rule, deal, before))
        elif before is None:
            plan.nobody[rule.kind] += 1
    mine = (one for one in standing.actions if one.kind in TASKS)
    plan.end = [one for one in mine if one.flag_ended or (one.deal_key, one.policy, one.kind) not in asked]
    return plan


def _demands(flags: Iterable[Flag], rules: Mapping[str, Sequence[ActionRule]]) -> Iterator[tuple[Flag, ActionRule]]:
    for flag in flags:
        yield from ((flag, rule) for rule in rules.get(flag.policy, ()) if rule.kind in TASKS)


def _due(flag: Flag, rule: ActionRule, deal: TaskDeal, before: KeptAction | None, as_of: datetime) -> bool:
    """Whether to send a task now: the flag has stood long enough and has none, or its outcome is not known."""
    if before is None:
        return not flag.held and (deal.today - flag.stood_since).days >= rule.after_days
    if before.state == "refused":
        return before.tried_at is None or as_of - before.tried_at >= DAILY
    return before.state == "sending"


def _handed(flag: Flag, rule: ActionRule, deal: TaskDeal, before: KeptAction | None, as_of: datetime) -> Iterator[Hand]:
    """The operation that hands a task to the deal's current owner or manager; tried once a day."""
    if before is None or not isinstance(before.act, Task) or rule.kind not in deal.people:
        return
    rests = before.tried_at is not None and as_of - before.tried_at < DAILY
    was, person = before.act.owner, deal.people[rule.kind]
    if before.state == "handing" or (before.state == "open" and was != person and not rests):
        yield Hand(before.key, was, person, _title(flag, rule, deal))


def _new_key(connection: str, flag: Flag, rule: ActionRule, deal: TaskDeal, used: Collection[str]) -> str:
    """The key of the flag's task; a flag that ended and rose again since the same day has another."""
    parts = (connection, deal.id, flag.policy, rule.kind, flag.since)
    keys = (action_key(*parts, *((n,) if n else ())) for n in count())
    return next(key for key in keys if key not in used)


def action_key(*parts: object) -> str:
    """A name of 24 hex digits for an action; the same parts always give the same name."""
    return blake2b("\x1f".join(map(str, parts)).encode(), digest_size=12).hexdigest()


def _wanted(key: str, flag: Flag, rule: ActionRule, deal: TaskDeal, before: KeptAction | None) -> Wanted:
    task = Task(
        key, deal.id, deal.people[rule.kind], _title(flag, rule, deal), _text(flag, rule, deal), _next(deal.today)
    )
    return Wanted(flag.deal_key, flag.policy, rule.kind, before.since if before else flag.since, task)


def _title(flag: Flag, rule: ActionRule, deal: TaskDeal) -> str:
    """The title of the task; a manager's task also names the deal and its owner."""
    text = f"{flag.title}: {flag.fix}" if rule.kind == "task_owner" else f"{deal.name} ({deal.owner}): {flag.title}"
    return text if len(text) <= TITLE else f"{text[: TITLE - 1].rstrip()}…"


def _text(flag: Flag, rule: ActionRule, deal: TaskDeal) -> str:
    """Why the task exists, what clears the flag, and what the task does not do."""
    asks = f"To clear it: {flag.fix.rstrip('.')}."
    why = asks if rule.kind == "task_owner" else f"It has stood for {many(rule.after_days, 'day')} or more. {asks}"
    return "\n".join((f"{deal.name}. {flag.text}", why, NO_TOUCH.format(policy=flag.policy)))


def _next(day: date) -> date:
    """The next weekday, because a task is due on a working day."""
    day += timedelta(days=1)
    return day + timedelta(days=(7 - day.weekday()) % 7 if day.weekday() >= SATURDAY else 0)
