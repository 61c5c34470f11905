"""Pipelines for the tests of KPIs: deals and moves written in a line, as the wide frame has them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import polars as pl

from kpis.catalogue import SHIPPED
from kpis.dictionary import DEAL_DIMS
from kpis.measure import measure
from kpis.populations import Source, rows_of
from kpis.populations.activities import TOUCHES
from kpis.question import Question
from model.process import Process, Stage
from model.snapshot import INSTANT, MONEY
from model.wide import Wide
from model.widening.date_moves import DATE_MOVES

TODAY = date(2026, 11, 22)
AS_OF = datetime(2026, 11, 22, 12, tzinfo=UTC)
FACTS = {
    "is_open": pl.Boolean, "is_won": pl.Boolean, "is_lost": pl.Boolean, "amount_home": MONEY, "probability": pl.Float64,
    "created": pl.Date, "closed_on": pl.Date, "close_date": pl.Date, "stage": pl.String, "stage_since": pl.Date,
    "owner": pl.String, "team": pl.String, "segment": pl.String, "pipeline": pl.String, "region": pl.String,
    "source": pl.String, "product": pl.String, "amount_home__known": pl.Boolean,
    "pushes": pl.Int64, "loss_reason": pl.String, "campaign": pl.String,
}  # fmt: skip
MOVES = {
    "key": pl.Int64, "at": INSTANT, "on": pl.Date, "process": pl.String, "from_stage": pl.String,
    "to_stage": pl.String, "from_order": pl.Int64, "to_order": pl.Int64, "kind": pl.String, "actor": pl.String,
    "ours": pl.Boolean,
}  # fmt: skip
STAGES = ("discovery", "qualified", "evaluation", "proposal", "negotiation", "won")
PROCESS = Process("sales", tuple(Stage(stage, {}) for stage in STAGES))
START = datetime(2026, 1, 5, 12, tzinfo=UTC)


def deal(state="open", amount=None, **facts):
    """One deal: open, won or lost."""
    values = {"is_open": state == "open", "is_won": state == "won", "is_lost": state == "lost"}
    money = None if amount is None else Decimal(amount)
    return {**dict.fromkeys(FACTS), "amount_home__known": True, **values, "amount_home": money, **facts}


def walk(key, steps, *, start=START):
    """Moves of one deal: `steps` are (stage or "lost", days it stayed in the stage before)."""
    rows, place, at = [], None, start
    for stage, days in steps:
        at += timedelta(days=days)
        order = None if stage == "lost" else STAGES.index(stage) + 1
        rows.append({
            "key": key, "at": at, "on": at.date(), "process": "sales", "from_stage": place and place[0],
            "to_stage": None if stage == "lost" else stage, "from_order": place and place[1], "to_order": order,
            "kind": _kind(stage, order, place), "actor": "user", "ours": False,
        })  # fmt: skip
        place = (stage, order)
    return rows


def _kind(stage, order, place):
    if place is None:
        return "created"
    if stage in {"won", "lost"}:
        return stage
    if place[0] in {"won", "lost"}:
        return "reopened"
    return "forward" if order > place[1] else "backward"


def pipeline(deals=(), moves=(), *, dormant=(), keys=0):
    """The wide frame of these deals; `keys` adds plain open deals for moves that need one."""
    deals = [*deals, *(deal() for _ in range(keys))]
    frame = pl.DataFrame(deals, schema=FACTS).with_columns(
        key=pl.int_range(len(deals), dtype=pl.Int64), as_of_date=pl.lit(TODAY), process=pl.lit("sales")
    )
    return Wide(frame, AS_OF, pl.DataFrame(list(moves), schema=MOVES), frozenset(dormant))


def values_of(wide, *, by=(), window=None, dims=DEAL_DIMS, date_moves=None, touches=None, leads=None, **asked):
    """All values over a pipeline; `by`: dimensions, or pairs of them; `date_moves`, `touches`: rows of these."""
    pairs = [dim if isinstance(dim, tuple) else (dim,) for dim in by]
    moves = None if date_moves is None else pl.DataFrame(list(date_moves), schema=DATE_MOVES, orient="row")
    logged = None if touches is None else pl.DataFrame(list(touches), schema=TOUCHES, orient="row")
    rows = rows_of(
        [Source(wide, dims=tuple(dims), processes=(PROCESS,), date_moves=moves, touches=logged, leads=leads)]
    )
    return measure(rows, Question(by=pairs, window=window, **asked))


def value_of(wide, kpi, by=None, window=None, **asked):
    """The values of one KPI: the one of all deals, or those of each group."""
    only = {kpi: SHIPPED[kpi]}
    found = values_of(wide, by=[by] if by else [], window=window, **{"kpis": only, **asked})
    if by is None:
        return next(value for value in found if not value.dims)
    return {value.dims[by]: value for value in found if by in value.dims}
