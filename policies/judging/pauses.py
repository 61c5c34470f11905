"""Pauses that reps ask for on the record: which are granted, which are in force, and why one does not count."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from model.facts import KNOWN
from model.previous_verdict import PAUSES
from policies.files import NO_REASON
from policies.language import compared
from policies.reporting.sentences import day

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from model.previous_verdict import Memory
    from model.wide import Wide

MOST_DAYS: Final = timedelta(days=30)
A_STAGE: Final = 2
"""Pauses that a deal may have in one stage."""


@dataclass
class Paused:
    """What became of the pauses on record: rows to remember, those in force by key, and by key why one is none."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    in_force: dict[int, dict[str, Any]] = field(default_factory=dict)
    refused: dict[int, str] = field(default_factory=dict)

    @property
    def keys(self) -> pl.Series:
        """Deals with a pause in force."""
        return pl.Series("key", list(self.in_force), dtype=pl.Int64)

    def remembered(self) -> pl.DataFrame:
        """PAUSES after this judgement."""
        return pl.DataFrame(self.rows, schema=PAUSES).sort("key", "number")


def followed(wide: Wide, memory: Memory) -> Paused:
    """Pauses brought up to date for the deals of a frame; its columns as_of_date, stage_name, _owner_id and is_open."""
    found = Paused()
    before: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in memory.pauses.iter_rows(named=True):
        before[row["key"]].append(row)
    asked = {row["key"]: row for row in memory.asked.iter_rows(named=True)}
    for deal in _deals(wide, before.keys() | asked.keys()):
        _follow(found, deal, before.pop(deal["key"], []), asked.get(deal["key"]))
    found.rows += [row for rows in before.values() for row in rows]
    return found


def _deals(wide: Wide, keys: set[int]) -> list[dict[str, Any]]:
    if not keys:
        return []
    known = {name: name + KNOWN for name in ("stage_name", "owner")}
    masks = [pl.col(mask) if mask in wide.frame.columns else pl.lit(value=True).alias(mask) for mask in known.values()]
    rows = wide.frame.filter(pl.col("key").is_in(list(keys)))
    return list(rows.select("key", "as_of_date", "is_open", "stage_name", "_owner_id", *masks).iter_rows(named=True))


def _follow(
    found: Paused, deal: Mapping[str, Any], rows: list[dict[str, Any]], asked: Mapping[str, Any] | None
) -> None:
    """One deal: its last pause goes on, ends early, or another one begins."""
    key, today, last = deal["key"], deal["as_of_date"], rows[-1] if rows else None
    found.rows += rows
    if last and last["ended"] is None and today <= last["until"] and _ends(deal, last, asked):
        last["ended"] = today
    if last and asked is None:
        last["asked"] = None
    if last and _goes_on(last, asked):
        if last["ended"] is None and today <= last["until"]:
            found.in_force[key] = last
        elif today <= last["asked"]:
            found.refused[key] = _over(last)
        return
    if asked is None or not asked["readable"] or asked["asked"] < today or not deal["is_open"]:
        return
    why = _refusal(deal, rows, asked["reason"])
    if why:
        found.refused[key] = why
        return
    begun = _begun(deal, len(rows) + 1, asked)
    found.rows.append(begun)
    found.in_force[key] = begun


def _ends(deal: Mapping[str, Any], last: Mapping[str, Any], asked: Mapping[str, Any] | None) -> bool:
    """A pause ends with a change of stage or owner, with the deal, and where its date was taken off or changed."""
    moved = deal["stage_name"] != last["stage_name"] and deal["stage_name" + KNOWN]
    handed_over = deal["_owner_id"] != last["owner_id"] and deal["owner" + KNOWN]
    if moved or handed_over or not deal["is_open"]:
        return True
    return asked is None or (asked["readable"] and asked["asked"] != last["asked"])


def _goes_on(last: Mapping[str, Any], asked: Mapping[str, Any] | None) -> bool:
    """Whether the record still says what it said when the last pause began; what cannot be read says no other."""
    if asked is None or last["asked"] is None:
        return False
    return not asked["readable"] or asked["asked"] == last["asked"]


def _over(last: Mapping[str, Any]) -> str:
    """Why a pause that the record still names is no longer in force."""
    if last["ended"] is not None:
        return f"The pause ended on {day(last['ended'])}, when the deal moved or changed hands"
    return f"The pause ended on {day(last['until'])}: {MOST_DAYS.days} days are the most"


def _refusal(deal: Mapping[str, Any], rows: list[dict[str, Any]], reason: str | None) -> str:
    """Why a pause is not granted; empty where it is."""
    if compared(reason or "") in NO_REASON | {""}:
        return "The pause does not count: it has no reason"
    here = sum(row["stage_name"] == deal["stage_name"] for row in rows)
    if here >= A_STAGE:
        return f"The pause does not count: the deal was paused {A_STAGE} times in this stage"
    return ""


def _begun(deal: Mapping[str, Any], number: int, asked: Mapping[str, Any]) -> dict[str, Any]:
    today: date = deal["as_of_date"]
    return {
        "key": deal["key"], "number": number, "asked": asked["asked"], "until": min(asked["asked"], today + MOST_DAYS),
        "reason": asked["reason"], "began": today, "stage_name": deal["stage_name"],
        "owner_id": deal["_owner_id"], "ended": None,
    }  # fmt: skip
