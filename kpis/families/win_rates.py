"""Win rates over other denominators than closed deals: all deals created, and deals that reached Proposal."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from kpis.answers import Answer, left_out, noted, ratio
from kpis.dictionary import Kpi
from kpis.families.closing import IMPORTED, VALUE
from kpis.families.pipeline import HOME, STATELESS
from kpis.intervals import BY_VALUE, WILSON, share_interval, share_parts, wilson

if TYPE_CHECKING:
    from kpis.answers import Parts

KNOWN = ~pl.col("stateless") & ~pl.col("scopeless")
IMPORT = pl.col("imported")
CREATED = pl.col("created_in_window") & ~IMPORT & KNOWN
PROPOSED = pl.col("proposed_in_window").fill_null(value=False) & KNOWN
IS_WON, IS_LOST = (pl.col(name).fill_null(value=False) for name in ("is_won", "is_lost"))
OF_CREATED: Final = {
    "imported": (pl.col("created_in_window") & IMPORT & KNOWN).sum(),
    "undated": (pl.col("uncreated") & KNOWN).sum(),
}
OF_PROPOSED: Final = {
    "elsewhere": (~pl.col("has_proposal") & KNOWN).sum(),
    "undated": (
        pl.col("proposed") & pl.col("has_proposal") & pl.col("proposed_on").is_null() & ~PROPOSED & KNOWN
    ).sum(),
}
STAGELESS: Final = {
    **STATELESS,
    "of unknown stages": pl.col("unproposed"),
}


def _notes(of: Parts) -> str:
    return noted(
        left_out(of.get("imported", 0), "deal", IMPORTED),
        left_out(of.get("elsewhere", 0), "deal", "in a process without a stage `proposal`"),
        left_out(of["undated"], "deal", "without a day of creation" if "imported" in of else "without a day of it"),
    )


def _by_count(of: Parts, none: str) -> Answer:
    why = _notes(of)
    if not of["n"] and of["undated"]:
        return Answer(None, None, None, 0, why)
    return ratio(of["yes"], of["n"], of["n"], none, why, interval=wilson(of["yes"], of["n"]))


def _by_value(of: Parts, none: str) -> Answer:
    why = noted(_notes(of), left_out(of["out"], "deal", "without an amount at home"))
    if not of["priced"] and (of["out"] or of["undated"]):
        return Answer(None, None, None, 0, why)
    return ratio(of["yes_value"], of["all"], of["priced"], none, why, interval=share_interval(of))


NONE_CREATED: Final = "no deal was created in the window"
NONE_PROPOSED: Final = "no deal reached Proposal in the window"


def win_rate_created(of: Parts) -> Answer:
    """Won so far ÷ all created, by count; open deals are in the denominator."""
    return _by_count(of, NONE_CREATED)


def win_rate_created_by_value(of: Parts) -> Answer:
    """Won so far ÷ all created, by amount; open deals are in the denominator."""
    return _by_value(of, NONE_CREATED)


def opportunity_to_close_rate(of: Parts) -> Answer:
    """Closed so far ÷ all created, by count, whether won or lost."""
    return _by_count(of, NONE_CREATED)


def opportunity_to_close_rate_by_value(of: Parts) -> Answer:
    """Closed so far ÷ all created, by amount, whether won or lost."""
    return _by_value(of, NONE_CREATED)


def win_rate_proposal(of: Parts) -> Answer:
    """Won so far ÷ deals that reached Proposal, by count; open deals are in the denominator."""
    return _by_count(of, NONE_PROPOSED)


def win_rate_proposal_by_value(of: Parts) -> Answer:
    """Won so far ÷ deals that reached Proposal, by amount; open deals are in the denominator."""
    return _by_value(of, NONE_PROPOSED)


def _count(yes: pl.Expr, of: pl.Expr) -> dict[str, pl.Expr]:
    return {"yes": (of & yes).sum(), "n": of.sum()}


def _value(yes: pl.Expr, of: pl.Expr) -> dict[str, pl.Expr]:
    priced = VALUE.is_not_null()
    return {
        "yes_value": pl.when(of & yes).then(VALUE).sum(),
        "all": pl.when(of).then(VALUE).sum(),
        "priced": (of & priced).sum(),
        "out": (of & ~priced).sum(),
        **share_parts(pl.when(of & yes).then(VALUE), pl.when(of).then(VALUE)),
    }


NO_CYCLE: Final = ". Deals created closed are left out, because they were not created on that day"
SO_FAR: Final = "; a young cohort has had less time, so compare cohorts of one age"
cohort: Any = partial(Kpi, unit="share", leads="lagging", category="outcome")
created: Any = partial(
    cohort, clock="created", counted=CREATED, leaves_out=STATELESS,
    window="deals created on a day of the window, followed to as_of; periods are those of the creation",
)  # fmt: skip
proposed: Any = partial(
    cohort, clock="proposed", counted=PROPOSED, leaves_out=STAGELESS,
    window="deals that first reached Proposal on a day of the window, followed to as_of; periods are those of that day",
)  # fmt: skip
PROPOSAL: Final = (
    "deals that reached the stage with the id `proposal` of the process that binds them, a later stage of it, or Won; "
    "the day is that of the first such move, for a won deal without one the day of closing. Deals whose process has no "
    "such stage are left out, and so are lost deals without any stage in their history"
)
PRICED: Final = "; deals without an amount at home are left out"
KPIS: Final = (
    created(
        id="win_rate_created",
        title="Win rate of all created deals",
        purpose="How many of the opportunities become customers",
        formula="deals won so far ÷ all deals created",
        numerator="of those created, the deals that are won at as_of",
        denominator="deals created in the window, open ones included" + NO_CYCLE,
        source="S84, X8: not comparable with won ÷ closed (S83) or won ÷ proposals (S82)" + SO_FAR,
        needs=("is_won", "is_lost", "created"),
        parts={**_count(IS_WON, CREATED), **OF_CREATED},
        interval=WILSON,
        also=("win rate", "opportunity to win rate"),
        answer=win_rate_created,
    ),
    created(
        id="win_rate_created_by_value",
        title="Win rate of all created deals by value",
        purpose="How much of the value of all opportunities becomes revenue",
        formula="Σ amount won so far ÷ Σ amount of all deals created",
        numerator="of those created, the amounts of deals that are won at as_of",
        denominator="amounts of deals created in the window, open ones included" + NO_CYCLE + PRICED,
        source="S84, X8" + SO_FAR,
        currency=HOME,
        needs=("is_won", "is_lost", "created", "amount_home"),
        parts={**_value(IS_WON, CREATED), **OF_CREATED},
        interval=BY_VALUE,
        also=("win rate", "win rate by value"),
        answer=win_rate_created_by_value,
    ),
    proposed(
        id="win_rate_proposal",
        title="Win rate of deals that reached Proposal",
        purpose="How many proposals are won; a low rate is a problem of qualification or of competition",
        formula="deals won so far ÷ deals that reached Proposal",
        numerator="of those that reached Proposal, the deals that are won at as_of",
        denominator=PROPOSAL,
        source="S82, S83, X8: not comparable with won ÷ closed or won ÷ all opportunities (S84)" + SO_FAR,
        needs=("is_won", "is_lost", "stage", "stage_since"),
        parts={**_count(IS_WON, PROPOSED), **OF_PROPOSED},
        interval=WILSON,
        also=("win rate", "proposal win rate"),
        answer=win_rate_proposal,
    ),
    proposed(
        id="win_rate_proposal_by_value",
        title="Win rate of deals that reached Proposal by value",
        purpose="How much of the value of proposals is won",
        formula="Σ amount won so far ÷ Σ amount of deals that reached Proposal",
        numerator="of those that reached Proposal, the amounts of deals that are won at as_of",
        denominator="amounts of " + PROPOSAL + PRICED,
        source="S82, X8" + SO_FAR,
        currency=HOME,
        needs=("is_won", "is_lost", "stage", "stage_since", "amount_home"),
        parts={**_value(IS_WON, PROPOSED), **OF_PROPOSED},
        interval=BY_VALUE,
        also=("win rate", "win rate by value"),
        answer=win_rate_proposal_by_value,
    ),
    created(
        id="opportunity_to_close_rate",
        title="Opportunity-to-close rate",
        purpose="How many of the opportunities come to an end, whichever",
        formula="deals closed so far ÷ all deals created",
        numerator="of those created, the deals that are won or lost at as_of",
        denominator="deals created in the window, open ones included" + NO_CYCLE,
        source="S83: closed ÷ opportunities; it is no win rate" + SO_FAR,
        needs=("is_won", "is_lost", "created"),
        parts={**_count(IS_WON | IS_LOST, CREATED), **OF_CREATED},
        interval=WILSON,
        also=("close rate", "opportunity to close"),
        answer=opportunity_to_close_rate,
    ),
    created(
        id="opportunity_to_close_rate_by_value",
        title="Opportunity-to-close rate by value",
        purpose="How much of the value of all opportunities comes to an end",
        formula="Σ amount closed so far ÷ Σ amount of all deals created",
        numerator="of those created, the amounts of deals that are won or lost at as_of",
        denominator="amounts of deals created in the window, open ones included" + NO_CYCLE + PRICED,
        source="S83" + SO_FAR,
        currency=HOME,
        needs=("is_won", "is_lost", "created", "amount_home"),
        parts={**_value(IS_WON | IS_LOST, CREATED), **OF_CREATED},
        interval=BY_VALUE,
        also=("close rate", "opportunity to close"),
        answer=opportunity_to_close_rate_by_value,
    ),
)
