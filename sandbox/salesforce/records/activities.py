"""Tasks and events: completion, dates, and what they do to their opportunity and account."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sandbox.salesforce.clock import unwire, wire
from sandbox.salesforce.records.effects import Effects

if TYPE_CHECKING:
    from sandbox.salesforce.org import Org
    from sandbox.salesforce.records.table import Row

DONE = "Completed"


class _Activity(Effects):
    def after(self, org: Org, old: Row | None, new: Row) -> None:
        for what in {row["WhatId"] for row in (old, new) if row and row["WhatId"]}:
            roll_up(org, what)

    def removed(self, org: Org, user_id: str, old: Row) -> None:
        del user_id
        if old["WhatId"]:
            roll_up(org, old["WhatId"])


class TaskEffects(_Activity):
    """Completing a task stamps it; opening it again takes the stamp away."""

    def before(self, org: Org, old: Row | None, new: Row, given: set[str]) -> Row:
        """Derive the task's own fields."""
        del given
        closed = new["Status"] == DONE
        was = bool(old and old["IsClosed"])
        stamp = new["CompletedDateTime"] if closed and was else new["LastModifiedDate"] if closed else None
        return {
            **new,
            "IsClosed": closed,
            "CompletedDateTime": stamp,
            "IsHighPriority": new["Priority"] == "High",
            "AccountId": account_of(org, new["WhatId"]),
        }


class EventEffects(_Activity):
    """Start, end and length belong together."""

    def before(self, org: Org, old: Row | None, new: Row, given: set[str]) -> Row:
        """Derive the event's own fields."""
        del old
        start = new["StartDateTime"] if "StartDateTime" in given else new["ActivityDateTime"] or new["StartDateTime"]
        row = {**new, "AccountId": account_of(org, new["WhatId"])}
        if start:
            end = unwire(start) + timedelta(minutes=new["DurationInMinutes"] or 60)
            row |= {
                "ActivityDateTime": start,
                "StartDateTime": start,
                "ActivityDate": start[:10],
                "EndDateTime": wire(end),
                "EndDate": wire(end)[:10],
                "DurationInMinutes": new["DurationInMinutes"] or 60,
            }
        return row


def account_of(org: Org, what: str | None) -> str | None:
    """The account that an activity counts for."""
    if not what or what.startswith("001"):
        return what
    deal = org.tables["Opportunity"].rows.get(what)
    return deal["AccountId"] if deal else None


def roll_up(org: Org, what: str) -> None:
    """Work out a parent's activity fields again; moves SystemModstamp, never LastModifiedDate."""
    entity = "Opportunity" if what.startswith("006") else "Account"
    parent = org.tables[entity].rows.get(what)
    if parent is None:
        return
    new = {**parent, **rolled(org, what, with_open=entity == "Opportunity")}
    if new != parent:
        org.tables[entity].put({**new, "SystemModstamp": org.clock.stamp()})


def rolled(org: Org, what: str, *, with_open: bool) -> Row:
    """LastActivityDate is the furthest of closed tasks' due dates and event starts: often in the future."""
    tasks = [t for t in org.tables["Task"].where("WhatId", what) if not t["IsDeleted"]]
    events = [e for e in org.tables["Event"].where("WhatId", what) if not e["IsDeleted"]]
    dates = [t["ActivityDate"] for t in tasks if t["IsClosed"]] + [e["ActivityDate"] for e in events]
    found: Row = {"LastActivityDate": max((d for d in dates if d), default=None)}
    if with_open:
        today = org.clock.today().isoformat()
        due = [t["ActivityDate"] for t in tasks if not t["IsClosed"]]
        found["HasOpenActivity"] = bool(due) or any((e["ActivityDate"] or "") >= today for e in events)
        found["HasOverdueTask"] = any(d and d < today for d in due)
    return found
