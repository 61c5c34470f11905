"""Deals to move back: a person's recent move missed a criterion with the action `move_back`. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from model.actions import Move, Wanted
from model.calendars.fiscal import in_last_business_days
from policies.actions.tasks import action_key

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import date, datetime

    from model.actions import KeptAction
    from policies.actions.tasks import Flag

FRESH: Final = timedelta(hours=24)
LAST_DAYS: Final = 5
"""Business days at the end of a fiscal quarter in which no deal is moved."""


@dataclass(frozen=True)
class LastMove:
    """The last stage change of an open deal; stages and pipelines by the CRM's names.

    `ordinary`: forward, in one process and pipeline, made by a person and not by us; `open`: the stage that it came
    from is in use and not closed.
    """

    deal: str
    at: datetime
    from_stage: str
    to_stage: str
    pipeline: str | None
    ordinary: bool
    open: bool


@dataclass(frozen=True)
class Season:
    """The instant, the connection's local day, and the settings that give the end of a fiscal quarter."""

    as_of: datetime
    today: date
    fiscal_year_starts: int = 1
    holidays: Collection[date] = ()

    @property
    def ends(self) -> bool:
        """Whether the fiscal quarter is in its last business days: no deal is moved then."""
        return in_last_business_days(self.today, LAST_DAYS, self.fiscal_year_starts, self.holidays)


def plan_moves(
    connection: str,
    flags: Iterable[Flag],
    missed_at: Mapping[tuple[int, str], datetime],
    last: Mapping[int, LastMove],
    season: Season,
) -> list[Wanted]:
    """One move back for each breaching move within 24 hours, unless the stage is closed or a quarter ends.

    `flags`: of criteria that move back; `missed_at`: when a deal was moved past a criterion. A move that was wanted
    before is named by the same key.
    """
    found: dict[str, Wanted] = {}
    for flag in flags:
        move = last.get(flag.deal_key)
        if move is None or flag.held or season.ends or move.at != missed_at.get((flag.deal_key, flag.policy)):
            continue
        if move.ordinary and move.open and timedelta() <= season.as_of - move.at <= FRESH:
            key = action_key(connection, move.deal, "move_back", move.at.isoformat())
            act = Move(key, move.deal, move.pipeline, move.to_stage, move.from_stage, move.at)
            found.setdefault(key, Wanted(flag.deal_key, flag.policy, "move_back", flag.since, act))
    return list(found.values())


def not_yet(wanted: Iterable[Wanted], known: Mapping[str, KeptAction]) -> list[Wanted]:
    """Moves never tried, or interrupted while sending; a move is taken back once, whatever the outcome."""
    return [one for one in wanted if one.key not in known or known[one.key].state == "sending"]
