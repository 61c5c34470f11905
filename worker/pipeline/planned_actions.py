"""What a whole verdict wants done beyond our own fields, what stands though its flag ended, what was cut off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from policies.actions.moves_back import Season, not_yet, plan_moves
from policies.actions.tasks import Flag, Standing, TaskDeal, TaskPlan, plan_tasks
from worker.pipeline.enforcing_flags import deals_of, flags_of, rules_with_actions
from worker.pipeline.last_moves import last_moves, missed_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from model.actions import ActionRule, KeptAction, Wanted
    from worker.pipeline.judge import Judged, JudgedPart
    from worker.pipeline.session import Session


@dataclass(frozen=True)
class Planned:
    """`lost`: moves that were cut off and are wanted no more: nobody knows yet whether they were made."""

    tasks: TaskPlan
    moves: list[Wanted]
    lost: list[KeptAction]

    @property
    def make(self) -> list[Wanted]:
        """Everything to be done, tasks first."""
        return [*self.tasks.make, *self.moves]


def plan_all(session: Session, judged: Judged) -> Planned:
    """The same verdict over the same store wants the same."""
    rules = rules_with_actions(judged.policies)
    standing = session.store.actions.standing(session.name)
    flags: list[Flag] = []
    deals: dict[int, TaskDeal] = {}
    moves: list[Wanted] = []
    for part in judged.parts if rules else ():
        found = list(flags_of(part, rules))
        flags += found
        deals |= deals_of(part, {flag.deal_key for flag in found})
        moves += _moves(session, part, found, rules)
    known = Standing(standing, session.store.actions.keys(session.name))
    tasks = plan_tasks(session.name, flags, rules, deals, known, session.as_of)
    again = {one.key for one in moves}
    lost = [one for one in standing if one.kind == "move_back" and one.state == "sending" and one.key not in again]
    return Planned(tasks, moves, lost)


def _moves(
    session: Session, part: JudgedPart, flags: list[Flag], rules: Mapping[str, tuple[ActionRule, ...]]
) -> list[Wanted]:
    """Deals of a slice to be moved back; most slices have no rule that asks for it."""
    back = {name for name, some in rules.items() if any(rule.kind == "move_back" for rule in some)}
    asked = [flag for flag in flags if flag.policy in back]
    keys = {flag.deal_key for flag in asked}
    if not keys:
        return []
    connection = session.connection
    today = session.as_of.astimezone(ZoneInfo(connection.timezone)).date()
    season = Season(session.as_of, today, connection.fiscal_year_starts, part.part.wide.holidays)
    last, missed = last_moves(part, keys), missed_at(part, keys)
    wanted = plan_moves(session.name, asked, missed, last, season)
    return not_yet(wanted, session.store.actions.known(session.name, [one.key for one in wanted]))
