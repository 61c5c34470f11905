"""Plans actions from a verdict: actions to do, actions to end, and interrupted moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import polars as pl

from policies.actions.moves_back import Season, not_yet, plan_moves
from policies.actions.tasks import Flag, Standing, TaskDeal, TaskPlan, plan_tasks
from policies.reporting.record import headline
from store import PREFIX
from worker.pipeline.acting.last_moves import last_moves, missed_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from model.actions import ActionKind, ActionRule, KeptAction, Wanted
    from worker.pipeline.judging.judged import Judged, JudgedPart
    from worker.pipeline.session import Session


ENFORCE: Final = "enforce"


@dataclass(frozen=True)
class Planned:
    """`lost`: interrupted moves that are no longer wanted. It is unknown whether they were made."""

    tasks: TaskPlan
    moves: list[Wanted]
    lost: list[KeptAction]

    @property
    def make(self) -> list[Wanted]:
        """Everything to be done, tasks first."""
        return [*self.tasks.make, *self.moves]


def plan_all(session: Session, judged: Judged) -> Planned:
    """Plan all actions. The same verdict over the same store gives the same plan."""
    rules = judged.policies.actions
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
    """Deals of a slice to move back."""
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


def flags_of(judged: JudgedPart, rules: Mapping[str, tuple[ActionRule, ...]]) -> Iterator[Flag]:
    """Flags that are on the record and enforce."""
    for finding in judged.report.findings:
        flag = finding.payload
        if finding.shown and finding.rule.id in rules and flag.get("mode") == ENFORCE:
            since, held = finding.since or finding.first_seen, finding.status != "broken"
            text, fix = flag["evidence"]["text"], flag["fix"]
            title = headline(finding.rule)
            yield Flag(finding.key, finding.rule.id, title, fix, text, since, finding.first_seen, held)


def deals_of(judged: JudgedPart, keys: set[int]) -> dict[int, TaskDeal]:
    """These deals, with the active people who can get a task on them."""
    owners = {row["id"]: row for row in judged.part.snapshot.owners.iter_rows(named=True)}
    frame = judged.part.wide.frame.filter(pl.col("key").is_in(list(keys)))
    found = {}
    for row in frame.select("key", "id", "name", "as_of_date", owner="_owner_id").iter_rows(named=True):
        owner = owners.get(row["owner"]) or {}
        people: dict[ActionKind, str | None] = {"task_owner": row["owner"], "task_manager": owner.get("manager_id")}
        active = {kind: one for kind, one in people.items() if one and _works(owners.get(one), one)}
        name, owner_name = row["name"] or row["id"], owner.get("name") or "nobody"
        found[row["key"]] = TaskDeal(row["id"], name, owner_name, row["as_of_date"], active)
    return found


def _works(owner: Mapping[str, Any] | None, id_: str) -> bool:
    """Whether the owner exists, is not known to have left, and was not forgotten: the CRM knows no pseudonym."""
    return owner is not None and owner["is_active"] is not False and not id_.startswith(PREFIX)
