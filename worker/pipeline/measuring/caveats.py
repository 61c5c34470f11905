"""What KPIs cannot know, said beside their values: of a past day, and of stages where no process is in force."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kpis.answers import noted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kpis.dictionary import Kpi
    from model.process import Process
    from worker.pipeline.session import Session

NO_PROCESS: Final = (
    "No process is in force, so the stage of every deal is unknown. `[policies] paths` replaces the starter "
    "pack: name its file, or one of your own with a process, there too."
)
STAGED: Final = "no process is in force, so the stage of every deal is unknown"
BEFORE: Final = "{day} is before the first pull on {since}: an amount is known only where the CRM kept its history"
NOTHING_THEN: Final = "nothing is known of {day}: {since}"
VALUES: Final = ("value", "low", "high", "numerator", "denominator")


def with_caveats(
    session: Session, rows: Sequence[dict[str, Any]], kpis: Mapping[str, Kpi], processes: Sequence[Process], deals: int
) -> list[dict[str, Any]]:
    """The rows, each with what it cannot know; as of a day on which no deal was known, without a value.

    `deals`: how many deals were known.
    """
    first = session.store.history.recorded_since(session.name)
    past = first is not None and session.as_of < first
    day, since = f"{session.as_of:%Y-%m-%d}", f"{first:%Y-%m-%d}" if first else ""
    if past and not deals:
        why = NOTHING_THEN.format(day=day, since=f"the first pull was on {since}, and the CRM has no deal from before")
        return [{**row, **dict.fromkeys(VALUES), "n": 0, "few": False, "why": why} for row in rows]
    before = BEFORE.format(day=day, since=since) if past else ""
    return [_noted(row, _caveats(kpis[row["id"]], before, processes)) for row in rows]


def _caveats(kpi: Kpi, before: str, processes: Sequence[Process]) -> Iterator[str]:
    if "amount_home" in kpi.needs:
        yield before
    if not processes and not {"stage", "stage_since"}.isdisjoint(kpi.needs):
        yield STAGED


def _noted(row: dict[str, Any], caveats: Iterator[str]) -> dict[str, Any]:
    """The row of all deals with caveats in its note; groups have none."""
    why = "" if row["dims"] else noted(row.get("why", ""), *caveats)
    return {**row, "why": why} if why else row
