"""What may happen next to a deal, and how often."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from tests.neutral.life import (
    CURRENCIES,
    FILLER,
    ISSUES,
    LAST,
    LEAVERS,
    NAMES,
    NEW,
    QUIET,
    REASONS,
    REPS,
    SEGMENTS,
    STEPS,
    YES_NO,
)
from tests.neutral.world import LOST, OWNERS, WON, pipeline_named

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.neutral.life import Life


def _on(life: Life) -> dict[str, str]:
    """What an activity is on: mostly the deal."""
    if life.contacts and life.chance(0.06):
        return {"on": "contact", "contact": life.rng.choice(life.contacts)}
    return {"on": "account"} if life.chance(0.02) else {}


def _touch(life: Life) -> None:
    quiet = next(owner.team for owner in OWNERS if owner.key == life.owner) == QUIET
    who = "integration" if quiet or life.chance(0.08) else life.actor()
    who = "rep" if who == "automation" else who
    life.say(life.rng.choices(("call", "mail", "note", "bulk mail"), (45, 35, 10, 10))[0], who, **_on(life))


def _meet(life: Life) -> None:
    ahead = timedelta(days=life.rng.randint(1, 40), minutes=life.rng.randint(3, 55))
    starts, key = life.at + ahead, life.next_key()
    life.meetings.append((key, starts))
    life.say("meeting", "rep", key=key, starts=starts.isoformat(), **_on(life))


def _cancel(life: Life) -> None:
    waiting = [one for one in life.meetings if one[1] > life.at]
    if waiting:
        life.meetings.remove(waiting[0])
        life.say("meeting cancelled", "rep", key=waiting[0][0])


def _task(life: Life) -> None:
    due, key = life.at + timedelta(days=life.rng.randint(-1, 45)), life.next_key()
    who = life.rng.choices(("rep", "manager", "integration", "ours"), (80, 6, 7, 7))[0]
    dated = {"due": due.date().isoformat()} if life.chance(0.85) else {}
    life.tasks.append(key)
    life.say("task", who, key=key, **dated)


def _task_done(life: Life) -> None:
    if life.tasks:
        life.say("task done", life.rng.choice(("rep", "rep", "manager")), key=life.tasks.pop(0))


def _write_step(life: Life) -> None:
    text = life.rng.choice(FILLER) if life.chance(0.25) else life.rng.choice(STEPS)
    life.say("next step", life.actor(), text=text)


def _move(life: Life) -> None:
    stages = [stage.key for stage in pipeline_named(life.pipeline).stages if stage.ends == "open"]
    here = stages.index(life.stage)
    by = life.rng.choices((1, 2, 3, -1, -2), (70, 10, 5, 10, 5))[0]
    there = stages[max(0, min(len(stages) - 1, here + by))]
    if there != life.stage:
        life.stage = there
        life.say("moved", life.actor(), stage=there)


def _bounce(life: Life) -> None:
    """Away and back again, sometimes within a day."""
    home = life.stage
    _move(life)
    if life.stage != home and life.at + timedelta(days=4) < LAST:
        life.at += timedelta(hours=life.rng.randint(1, 80))
        life.stage = home
        life.say("moved", "rep", stage=home)


def _change_pipeline(life: Life) -> None:
    if life.pipeline == NEW:
        life.pipeline, life.stage = "Renewal", life.rng.choice(("due", "offered"))
        life.say("moved", "rep", stage=life.stage, pipeline=life.pipeline)


def _win(life: Life) -> None:
    life.stage = WON
    life.say("won", life.actor(), close=life.at.date().isoformat())


def _lose(life: Life) -> None:
    life.stage = LOST
    reason = life.rng.choice(REASONS)
    facts = {"facts": {"loss_reason": reason}} if reason else {}
    life.say("lost", life.actor(), close=life.at.date().isoformat(), **facts)


def _reopen(life: Life) -> None:
    stages = [stage.key for stage in pipeline_named(life.pipeline).stages if stage.ends == "open"]
    life.stage = life.rng.choice(stages)
    life.say("reopened", "rep", stage=life.stage)


def _flip(life: Life) -> None:
    """Won after all, or lost after all."""
    (_win if life.stage == LOST else _lose)(life)


def _set_date(life: Life) -> None:
    days = life.rng.choice((0, 7, 14, 31, 45, -7))
    life.close = max(life.close + timedelta(days=days), life.at - timedelta(days=3))
    hour = life.rng.choice((None, "00:15", "09:00", "23:30"))
    life.say("close date", life.actor(), on=life.close.date().isoformat(), **({"time": hour} if hour else {}))


def _set_amount(life: Life) -> None:
    life.say("amount", life.actor(), amount=life.rng.choice((None, 0, 5_000, 42_000, 90_000, 150_000)))


def _set_currency(life: Life) -> None:
    life.say("currency", "rep", currency=life.rng.choice(CURRENCIES))


def _rename(life: Life) -> None:
    life.say("renamed", "rep", name=f"{life.rng.choice(NAMES)} again {life.key}")


def _set_facts(life: Life) -> None:
    rng = life.rng
    choices: tuple[dict[str, Any], ...] = (
        {"segment": rng.choice(SEGMENTS)},
        {"outstanding_issue": rng.choice(ISSUES)},
        {"discount_percent": rng.choice((None, 10, 20, 30))},
        {name: life.chance(0.8) for name in rng.sample(YES_NO, rng.randint(1, 3))},
    )
    facts = rng.choices(choices, (10, 15, 15, 60))[0]
    life.say("facts", life.actor(), facts=facts)


def _hand_over(life: Life) -> None:
    others = [key for key in REPS if key not in LEAVERS and key != life.owner]
    life.owner = life.rng.choice(others)
    life.say("owner", "manager", owner=life.owner)


def _add_contact(life: Life) -> None:
    life.add_contact()


def _remove_contact(life: Life) -> None:
    if life.contacts:
        life.say("contact removed", "rep", contact=life.contacts.pop())


OPEN: Final[Sequence[tuple[Callable[[Life], None], int]]] = (
    (_touch, 34), (_meet, 7), (_cancel, 2), (_task, 7), (_task_done, 4), (_write_step, 9), (_move, 13), (_bounce, 2),
    (_change_pipeline, 1), (_win, 3), (_lose, 4), (_set_date, 6), (_set_facts, 9), (_hand_over, 2), (_add_contact, 4),
    (_remove_contact, 1),
    (_set_amount, 3), (_set_currency, 1), (_rename, 1),
)  # fmt: skip
"""What may happen next to an open deal, and how often."""
CLOSED: Final[Sequence[tuple[Callable[[Life], None], int]]] = (
    (_touch, 20), (_set_facts, 10), (_reopen, 8), (_flip, 3), (_write_step, 3),
)  # fmt: skip
"""What may happen next to a closed one."""
