"""Which activities count: the touch rule of DESIGN section 6, said once; the store says the same in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection

    from model.records import Record

HAPPENED: Final = ("call", "mail", "meeting", "note", "task")
"""Kinds that are a touch once they are done."""


def why_no_touch(activity: Record, ours: Collection[str]) -> str | None:
    """None for a touch or a plan, else the reason why neither; `ours`: ids of our user and integration users."""
    if activity.get("gone"):
        return f"it is {activity['gone']}"
    if activity.get("created_by") in ours:
        return "an integration made it"
    if activity.get("bulk"):
        return "bulk or sequence mail"
    if activity["state"] == "cancelled":
        return "it was cancelled"
    if activity.get("possible"):
        return "it may belong to a sibling deal"
    return None
