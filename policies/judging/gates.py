"""Gates: which forward move binds which criterion, and the gate status that follows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Final

import polars as pl

from model.previous_verdict import BREACHES
from model.snapshot import INSTANT, columns
from policies.judging.exemptions import OUT_OF_GATE
from policies.judging.score import counting

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from model.process import Place
    from model.wide import Wide
    from policies.judging.rules import Rule

FORWARD: Final = ("forward", "won")
STATES: Final = ("breached", "waiting", "unknown", "ready", "clear")
"""Gate status of an open deal: the first of these that holds."""
BINDINGS: Final = columns({
    "key": pl.Int64,
    "criterion": pl.String,  # process/stage/criterion
    "side": pl.String,  # entry, exit
    "moved_at": INSTANT,  # the forward move
    "moved_on": pl.Date,  # its local day, in the zone of the owner then
    "to_name": pl.String,  # the CRM's label of the stage that it reached
    "back_at": INSTANT,  # the first later move back to or before the gate; null: the criterion is still bound
})  # fmt: skip
"""One row per deal, criterion and forward move that binds it, in the order of criteria, deals and moves."""
MARGIN: Final = timedelta(days=1)
"""Local days of one instant differ by at most this between the owner now and the owner then."""


@dataclass(frozen=True)
class Gates:
    """Which criteria moves bind (BINDINGS), and the state of each so far (BREACHES of model/previous_verdict.py)."""

    bindings: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=BINDINGS))
    breaches: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=BREACHES))

    @cached_property
    def open(self) -> pl.DataFrame:
        """The last binding of each deal and criterion that no move back has ended."""
        rows = self.bindings.filter(pl.col("back_at").is_null())
        return rows.unique(["key", "criterion"], keep="last", maintain_order=True)

    @cached_property
    def _bound(self) -> Mapping[str, pl.Series]:
        return {str(id_): rows["key"] for (id_,), rows in self.open.group_by(["criterion"])}

    @cached_property
    def _met(self) -> Mapping[str, pl.Series]:
        met = self.breaches.filter(pl.col("met_on").is_not_null())
        return {str(id_): rows["key"] for (id_,), rows in met.group_by(["criterion"])}

    def bound(self, rule: Rule, place: Place) -> pl.Expr:
        """Whether a move binds the criterion on a deal that is in its process."""
        if rule.id not in self._bound:
            return pl.lit(value=False)
        in_process = (pl.col("process") == place.process.id).fill_null(value=False)
        return pl.col("key").is_in(self._bound[rule.id].implode()) & in_process

    def met(self, rule: Rule) -> pl.Expr:
        """Whether the deal ever met the criterion; it then stays met."""
        if rule.id not in self._met:
            return pl.lit(value=False)
        return pl.col("key").is_in(self._met[rule.id].implode())


def bindings(
    wide: Wide, rules: Sequence[Rule], first_runs: Mapping[str, date], moved_on: pl.DataFrame | None = None,
    margin: timedelta = timedelta(0),
) -> pl.DataFrame:  # fmt: skip
    """BINDINGS of the deals in the frame, by moves since the day from which each criterion binds.

    `moved_on` (key, moved_at, moved_on) gives local days in the zone of the owner then; where it has none, it is the
    owner now. `margin` takes in earlier moves, too.
    """
    once = [rule for rule in rules if rule.place and rule.place.criterion.holds == "once"]
    if not once:
        return pl.DataFrame(schema=BINDINGS)
    starts = {rule.id: binds_from(rule, rule.place, first_runs) for rule in once if rule.place}
    recent = _moves_since(wide, starts.values())
    if not recent["kind"].is_in(FORWARD).any():
        return pl.DataFrame(schema=BINDINGS)
    moves = _numbered(recent, wide)
    moves = moves if moved_on is None else _dated(moves, moved_on)
    by_gate = {rule.place.gate: _through(moves, rule.place) for rule in _one_a_gate(once) if rule.place}
    parts = [pl.DataFrame(schema=BINDINGS)]
    for rule in once:
        if rule.place and not (found := by_gate[rule.place.gate]).is_empty():
            rows = found.with_columns(criterion=pl.lit(rule.id), side=pl.lit(rule.place.side))
            parts.append(_since(rows, starts[rule.id], margin).select(BINDINGS.names()))
    return pl.concat(parts)


def _one_a_gate(rules: Iterable[Rule]) -> Iterable[Rule]:
    """One criterion of each gate; moves pass through a gate in the same way for all its criteria."""
    return {rule.place.gate: rule for rule in rules if rule.place}.values()


def binds_from(rule: Rule, place: Place, first_runs: Mapping[str, date]) -> date | None:
    """The day from which moves bind the criterion; None if it runs for the first time today."""
    return place.criterion.binds_from or first_runs.get(rule.id)


def _moves_since(wide: Wide, starts: Iterable[date | None]) -> pl.DataFrame:
    """Moves that are recent enough to bind anything."""
    today = wide.as_of.date() - MARGIN
    first = min(start or today for start in starts) - 2 * MARGIN
    return wide.moves.filter(pl.col("on") >= first)


def _numbered(moves: pl.DataFrame, wide: Wide) -> pl.DataFrame:
    """Moves of the frame's deals, numbered in order, with the deal's local day of today."""
    deals = wide.frame.select("key", "as_of_date")
    mine = moves.join(deals, on="key", how="inner", maintain_order="left")
    return mine.sort("key", "at", maintain_order=True).with_row_index("n").with_columns(moved_on="on", moved_at="at")


def _dated(moves: pl.DataFrame, moved_on: pl.DataFrame) -> pl.DataFrame:
    known = moved_on.select("key", "moved_at", then="moved_on").unique(["key", "moved_at"])
    joined = moves.join(known, on=["key", "moved_at"], how="left", maintain_order="left")
    return joined.with_columns(moved_on=pl.coalesce("then", "moved_on")).drop("then")


def _since(rows: pl.DataFrame, start: date | None, margin: timedelta) -> pl.DataFrame:
    return rows.filter(pl.col("moved_on") >= (pl.lit(start) if start else pl.col("as_of_date")) - margin)


def _through(moves: pl.DataFrame, place: Place) -> pl.DataFrame:
    """Moves through the place's gate, each with the next move back to or before it."""
    mine = moves.filter(pl.col("process") == place.process.id)
    through = mine.filter(_binds(place)).sort("n")
    if through.is_empty():
        return through.with_columns(back_at=pl.lit(None, INSTANT))
    behind = (pl.col("to_order") <= place.order) & ~pl.col("kind").is_in([*FORWARD, "created"])
    back = mine.filter(behind).select("key", "n", back_at="at").sort("n")
    return through.join_asof(
        back, on="n", by="key", strategy="forward", allow_exact_matches=False, check_sortedness=False
    )


