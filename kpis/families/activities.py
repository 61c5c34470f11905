"""Activities per rep and week, by kind (S89)."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Final

import polars as pl

from kpis.answers import Answer, left_out, noted, ratio
from kpis.dictionary import Kpi
from kpis.populations.activities import CLOCK, DIMS

if TYPE_CHECKING:
    from kpis.answers import Parts

WEEK: Final = 7
KIND: Final = pl.col("kind")
NOT_READ: Final = "no activity is known, or the activities were not read lately"
NO_REP: Final = "no rep has an open deal or a touch in the window"


def _per_rep_week(of: Parts) -> Answer:
    if not of["read"]:
        return Answer(None, why=NOT_READ)
    begun = of["begun"]
    why = noted(
        left_out(of["ownerless"], "touch", "without a known owner"),
        f"from {begun:%-d %b %Y}, the day of the earliest touch known" if begun else "",
    )
    return ratio(of["touches"], Fraction(of["days"] or 0, WEEK), of["touches"], NO_REP, why)


def activities_per_rep_week(of: Parts) -> Answer:
    """Touches of every kind per rep and week."""
    return _per_rep_week(of)


def meetings_per_rep_week(of: Parts) -> Answer:
    """Meetings that took place per rep and week."""
    return _per_rep_week(of)


def calls_per_rep_week(of: Parts) -> Answer:
    """Calls that were made per rep and week."""
    return _per_rep_week(of)


def emails_per_rep_week(of: Parts) -> Answer:
    """Mails per rep and week, without bulk and sequence mail."""
    return _per_rep_week(of)


def _parts(kinds: pl.Expr) -> dict[str, pl.Expr]:
    return {
        "touches": kinds.sum(), "days": pl.col("days").sum(), "begun": pl.col("begun").first(),
        "ownerless": pl.col("ownerless").first().fill_null(0), "read": pl.col("read").any(),
    }  # fmt: skip


per_week = partial(
    Kpi,
    denominator="Σ days of the window over the reps ÷ 7. Reps are the owners of a deal that is open at as_of, or of a "
    "touch in the window; each counts for every day of the window, or of its part that lies in the group's period. The "
    "window's days begin with the day of the earliest touch known, where that is later",
    window="touches from window_from to window_to, by the day in the zone of the touch's owner; the last 365 days "
    "where none is asked for, never all",
    unit="per rep and week",
    leads="leading",
    category="activity",
    clock=CLOCK,
    needs=("owner",),
    population="activities",
    only_by=(*DIMS, "month", "quarter"),
    cadence="weekly",
    counted=KIND.is_not_null(),
)  # fmt: skip
TOUCH: Final = (
    "once each, whether they lie on a deal or not: done, or a meeting that has begun, by as_of; not cancelled, no bulk "
    "mail, not made by an integration or by Sluicegate; `kpi_scope` and `--where` do not narrow them"
)
KPIS: Final = (
    per_week(
        id="activities_per_rep_week",
        title="Activities per rep and week",
        purpose="How much each rep works with buyers, as far as it is logged",
        formula="touches ÷ (reps × weeks)",
        numerator=f"calls, mails, meetings, notes and done tasks with a known owner, {TOUCH}",
        source="S89, S90; what is not logged is not seen",
        parts=_parts(KIND.is_not_null()),
        also=("activities", "activity", "touches"),
        answer=activities_per_rep_week,
    ),
    per_week(
        id="meetings_per_rep_week",
        title="Meetings per rep and week",
        purpose="How often each rep meets buyers",
        formula="meetings ÷ (reps × weeks)",
        numerator=f"meetings with a known owner, {TOUCH}",
        source="S89: 15 to 20 a week",
        parts=_parts((KIND == "meeting").fill_null(value=False)),
        also=("meetings", "activity"),
        answer=meetings_per_rep_week,
    ),
    per_week(
        id="calls_per_rep_week",
        title="Calls per rep and week",
        purpose="How often each rep calls buyers",
        formula="calls ÷ (reps × weeks)",
        numerator=f"calls with a known owner, {TOUCH}",
        source="S89: 50 to 60 discovery calls a month; a CRM does not say which calls are discovery",
        parts=_parts((KIND == "call").fill_null(value=False)),
        also=("calls", "activity", "discovery calls"),
        answer=calls_per_rep_week,
    ),
    per_week(
        id="emails_per_rep_week",
        title="Emails per rep and week",
        purpose="How often each rep writes to buyers or is written to",
        formula="mails ÷ (reps × weeks)",
        numerator=f"mails with a known owner, {TOUCH}",
        source="S89",
        parts=_parts((KIND == "mail").fill_null(value=False)),
        also=("emails", "mails", "activity"),
        answer=emails_per_rep_week,
    ),
)
