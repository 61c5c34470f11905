"""Close dates: which were moved in a window, and how many deals slipped out of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import polars as pl

from kpis.answers import Answer, ratio
from kpis.dictionary import Kpi
from kpis.families.movements import WORTH, worth, worth_parts
from kpis.families.pipeline import STATELESS
from kpis.intervals import WILSON, wilson
from kpis.populations.date_moves import CLOCK

if TYPE_CHECKING:
    from kpis.answers import Parts

STANDS, PULLED, PUSHED = pl.col("stands"), pl.col("pulled_in"), pl.col("pushed_out")
DUE: Final = pl.col("due")
UNMOVED: Final = {
    **STATELESS,
    "without a day of closing": pl.col("dayless_then"),
    "without the whole history of the close date": pl.col("unhistoried"),
}
UNDUE: Final = {
    **STATELESS,
    "without a day of closing": pl.col("dayless_before"),
    "without the whole history of the close date": pl.col("unhistoried_before"),
    "without a day of creation": pl.col("ageless"),
}
MOVED: Final = (
    "from window_from to window_to, by the day on which the date was changed in the zone of the deal's owner; `all` is "
    "from creation to as_of"
)
STANDING: Final = (
    "deals open at the window's end (created by window_to, and open at as_of or closed after window_to), "
    "of which every change of the close date since creation is known"
)


def pulled_in_value(of: Parts) -> Answer:
    """The amounts of open deals whose close date is earlier at the end of the window than at its start."""
    return worth(of, "pulled-in deal")


def pushed_out_value(of: Parts) -> Answer:
    """The amounts of open deals whose close date is later at the end of the window than at its start."""
    return worth(of, "pushed-out deal")


def push_count(of: Parts) -> Answer:
    """How often the close dates of open deals were moved to later."""
    return Answer(of["pushes"], of["pushes"], None, of["n"])


def push_count_mean(of: Parts) -> Answer:
    """Moves of the close date to later per open deal."""
    return ratio(of["pushes"], of["n"], of["n"], "no deal open at the window's end")


def slippage_rate(of: Parts) -> Answer:
    """The share of the deals due in the window that were neither won nor lost by its end."""
    if not of["whole"]:
        return Answer(None, why="slippage needs a window of days, as 2026-Q3 or 90d")
    interval = wilson(of["slipped"], of["due"])
    return ratio(of["slipped"], of["due"], of["due"], "no deal was due in the window at its start", interval=interval)


moved = partial(
    Kpi, leads="leading", category="leading", population="date_moves", clock=CLOCK, timed=False, counted=STANDS,
    leaves_out=UNMOVED, window=MOVED, needs=("is_open", "close_date"),
)  # fmt: skip
KPIS: Final = (
    moved(
        id="pulled_in_value",
        title="Value pulled in",
        purpose="How much open pipeline is now expected earlier than when the window began",
        formula="Σ amount of open deals whose close date, from the window's start to its end, moved to earlier",
        numerator="amounts of " + STANDING + "; the date after the window's last change is earlier than that before "
        "its first change. A deal that was created in the window starts with the date it was created with. A date that "
        "was blank on either side does not count",
        denominator="none",
        source="S92; the net move, so there and back again counts as nothing",
        parts=worth_parts(PULLED, STANDS),
        also=("pulled in", "pull in"),
        answer=pulled_in_value,
        **WORTH,
    ),
    moved(
        id="pushed_out_value",
        title="Value pushed out",
        purpose="How much open pipeline is now expected later than when the window began",
        formula="Σ amount of open deals whose close date, from the window's start to its end, moved to later",
        numerator="amounts of " + STANDING + "; the date after the window's last change is later than that before its "
        "first change. A deal that was created in the window starts with the date it was created with. A date that was "
        "blank on either side does not count",
        denominator="none",
        source="S92; the net move, so there and back again counts as nothing",
        parts=worth_parts(PUSHED, STANDS),
        also=("pushed out", "slippage", "pushes"),
        answer=pushed_out_value,
        **WORTH,
    ),
    moved(
        id="push_count",
        title="Push count",
        purpose="How often close dates were moved to later",
        formula="number of changes of the close date to a later day, of open deals",
        numerator="changes in the window from one day to a later one, of " + STANDING,
        denominator="none",
        unit="moves",
        source="S92; counts each change, as the fact `pushes` does: there and back again is one push",
        parts={"pushes": pl.col("pushes").sum(), "n": STANDS.sum()},
        also=("pushes", "slippage"),
        answer=push_count,
    ),
    moved(
        id="push_count_mean",
        title="Mean push count",
        purpose="How often the close date of an open deal was moved to later",
        formula="push_count ÷ open deals",
        numerator="changes in the window from one day to a later one, of the deals of the denominator",
        denominator=STANDING,
        unit="moves per deal",
        source="S92",
        parts={"pushes": pl.col("pushes").sum(), "n": STANDS.sum()},
        also=("pushes", "slippage"),
        answer=push_count_mean,
    ),
    moved(
        id="slippage_rate",
        title="Slippage rate",
        purpose="How many of the deals that were to close in the window did not",
        formula="deals due in the window at its start that were still open at its end ÷ deals due in it at its start",
        numerator="deals of the denominator that are open at as_of, or were closed after window_to",
        denominator="deals created before window_from, open then (open at as_of, or closed on window_from or later), "
        "with a close date from window_from to window_to: the date before the first change made on window_from or "
        "later, where there is none the close date of as_of; of which every change since creation is known",
        unit="share",
        source="S92; due up to window_to, which is as_of in a window that is not over. A deal that was closed "
        "when the window began and has been re-opened since counts as open then",
        parts={"due": DUE.sum(), "slipped": pl.col("slipped").sum(), "whole": pl.col("whole").any()},
        counted=DUE,
        leaves_out=UNDUE,
        interval=WILSON,
        also=("slippage", "slipped deals"),
        answer=slippage_rate,
    ),
)
