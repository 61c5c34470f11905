"""Movements of a window: what was created, won and lost, and which close dates were moved."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from kpis.answers import Answer, left_out, noted, ratio
from kpis.dictionary import Kpi
from kpis.families.closing import CLOSING, DAYLESS, LOST, VALUE, WON
from kpis.families.pipeline import HOME, STATELESS
from kpis.intervals import WILSON, wilson
from kpis.populations.date_moves import CLOCK

if TYPE_CHECKING:
    from kpis.answers import Parts

CREATED: Final = pl.col("created_in_window") & ~pl.col("imported")
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


def _worth(of: Parts, what: str) -> Answer:
    """The sum of the amounts of the deals that moved: no value if none of them has an amount, 0 if there are none."""
    total = None if of["out"] and of["out"] == of["moved"] else of["sum"]
    return Answer(total, total, None, of["n"], left_out(of["out"], what, "without an amount at home"))


def created_deals(of: Parts) -> Answer:
    """How many deals were created in the window."""
    return Answer(of["n"], of["n"], None, of["n"], _imported(of))


def created_value(of: Parts) -> Answer:
    """What the deals created in the window are worth at as_of."""
    found = _worth(of, "created deal")
    return Answer(found.value, found.numerator, None, found.n, noted(found.why, _imported(of)))


def _imported(of: Parts) -> str:
    return left_out(of["imported"], "deal", "created closed")


def won_deals(of: Parts) -> Answer:
    """How many deals were won in the window."""
    return Answer(of["n"], of["n"], None, of["n"])


def lost_deals(of: Parts) -> Answer:
    """How many deals were lost in the window."""
    return Answer(of["n"], of["n"], None, of["n"])


def won_value(of: Parts) -> Answer:
    """The sum of the amounts of deals won in the window."""
    return _worth(of, "won deal")


def lost_value(of: Parts) -> Answer:
    """The sum of the amounts of deals lost in the window."""
    return _worth(of, "lost deal")


def loss_reason_share(of: Parts) -> Answer:
    """The share of the lost deals that were lost for one reason; the group without a name has no reason recorded."""
    return ratio(
        of["n"], of["total"], of["n"], "no deal lost in the window", interval=wilson(of["n"], of["total"] or 0)
    )


def pulled_in_value(of: Parts) -> Answer:
    """The amounts of open deals whose close date is earlier at the end of the window than at its start."""
    return _worth(of, "deal pulled in")


def pushed_out_value(of: Parts) -> Answer:
    """The amounts of open deals whose close date is later at the end of the window than at its start."""
    return _worth(of, "deal pushed out")


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


def _money(moved: pl.Expr, counted: pl.Expr | None = None) -> dict[str, pl.Expr]:
    return {
        "sum": pl.when(moved).then(VALUE).sum(), "moved": moved.sum(), "out": (moved & VALUE.is_null()).sum(),
        "n": (moved if counted is None else counted).sum(),
    }  # fmt: skip


IMPORTED: Final = {"imported": (pl.col("created_in_window") & pl.col("imported")).sum()}
WORTH: Final[dict[str, Any]] = {"unit": "money", "currency": HOME + "; the amounts of as_of, which has no history"}
created = partial(
    Kpi, denominator="none", leads="leading", category="leading", clock="created", counted=CREATED,
    leaves_out={**STATELESS, "without a day of creation": pl.col("uncreated")},
    window="deals created in the window, by the day of creation in the zone of the deal's owner",
)  # fmt: skip
closed = partial(Kpi, leads="lagging", category="outcome", clock="closed", window=CLOSING, leaves_out=DAYLESS)
moved = partial(
    Kpi, leads="leading", category="leading", population="date_moves", clock=CLOCK, timed=False, counted=STANDS,
    leaves_out=UNMOVED, window=MOVED, needs=("is_open", "close_date"),
)  # fmt: skip
KPIS: Final = (
    created(
        id="created_deals",
        title="Deals created",
        purpose="How much new work came in",
        formula="number of deals created in the window",
        numerator="deals created in the window, closed ones included, without deals created closed",
        unit="deals",
        source="S92",
        needs=("created", "is_open"),
        parts={"n": CREATED.sum(), **IMPORTED},
        also=("new deals", "deals created", "opportunities created"),
        answer=created_deals,
    ),
    created(
        id="created_value",
        title="Value created",
        purpose="How much new pipeline came in",
        formula="Σ amount of deals created in the window",
        numerator="amounts of deals created in the window, closed ones included, without deals created closed",
        source="S92; amounts are those of as_of, so a deal that grew since counts with what it grew to",
        needs=("created", "is_open", "amount_home"),
        parts={**_money(CREATED), **IMPORTED},
        also=("new pipeline", "pipeline created", "pipeline generation"),
        answer=created_value,
        **WORTH,
    ),
    closed(
        id="won_deals",
        title="Deals won",
        purpose="How many deals were won",
        formula="number of deals won in the window",
        numerator="deals won in the window",
        unit="deals",
        denominator="none",
        source="S92",
        needs=("is_won",),
        counted=WON,
        parts={"n": WON.sum()},
        also=("won", "wins"),
        answer=won_deals,
    ),
    closed(
        id="won_value",
        title="Value won",
        purpose="How much was won",
        formula="Σ amount of deals won in the window",
        numerator="amounts of deals won in the window",
        denominator="none",
        source="S92",
        needs=("is_won", "amount_home"),
        counted=WON,
        parts=_money(WON),
        also=("won", "bookings", "closed won"),
        answer=won_value,
        **WORTH,
    ),
    closed(
        id="lost_deals",
        title="Deals lost",
        purpose="How many deals were lost; by loss_reason why",
        formula="number of deals lost in the window",
        numerator="deals lost in the window",
        unit="deals",
        denominator="none",
        source="S94",
        needs=("is_lost",),
        counted=LOST,
        parts={"n": LOST.sum()},
        also=("lost", "losses", "loss reasons"),
        answer=lost_deals,
    ),
    closed(
        id="lost_value",
        title="Value lost",
        purpose="How much was lost; by loss_reason why",
        formula="Σ amount of deals lost in the window",
        numerator="amounts of deals lost in the window",
        denominator="none",
        source="S94; some teams set a lost deal's amount to 0, which counts as 0",
        needs=("is_lost", "amount_home"),
        counted=LOST,
        parts=_money(LOST),
        also=("lost", "loss reasons"),
        answer=lost_value,
        **WORTH,
    ),
    closed(
        id="loss_reason_share",
        title="Share of a loss reason",
        purpose="Why deals are lost",
        formula="deals lost for the reason ÷ all deals lost",
        numerator="deals lost in the window with this loss_reason",
        denominator="all deals lost in the window, those without a reason included",
        unit="share",
        source="S94",
        needs=("is_lost", "loss_reason"),
        counted=LOST,
        overall=False,
        only_by=("loss_reason",),
        interval=WILSON,
        parts={"n": LOST.sum(), "total": pl.col("lost_total").first()},
        also=("loss reasons", "lost"),
        answer=loss_reason_share,
    ),
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
        parts=_money(PULLED, STANDS),
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
        parts=_money(PUSHED, STANDS),
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