def _binds(place: Place) -> pl.Expr:
    """Forward moves through the gate; out of Lost (no order) only Won's own entry binds; the worker's own never do."""
    start, end = pl.col("from_order"), pl.col("to_order")
    if place.side == "exit":
        through = (start <= place.order) & (end > place.order)
    else:
        through = (start < place.order) & (end >= place.order)
        if place.last:
            through = through | (start.is_null() & (end == place.order))
    return pl.col("kind").is_in(FORWARD) & ~pl.col("ours") & through.fill_null(value=False)


def criterion_columns(rule: Rule, place: Place, wide: Wide, gates: Gates) -> list[pl.Expr]:
    """Applies, broken and (exit) waiting of one criterion, over the wide frame."""
    unmet = ~rule.condition.polars(wide)
    here = ((pl.col("process") == place.process.id) & (pl.col("stage") == place.stage)).fill_null(value=False)
    stands = place.criterion.holds == "while_in"
    applies = here if stands else gates.bound(rule, place)
    unmet_now = unmet if stands else pl.when(gates.met(rule)).then(statement=False).otherwise(unmet)
    found = [applies.alias(rule.applies), _where(applies, unmet_now).alias(rule.broken)]
    if place.side == "exit":
        found.append(_where(here & pl.col("is_open").fill_null(value=False), unmet_now).alias(rule.waiting))
    return found


def freed(rule: Rule, columns: Iterable[str]) -> pl.Expr | None:
    """Whether a criterion is outside a deal's gate because it is waived or only observed there; None if on no deal."""
    return pl.col(rule.exemption).is_in(OUT_OF_GATE).fill_null(value=False) if rule.exemption in columns else None


def binding(rule: Rule, column: pl.Expr, columns: Iterable[str]) -> pl.Expr:
    """The criterion's column, false on deals where it is outside the gate."""
    out = freed(rule, columns)
    return column if out is None else column & ~out


def gate_column(rules: Sequence[Rule], columns: frozenset[str]) -> pl.Expr:
    """Gate status of open deals, null for the others; criteria that are only observed or waived do not count."""
    criteria = [rule for rule in rules if rule.place and rule.scored]
    exits = [rule for rule in criteria if rule.place and rule.place.side == "exit"]
    waiting = [binding(r, pl.col(r.waiting), columns) for r in exits]
    unmet = [binding(r, pl.col(r.broken), columns) for r in criteria] + waiting
    some = [binding(r, pl.col(r.applies), columns) for r in criteria]
    some += [binding(r, in_stage(r.place), columns) for r in exits if r.place]
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


def missed(frame: pl.DataFrame, rules: Sequence[Rule], gates: Gates) -> pl.DataFrame:
    """Open BINDINGS of deals in the criterion's process, with the judgement on them now: as_of_date and broken."""
    schema = pl.Schema({**BINDINGS, "as_of_date": pl.Date(), "broken": pl.Boolean()})
    parts = [pl.DataFrame(schema=schema)]
    for rule in () if gates.open.is_empty() else rules:
        if rule.place and rule.place.criterion.holds == "once":
            judged = frame.filter(pl.col(rule.applies)).select("key", "as_of_date", broken=rule.broken)
            rows = gates.open.filter(pl.col("criterion") == rule.id)
            parts.append(rows.join(judged, on="key", how="inner", maintain_order="left").select(schema.names()))
    return pl.concat(parts)


def in_stage(place: Place) -> pl.Expr:
    """Whether the deal stands in the criterion's stage."""
    return ((pl.col("process") == place.process.id) & (pl.col("stage") == place.stage)).fill_null(value=False)


def _where(applies: pl.Expr, answer: pl.Expr) -> pl.Expr:
    return pl.when(applies).then(answer).otherwise(pl.lit(value=False))


def _any(columns: list[pl.Expr]) -> pl.Expr:
    return pl.any_horizontal(columns) if columns else pl.lit(value=False)
