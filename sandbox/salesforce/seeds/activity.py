"""Tasks and events of one planned deal: touches, plans ahead, and things that look like touches but are none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.seeds.plans import day, seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date
    from random import Random

    from sandbox.salesforce.org import Org
    from sandbox.salesforce.records.table import Row
    from sandbox.seeds.plans import Plan

_DONE = ("Call", "Email", "Task", "meeting")
_SUBJECTS = {"Call": "Call", "Email": "Email: follow-up", "Task": "Prepare proposal", "meeting": "Meeting"}
_DECOY_SHARE = 0.1


def stamp(rng: Random, today: date, back: int) -> str:
    """Some instant within working hours of the day that lies so many days back, as the API writes it."""
    at = seconds(rng)
    return f"{day(today, back)}T{at // 3600:02}:{at // 60 % 60:02}:{at % 60:02}.000+0000"


class Activities:
    """Makes the activity rows of deals."""

    def __init__(self, org: Org, rng: Random, today: date, svc: str) -> None:
        self._org, self._rng, self._today, self._svc = org, rng, today, svc

    def of(self, plan: Plan, deal: Row, contacts: Sequence[str], keep: Callable[[Row, str], None]) -> dict[str, Any]:
        """Keep the deal's tasks and events; what they roll up to on the deal."""
        made = [self._touch(deal, contacts, back) for back in plan.touches]
        made += self._ahead(plan, deal)
        if plan.is_open and not plan.quiet:
            made += self._decoys(plan, deal)
        for entity, row in made:
            keep(row, entity)
        return self._rolled(deal, made)

    def _base(self, deal: Row, who: str | None, at: str) -> dict[str, Any]:
        audit = {"CreatedDate": at, "CreatedById": deal["OwnerId"], "LastModifiedById": deal["OwnerId"]}
        return {**audit, "WhatId": deal["Id"], "AccountId": deal["AccountId"], "WhoId": who, "OwnerId": deal["OwnerId"]}

    def _touch(self, deal: Row, contacts: Sequence[str], back: int) -> tuple[str, Row]:
        kind = self._rng.choice(_DONE)
        at = max(stamp(self._rng, self._today, back), deal["CreatedDate"])
        who = self._rng.choice(contacts) if contacts and self._rng.random() < 0.7 else None  # noqa: PLR2004
        base = {**self._base(deal, who, at), "Subject": _SUBJECTS[kind]}
        if kind == "meeting":
            return "Event", self._event(base, at)
        return "Task", self._done_task(base, kind, at)

    def _done_task(self, base: dict[str, Any], kind: str, at: str) -> Row:
        done = {"Status": "Completed", "IsClosed": True, "CompletedDateTime": at, "ActivityDate": at[:10]}
        return self._org.make("Task", **base, **done, TaskSubtype=kind)

    def _event(self, base: dict[str, Any], at: str) -> Row:
        ends = f"{at[:11]}{int(at[11:13]) + 1:02}{at[13:]}"
        times = {"ActivityDateTime": at, "StartDateTime": at, "EndDateTime": ends, "DurationInMinutes": 60}
        return self._org.make("Event", **base, **times, ActivityDate=at[:10], EndDate=at[:10], Type="Meeting")

    def _ahead(self, plan: Plan, deal: Row) -> list[tuple[str, Row]]:
        """The planned task or meeting that is the deal's next step."""
        if plan.next_step not in {"task", "meeting"}:
            return []
        made = max(stamp(self._rng, self._today, self._rng.randint(1, 3)), deal["CreatedDate"])
        due = self._rng.randint(3, 40)
        base = self._base(deal, None, made)
        if plan.next_step == "meeting":
            return [("Event", self._event({**base, "Subject": "Demo"}, stamp(self._rng, self._today, -due)))]
        task = {**base, "Subject": "Send contract", "ActivityDate": day(self._today, -due)}
        return [("Task", self._org.make("Task", **task))]

    def _decoys(self, plan: Plan, deal: Row) -> list[tuple[str, Row]]:
        """What is no touch: done by the integration user, sent in bulk, or overdue and never done."""
        found: list[tuple[str, Row]] = []
        at = max(stamp(self._rng, self._today, self._rng.randint(1, 9)), deal["CreatedDate"])
        base = self._base(deal, None, at)
        if self._rng.random() < _DECOY_SHARE:
            sync_user = {"CreatedById": self._svc, "LastModifiedById": self._svc, "OwnerId": self._svc}
            found.append(("Task", self._done_task({**base, **sync_user, "Subject": "Sync note"}, "Task", at)))
        if self._rng.random() < _DECOY_SHARE / 2:
            found.append(("Task", self._done_task({**base, "Subject": "Newsletter"}, "ListEmail", at)))
        if self._rng.random() < _DECOY_SHARE and plan.created > 12:  # noqa: PLR2004 - due after creation
            late = {**base, "Subject": "Chase signature", "ActivityDate": day(self._today, self._rng.randint(3, 9))}
            late["CreatedDate"] = stamp(self._rng, self._today, 12)
            found.append(("Task", self._org.make("Task", **late)))
        return found

    def _rolled(self, deal: Row, made: list[tuple[str, Row]]) -> dict[str, Any]:
        """LastActivityDate by the documented rule; a row that comes after the last edit moves SystemModstamp."""
        today = day(self._today, 0)
        done = [r["ActivityDate"] for e, r in made if e == "Event" or r["IsClosed"]]
        open_tasks = [r["ActivityDate"] for e, r in made if e == "Task" and not r["IsClosed"]]
        ahead = any(e == "Event" and r["ActivityDate"] >= today for e, r in made)
        return {
            "LastActivityDate": max(done, default=None),
            "HasOpenActivity": bool(open_tasks) or ahead,
            "HasOverdueTask": any(d < today for d in open_tasks),
            "SystemModstamp": max([deal["SystemModstamp"], *(r["CreatedDate"] for _, r in made)]),
        }
