"""Tasks and events: completion, dates, and what they do to their opportunity and account."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sandbox.salesforce.clock import unwire, wire

if TYPE_CHECKING:
    from sandbox.salesforce.org import Org
    from sandbox.salesforce.records.table import Row

DONE = "Completed"


def after(org: Org, old: Row | None, new: Row) -> None:
    """What an activity belongs to, and what it belonged to before, count anew."""
    for what in {row["WhatId"] for row in (old, new) if row and row["WhatId"]}:
        roll_up(org, what)


def before_task(org: Org, old: Row | None, new: Row, _: set[str]) -> Row:
    """Completing a task stamps it; opening it again takes the stamp away."""
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


def before_event(org: Org, _: Row | None, new: Row, given: set[str]) -> Row:
    """Start, end and length of an event belong together."""
    start = new["StartDateTime"] if "StartDateTime" in given else new["ActivityDateTime"] or new["StartDateTime"]
    row = {**new, "AccountId": account_of(org, new["WhatId"])}
    if start:
        minutes = new["DurationInMinutes"] or 60
        end = wire(unwire(start) + timedelta(minutes=minutes))
        row |= {"ActivityDateTime": start, "StartDateTime": start, "ActivityDate": start[:10]}
        row |= {"EndDateTime": end, "EndDate": end[:10], "DurationInMinutes": minutes}
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
