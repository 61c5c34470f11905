"""What KPIs cannot know, said beside their values: of a past day or window, and of stages without a process."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from kpis.answers import noted
from kpis.populations import OF_DEALS
from model.helpers.words import many
from worker.pipeline.context import local_day

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import polars as pl

    from kpis.dictionary import Kpi
    from model.process import Process
    from worker.pipeline.session import Session

NO_PROCESS: Final = (
    "No process is in force, so the stage of every deal is unknown. `[policies] paths` replaces the starter "
    "pack: name its file, or one of your own with a process, there too."
)
STAGED: Final = "no process is in force, so the stage of every deal is unknown"
BEFORE: Final = (
    "{day} is before the first pull on {since}: an amount is known only where the CRM kept its history, "
    "as of {known} of {deals}"
)
NOTHING_THEN: Final = "nothing is known of {day}: {since}"
GONE: Final = (
    "{deals} of {last} or before, deleted or merged since, left out; `--as-of {then}` counts what was there then"
)
VALUES: Final = ("value", "low", "high", "numerator", "denominator")


def with_caveats(
    session: Session, rows: Sequence[dict[str, Any]], kpis: Mapping[str, Kpi], processes: Sequence[Process],
    deals: pl.DataFrame,
) -> list[dict[str, Any]]:  # fmt: skip
    """The rows, each with what it cannot know; as of a day on which no deal was known, without a value.

    `deals`: the rows of deals, with their `value` in the home currency.
    """
    first = session.store.history.recorded_since(session.name)
    past = first is not None and session.as_of < first
    day, since = f"{session.as_of:%Y-%m-%d}", f"{first:%Y-%m-%d}" if first else ""
    if past and deals.is_empty():
        why = NOTHING_THEN.format(day=day, since=f"the first pull was on {since}, and the CRM has no deal from before")
        return [{**row, **dict.fromkeys(VALUES), "n": 0, "few": False, "why": why} for row in rows]
    known = deals["value"].count()
    before = BEFORE.format(day=day, since=since, known=known, deals=many(deals.height, "deal")) if past else ""
    if past:
        rows = [_few(session, row, kpis[row["id"]], most=2 * known >= deals.height) for row in rows]
    gone = _GoneSince(session)
    return [_noted(row, _caveats(kpis[row["id"]], before, processes, gone.note(row))) for row in rows]


def _few(session: Session, row: dict[str, Any], kpi: Kpi, *, most: bool) -> dict[str, Any]:
    """The row, marked as few where its money rests on few amounts: under `kpis.enough`, or not of `most` deals."""
    few = not most or row["n"] < session.services.settings.kpis.enough
    return {**row, "few": True} if few and row["value"] is not None and "amount_home" in kpi.needs else row


class _GoneSince:
    """How many deals of a window that has ended are gone since; each last day is looked up once."""

    def __init__(self, session: Session) -> None:
        self.session, self.today, self.notes = session, local_day(session, session.as_of), dict[str, str]()

    def note(self, row: Mapping[str, Any]) -> str:
        """The sentence for a value of all deals; empty where its window goes up to as_of, or no deal is gone."""
        last = row["window_to"]
        if not last or row["dims"] or row["value"] is None or date.fromisoformat(last) >= self.today:
            return ""
        if last not in self.notes:
            self.notes[last] = self._note(date.fromisoformat(last))
        return self.notes[last]

    def _note(self, last: date) -> str:
        then, zone = last + timedelta(days=1), ZoneInfo(self.session.connection.timezone)
        ended = datetime.combine(then, time(), zone)
        count = self.session.store.history.gone_between(self.session.name, ended, self.session.as_of)
        return GONE.format(deals=many(count, "deal"), last=last, then=then) if count else ""


def _caveats(kpi: Kpi, before: str, processes: Sequence[Process], gone: str) -> Iterator[str]:
    if "amount_home" in kpi.needs:
        yield before
    if not processes and not {"stage", "stage_since"}.isdisjoint(kpi.needs):
        yield STAGED
    if kpi.population in OF_DEALS:
        yield gone


def _noted(row: dict[str, Any], caveats: Iterator[str]) -> dict[str, Any]:
    """The row of all deals with caveats in its note; groups have none."""
    why = "" if row["dims"] else noted(row.get("why", ""), *caveats)
    return {**row, "why": why} if why else row
