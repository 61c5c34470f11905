"""Which activities count: the touch rule of docs/design.md; the store has the same rule in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from model.records import Record

HAPPENED: Final = ("call", "mail", "meeting", "note", "task")
"""Kinds that are a touch once they are done."""
WAITING: Final = ("task", "call")
"""Kinds that are a plan until they are done."""


def why_no_touch(activity: Record, own_users: Collection[str]) -> str | None:
    """Why an activity is neither touch nor plan, else None. `own_users`: ids of our user and integration users."""
    if activity.get("gone"):
        return f"it is {activity['gone']}"
    if (maker := activity.get("created_by")) is not None and maker in own_users:
        return "an integration made it"
    if activity.get("bulk"):
        return "bulk or sequence mail"
    if activity["state"] == "cancelled":
        return "it was cancelled"
    if activity.get("possible"):
        return "it may belong to a sibling deal"
    return None


def what_it_is(
    activity: Record, own_users: Collection[str], as_of: datetime
) -> Literal["touch", "meeting", "task"] | None:
    """Whether it is a touch, a meeting to come or an open task as of an instant; None where it does not count.

    A meeting is held once it has started. A task or call that was done later was open until then. A mail or note that
    is dated ahead is nothing until that date.
    """
    created, at = activity.get("created"), activity["at"]
    if why_no_touch(activity, own_users) or (created is not None and created > as_of):
        return None
    if activity["kind"] == "meeting":
        return None if at is None else "meeting" if at > as_of else "touch"
    if activity["state"] == "open" or at is None or at > as_of:
        waits = activity["kind"] in WAITING and (activity["state"] == "open" or at is not None)
        return "task" if waits else None
    return "touch" if activity["kind"] in HAPPENED else None
