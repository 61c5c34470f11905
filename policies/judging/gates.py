"""Gates: which forward move bound which criterion, what is unmet now, and what is remembered of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import polars as pl

from model.snapshot import INSTANT, columns
from policies.judging.exemptions import FREED
from policies.judging.score import counting

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from model.previous_verdict import Memory
    from model.wide import Wide
    from policies.judging.rules import Place, Rule

FORWARD: Final = ("forward", "won")
STATES: Final = ("breached", "waiting", "unknown", "ready", "clear")
"""Gate status of an open deal: the first of these that holds."""

_ON, _AT, _TO, _BOUND, _BACK = "on", "at", "to_name", "bound", "back_at"


def with_bindings(wide: Wide, rules: Sequence[Rule], first_runs: Mapping[str, date]) -> pl.DataFrame:
    """The wide frame and, for each gate with criteria, columns `_GATE:…` of the last move that binds it."""
    frame = wide.frame
    gates = {rule.place.gate: rule.place for rule in rules if rule.place}
    recent = wide.moves.filter(pl.col("on") >= _earliest(wide, rules, first_runs)) if gates else wide.moves.clear()
    mine = recent.join(frame.select("key", "process"), on=["key", "process"], how="semi")
    moves = mine.sort("key", "at", maintain_order=True).with_row_index("n")
    for place in gates.values():
        frame = frame.join(_binding(moves, place), on="key", how="left", maintain_order="left")
    return frame


def _earliest(wide: Wide, rules: Sequence[Rule], first_runs: Mapping[str, date]) -> date:
    """The first day on which a move can bind anything; older moves need not be looked at."""
    today = wide.as_of.date() - timedelta(days=1)
    return min(binds_from(rule, rule.place, first_runs) or today for rule in rules if rule.place)


def binds_from(rule: Rule, place: Place, first_runs: Mapping[str, date]) -> date | None:
    """The day from which moves bind the criterion; None: it runs for the first time, today."""
    return place.criterion.binds_from or first_runs.get(rule.id)


def _binding(moves: pl.DataFrame, place: Place) -> pl.DataFrame:
    """By key: the last move that binds the place's gate, whether it still does, and the last move back to it."""
    moves = moves.filter(pl.col("process") == place.process.id)
    bind = moves.filter(_binds(place)).group_by("key").agg(pl.col("n", _AT, _ON, _TO).last())
    behind = (pl.col("to_order") <= place.order) & ~pl.col("kind").is_in([*FORWARD, "created"])
    back = moves.filter(behind).group_by("key").agg(pl.col("n").last().alias("back_n"), pl.col(_AT).last().alias(_BACK))
    both = bind.join(back, on="key", how="full", coalesce=True)
    bound = pl.col("n").is_not_null() & (pl.col("n").cast(pl.Int64) > pl.col("back_n").cast(pl.Int64).fill_null(-1))
    return both.select(
        "key",
        bound.alias(_name(place, _BOUND)),
        *(pl.col(c).alias(_name(place, c)) for c in (_AT, _ON, _TO, _BACK)),
    )


def _binds(place: Place) -> pl.Expr:
    """Forward moves through the gate; out of Lost (no order) only Won's own entry binds; what we did binds nothing."""
    start, end = pl.col("from_order"), pl.col("to_order")
    if place.side == "exit":
        through = (start <= place.order) & (end > place.order)
    else:
        through = (start < place.order) & (end >= place.order)
        if place.last:
            through = through | (start.is_null() & (end == place.order))
    return pl.col("kind").is_in(FORWARD) & ~pl.col("ours") & through.fill_null(value=False)


def criterion_columns(
    rule: Rule, place: Place, wide: Wide, memory: Memory, first_runs: Mapping[str, date]
) -> list[pl.Expr]:
    """Applies, broken and (exit) waiting of one criterion, over the frame of `with_bindings`."""
    unmet = ~rule.condition.polars(wide)
    met = pl.col("key").is_in(met_keys(memory, rule.id).implode())
    here = ((pl.col("process") == place.process.id) & (pl.col("stage") == place.stage)).fill_null(value=False)
    stands = place.criterion.holds == "while_in"
    applies = here if stands else binds(rule, place, first_runs)
    unmet_now = unmet if stands else pl.when(met).then(statement=False).otherwise(unmet)
    columns = [applies.alias(rule.applies), _where(applies, unmet_now).alias(rule.broken)]
    if place.side == "exit":
        columns.append(_where(here & pl.col("is_open").fill_null(value=False), unmet_now).alias(rule.waiting))
    return columns


