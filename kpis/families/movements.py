"""Movements of a window: what was created, won and lost."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from kpis.answers import Answer, left_out, noted, ratio
from kpis.dictionary import Kpi
from kpis.families.closing import CLOSING, DAYLESS, LOST, VALUE, WON
from kpis.families.pipeline import HOME, STATELESS
from kpis.intervals import WILSON, wilson

if TYPE_CHECKING:
    from kpis.answers import Parts

CREATED: Final = pl.col("created_in_window") & ~pl.col("imported")


def worth(of: Parts, what: str) -> Answer:
    """The sum of the amounts of the deals that moved: no value if none of them has an amount, 0 if there are none."""
    total = None if of["out"] and of["out"] == of["moved"] else of["sum"]
    return Answer(total, total, None, of["n"], left_out(of["out"], what, "without an amount at home"))


def created_deals(of: Parts) -> Answer:
    """How many deals were created in the window."""
    return Answer(of["n"], of["n"], None, of["n"], _imported(of))


def created_value(of: Parts) -> Answer:
    """What the deals created in the window are worth at as_of."""
    found = worth(of, "created deal")
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
    return worth(of, "won deal")


def lost_value(of: Parts) -> Answer:
    """The sum of the amounts of deals lost in the window."""
    return worth(of, "lost deal")


def loss_reason_share(of: Parts) -> Answer:
    """The share of the lost deals that were lost for one reason; the group without a name has no reason recorded."""
    total = of["total"] or 0
    return ratio(of["n"], total, total, "no deal lost in the window", interval=wilson(of["n"], total))


def worth_parts(moved: pl.Expr, counted: pl.Expr | None = None) -> dict[str, pl.Expr]:
    """What `worth` needs of the deals that moved; `counted` are those that n counts, where they are others."""
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
        parts={**worth_parts(CREATED), **IMPORTED},
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
        parts=worth_parts(WON),
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
        parts=worth_parts(LOST),
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
)
