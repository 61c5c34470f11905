"""Engagements of one planned deal: touches, plans ahead, and things that look like touches but are none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.hubspot.clock import iso
from sandbox.hubspot.records import engagements
from sandbox.hubspot.seeds.people import plain

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from sandbox.hubspot.portal import Owner, Portal
    from sandbox.hubspot.records.table import Record
    from sandbox.seeds.plans import Plan

_DONE: Final = ("calls", "emails", "tasks", "meetings")
_DECOYS = 0.1
_HOUR = 3_600_000


class Activities:
    """Makes the engagements of deals; `at` gives some instant of a day so many days back."""

    def __init__(self, portal: Portal, rng: Random, at: Callable[[int], int]) -> None:
        self._portal, self._rng, self._at = portal, rng, at

    def of(self, plan: Plan, deal: Record, owner: Owner) -> None:
        """All engagements of a deal, and what they roll up to on it."""
        for back in plan.touches:
            self._touch(deal, owner, max(self._at(back), deal.created))
        self._ahead(plan, deal, owner)
        if plan.is_open and not plan.quiet:
            self._decoys(plan, deal, owner)
        now = self._portal.clock.ms()
        deal.fill(engagements.rolled(self._portal, "deals", deal, now))

    def _add(self, kind: str, deal: Record, owner: Owner, at: int, values: dict[str, str]) -> Record:
        """One engagement on the deal, made at an instant; mostly on a contact, too."""
        made = plain(self._portal, kind, owner, values, at)
        made.props["hs_created_by"] = str(owner.user_id)
        self._portal.links.put("deals", deal.id, kind, made.id, ())
        people = list(self._portal.links.of("deals", deal.id, "contacts"))
        if people and self._rng.random() < 0.7:  # noqa: PLR2004 - a share
            self._portal.links.put("contacts", self._rng.choice(people), kind, made.id, ())
        deal.moved("hs_lastmodifieddate", max(at, deal.updated))
        return made

    def _touch(self, deal: Record, owner: Owner, at: int) -> None:
        kind, stamp = self._rng.choice(_DONE), iso(at)
        values = {
            "calls": {"hs_call_title": "Call", "hs_call_direction": "OUTBOUND", "hs_call_status": "COMPLETED"},
            "emails": {"hs_email_subject": "Follow-up", "hs_email_direction": "EMAIL", "hs_email_status": "SENT"},
            "meetings": self._meeting(at, "COMPLETED"),
            "tasks": {**self._task("Prepare proposal", "COMPLETED"), "hs_task_completion_date": stamp},
        }[kind]
        self._add(kind, deal, owner, at, {"hs_timestamp": stamp, **values})

    def _meeting(self, at: int, outcome: str) -> dict[str, str]:
        times = {"hs_meeting_start_time": iso(at), "hs_meeting_end_time": iso(at + _HOUR)}
        return {"hs_meeting_title": "Meeting", "hs_meeting_outcome": outcome, **times}

    def _task(self, subject: str, status: str) -> dict[str, str]:
        done = "1" if status == "COMPLETED" else "0"
        return {
            "hs_task_subject": subject,
            "hs_task_status": status,
            "hs_task_type": "TODO",
            "hs_task_is_completed": done,
        }

    def _ahead(self, plan: Plan, deal: Record, owner: Owner) -> None:
        """The planned task or meeting that is the deal's next step."""
        if plan.next_step not in {"task", "meeting"}:
            return
        made = max(self._at(self._rng.randint(1, 3)), deal.created)
        due = self._at(-self._rng.randint(3, 40))
        if plan.next_step == "meeting":
            values = {**self._meeting(due, "SCHEDULED"), "hs_meeting_title": "Demo"}
            self._add("meetings", deal, owner, made, {"hs_timestamp": iso(due), **values})
        else:
            values = self._task("Send contract", "NOT_STARTED")
            self._add("tasks", deal, owner, made, {"hs_timestamp": iso(due), **values})

    def _decoys(self, plan: Plan, deal: Record, owner: Owner) -> None:
        """What is no touch: made by our app, sent by a sequence, cancelled, or overdue and never done."""
        at, rng = max(self._at(self._rng.randint(1, 9)), deal.created), self._rng
        stamp = {"hs_timestamp": iso(at)}
        if rng.random() < _DECOYS:
            own_task = self._add("tasks", deal, owner, at, {**stamp, **self._task("Sync note", "COMPLETED")})
            self._by_app(own_task, iso(at))
        if rng.random() < _DECOYS / 2:
            mail = {"hs_email_subject": "Newsletter", "hs_email_direction": "EMAIL", "hs_email_status": "SENT"}
            self._add("emails", deal, owner, at, {**stamp, **mail, "hs_sequence_id": "7701"})
        if rng.random() < _DECOYS / 2:
            self._add("meetings", deal, owner, at, {**stamp, **self._meeting(at, "CANCELED")})
        if rng.random() < _DECOYS and plan.created > 12:  # noqa: PLR2004 - due after creation
            due = {"hs_timestamp": iso(self._at(rng.randint(3, 9)))}
            self._add("tasks", deal, owner, self._at(12), {**due, **self._task("Chase signature", "NOT_STARTED")})

    def _by_app(self, made: Record, stamp: str) -> None:
        """Make it one that our own private app made: no user stands behind it."""
        app = self._portal.tokens.sync
        for name in ("hs_created_by", "hs_object_source_user_id", "hs_created_by_user_id", "hubspot_owner_id"):
            made.props.pop(name, None)
        made.props |= {
            "hs_object_source": "INTEGRATION",
            "hs_object_source_label": "INTEGRATION",
            "hs_object_source_id": str(app.app_id),
            "hs_object_source_detail_1": app.app,
            "hs_task_completion_date": stamp,
        }