def binds(rule: Rule, place: Place, first_runs: Mapping[str, date]) -> pl.Expr:
    """Whether a move since `binds_from` binds the criterion and was not taken back."""
    since = binds_from(rule, place, first_runs)
    start = pl.lit(since) if since else pl.col("as_of_date")
    bound = pl.col(_name(place, _BOUND)) & (pl.col(_name(place, _ON)) >= start)
    return bound.fill_null(value=False)


def freed(rule: Rule, columns: Iterable[str]) -> pl.Expr | None:
    """Whether a criterion is no part of a deal's gate: waived, or only observed there; None where on no deal."""
    return pl.col(rule.excuse).is_in(FREED).fill_null(value=False) if rule.excuse in columns else None


def binding(rule: Rule, column: pl.Expr, columns: Iterable[str]) -> pl.Expr:
    """The criterion's column, false on the deals it is no part of the gate of."""
    out = freed(rule, columns)
    return column if out is None else column & ~out


def gate_column(rules: Sequence[Rule], columns: frozenset[str]) -> pl.Expr:
    """Gate status of open deals, null for the others; criteria that are only observed or waived play no part."""
    criteria = [rule for rule in rules if rule.place and rule.scored]
    exits = [rule for rule in criteria if rule.place and rule.place.side == "exit"]
    waiting = [binding(r, pl.col(r.waiting), columns) for r in exits]
    unmet = [binding(r, pl.col(r.broken), columns) for r in criteria] + waiting
    some = [binding(r, pl.col(r.applies), columns) for r in criteria]
    some += [binding(r, _in_stage(r.place), columns) for r in exits if r.place]
    return (
        pl.when(~pl.col("is_open").fill_null(value=False)).then(None)
        .when(_any([counting(r, columns).fill_null(value=False) for r in criteria])).then(pl.lit("breached"))
        .when(_any([column.fill_null(value=False) for column in waiting])).then(pl.lit("waiting"))
        .when(_any([c.is_null() for c in unmet]) | pl.col("process").is_null() | pl.col("stage").is_null())
        .then(pl.lit("unknown"))
        .when(_any(some)).then(pl.lit("ready"))
        .otherwise(pl.lit("clear"))
        .alias("gate")
    )  # fmt: skip


def missed(frame: pl.DataFrame, rules: Sequence[Rule]) -> pl.DataFrame:
    """Rows (key, criterion, side, moved_at, moved_on, to_name, broken) of every criterion that a move binds."""
    parts = [
        frame.filter(pl.col(rule.applies)).select(
            "key", "as_of_date", criterion=pl.lit(rule.id), side=pl.lit(place.side), moved_at=_name(place, _AT),
            moved_on=_name(place, _ON), to_name=_name(place, _TO), broken=rule.broken,
        )
        for rule in rules
        if (place := rule.place) and place.criterion.holds == "once"
    ]  # fmt: skip
    return pl.concat(parts) if parts else pl.DataFrame(schema=_MISSED)


_MISSED: Final = columns({
    "key": pl.Int64, "as_of_date": pl.Date, "criterion": pl.String, "side": pl.String, "moved_at": INSTANT,
    "moved_on": pl.Date, "to_name": pl.String, "broken": pl.Boolean,
})  # fmt: skip


def met_keys(memory: Memory, criterion: str) -> pl.Series:
    """Deals that met the criterion once: it stays met."""
    met = (pl.col("criterion") == criterion) & pl.col("met_on").is_not_null()
    return memory.breaches.filter(met)["key"]


def _name(place: Place, column: str) -> str:
    return f"_{place.gate}:{column}"


def _in_stage(place: Place) -> pl.Expr:
    return ((pl.col("process") == place.process.id) & (pl.col("stage") == place.stage)).fill_null(value=False)


def _where(applies: pl.Expr, answer: pl.Expr) -> pl.Expr:
    return pl.when(applies).then(answer).otherwise(pl.lit(value=False))


def _any(columns: list[pl.Expr]) -> pl.Expr:
    return pl.any_horizontal(columns) if columns else pl.lit(value=False)
