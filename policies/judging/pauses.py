"""Pauses that reps ask for on the record: which are granted, which are in force, and why others are invalid."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import polars as pl

from model.facts import KNOWN
from model.previous_verdict import PAUSES
from policies.files import NO_REASON
from policies.language import compared

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from model.previous_verdict import PreviousVerdict
    from model.wide import Wide

MOST_DAYS: Final = timedelta(days=30)
MOST_IN_STAGE: Final = 2
"""Pauses that a deal may have in one stage."""


class InvalidPause(NamedTuple):
    """Why a pause on the record is not in force; `ended`: its last day, where it was granted once."""

    why: Literal["no reason", "too many", "ended early", "too long"]
    ended: date | None = None


@dataclass
class Pauses:
    """The pauses of some deals: rows to keep, those in force by key, and by key why one is invalid."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    in_force: dict[int, dict[str, Any]] = field(default_factory=dict)
    invalid: dict[int, InvalidPause] = field(default_factory=dict)

    @property
    def keys(self) -> pl.Series:
        """Deals with a pause in force."""
        return pl.Series("key", list(self.in_force), dtype=pl.Int64)

    def frame(self) -> pl.DataFrame:
        """The granted pauses with the schema PAUSES."""
        return pl.DataFrame(self.rows, schema=PAUSES).sort("key", "number")


def updated(wide: Wide, previous: PreviousVerdict) -> Pauses:
    """Pauses of a frame's deals as of today; reads its columns as_of_date, stage_name, _owner_id and is_open."""
    pauses = Pauses()
    before: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in previous.pauses.iter_rows(named=True):
        before[row["key"]].append(row)
    asked = {row["key"]: row for row in previous.asked.iter_rows(named=True)}
    for deal in _deals(wide, before.keys() | asked.keys()):
        _update(pauses, deal, before.pop(deal["key"], []), asked.get(deal["key"]))
    pauses.rows += [row for rows in before.values() for row in rows]
    return pauses


def _deals(wide: Wide, keys: set[int]) -> list[dict[str, Any]]:
    if not keys:
        return []
    known = {name: name + KNOWN for name in ("stage_name", "owner")}
    masks = [pl.col(mask) if mask in wide.frame.columns else pl.lit(value=True).alias(mask) for mask in known.values()]
    rows = wide.frame.filter(pl.col("key").is_in(list(keys)))
    return list(rows.select("key", "as_of_date", "is_open", "stage_name", "_owner_id", *masks).iter_rows(named=True))


def _update(
    pauses: Pauses, deal: Mapping[str, Any], rows: list[dict[str, Any]], asked: Mapping[str, Any] | None
) -> None:
    """Bring one deal up to date: its last pause goes on, ends early, or another one begins."""
    key, today, last = deal["key"], deal["as_of_date"], rows[-1] if rows else None
    pauses.rows += rows
    if last and last["ended"] is None and today <= last["until"] and _ends(deal, last, asked):
        last["ended"] = today
    if last and asked is None:
        last["asked"] = None
    if last and _goes_on(last, asked):
        if last["ended"] is None and today <= last["until"]:
            pauses.in_force[key] = last
        elif today <= last["asked"]:
            pauses.invalid[key] = _over(last)
        return
    if asked is None or not asked["readable"] or asked["asked"] < today or not deal["is_open"]:
        return
    invalid = _invalid(deal, rows, asked["reason"])
    if invalid:
        pauses.invalid[key] = invalid
        return
    begun = _begun(deal, len(rows) + 1, asked)
    pauses.rows.append(begun)
    pauses.in_force[key] = begun


def _ends(deal: Mapping[str, Any], last: Mapping[str, Any], asked: Mapping[str, Any] | None) -> bool:
    """A pause ends when the stage or owner changes, the deal closes, or its date is removed or changed."""
    moved = deal["stage_name"] != last["stage_name"] and deal["stage_name" + KNOWN]
    handed_over = deal["_owner_id"] != last["owner_id"] and deal["owner" + KNOWN]
    if moved or handed_over or not deal["is_open"]:
        return True
    return asked is None or (asked["readable"] and asked["asked"] != last["asked"])


def _goes_on(last: Mapping[str, Any], asked: Mapping[str, Any] | None) -> bool:
    """Whether the record still asks for the pause that began last; a pause that cannot be read goes on."""
    if asked is None or last["asked"] is None:
        return False
    return not asked["readable"] or asked["asked"] == last["asked"]


def _over(last: Mapping[str, Any]) -> InvalidPause:
    """Why a pause that is still on the record is no longer in force."""
    if last["ended"] is not None:
        return InvalidPause("ended early", last["ended"])
    return InvalidPause("too long", last["until"])


def _invalid(deal: Mapping[str, Any], rows: list[dict[str, Any]], reason: str | None) -> InvalidPause | None:
    """Why a pause is not granted; None if it is granted."""
    if compared(reason or "") in NO_REASON | {""}:
        return InvalidPause("no reason")
    here = sum(row["stage_name"] == deal["stage_name"] for row in rows)
    return InvalidPause("too many") if here >= MOST_IN_STAGE else None


def _begun(deal: Mapping[str, Any], number: int, asked: Mapping[str, Any]) -> dict[str, Any]:
    today: date = deal["as_of_date"]
    return {
        "key": deal["key"], "number": number, "asked": asked["asked"], "until": min(asked["asked"], today + MOST_DAYS),
        "reason": asked["reason"], "began": today, "stage_name": deal["stage_name"],
        "owner_id": deal["_owner_id"], "ended": None,
    }  # fmt: skip
