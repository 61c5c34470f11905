"""KPIs that users define in files: each becomes a Kpi over the deals, or one that is derived of other KPIs."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from kpis.answers import Answer, left_out, noted, ratio
from kpis.dictionary import Kpi
from kpis.families.pipeline import HOME
from kpis.intervals import (
    BY_VALUE,
    ORDER,
    WILSON,
    median_interval,
    median_of,
    median_parts,
    share_interval,
    share_parts,
    wilson,
)
from kpis.populations.population import OWN
from model.kpi_definition import DAYS_TO_CLOSE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from kpis.answers import Parts
    from model.kpi_definition import KpiDefinition, KpiMeasure
    from model.process import Condition
    from model.wide import Wide

BASES: Final = {
    "closed": pl.col("won") | pl.col("lost"),
    "created": pl.col("created_in_window"),
    "as_of": ~pl.col("scopeless"),
}
"""The deals that a KPI may count, by the day of its window."""
WINDOWS: Final = {
    "closed": "deals closed in the window, by closed_on, else close_date; by close_date where created closed",
    "created": "deals created in the window",
    "as_of": "deals as they stand at as_of; month and quarter are those of the close date",
}
NEEDED: Final = {"closed": ("is_won", "is_lost"), "created": ("created",), "as_of": ()}
AGGREGATES: Final = {"count": "number", "sum": "sum", "average": "mean", "median": "median"}
NUMBER: Final = "number:"


def custom(definitions: Iterable[KpiDefinition], shipped: Mapping[str, Kpi]) -> dict[str, Kpi]:
    """The KPIs of these definitions by id; they stand after those that they are derived of."""
    found: dict[str, Kpi] = {}
    for one in definitions:
        found[one.name] = _derived(one, {**shipped, **found}) if one.expr else _over_deals(one)
    return found


def columns_of(definitions: Iterable[KpiDefinition], wide: Wide) -> dict[str, pl.Expr]:
    """What definitions ask of deals, over `wide.frame`: a mask a condition, null where unknown, and the numbers."""
    found: dict[str, pl.Expr] = {}
    for one in definitions:
        for key, condition in _conditions(one).items():
            found[f"{OWN}{one.name}.{key}"] = condition.polars(wide)
        for key, side in one.sides.items():
            if side.expr is not None and not _is_days(side):
                found[f"{NUMBER}{one.name}.{key}"] = side.expr.polars(wide)
    return found


def _conditions(one: KpiDefinition) -> dict[str, Condition]:
    """The conditions by the key that they stand under."""
    found = {"filter": one.filter, **{key: side.filter for key, side in one.sides.items()}}
    return {key: condition for key, condition in found.items() if condition is not None}


def _held(one: KpiDefinition, key: str) -> pl.Expr:
    """Whether a condition holds; true where there is none."""
    return pl.col(f"{OWN}{one.name}.{key}") if key in _conditions(one) else pl.lit(value=True)


def _is_days(side: KpiMeasure) -> bool:
    return side.expr is not None and side.expr.text == DAYS_TO_CLOSE


def _number(one: KpiDefinition, key: str) -> pl.Expr:
    return pl.col("days") if _is_days(one.sides[key]) else pl.col(f"{NUMBER}{one.name}.{key}")


def _over_deals(one: KpiDefinition) -> Kpi:
    masks = [_held(one, "filter") & _held(one, key) for key in one.sides]
    base, known = BASES[one.window], pl.all_horizontal(mask.is_not_null() for mask in masks)
    valued = [
        mask.not_() | _number(one, key).is_not_null()
        for mask, (key, side) in zip(masks, one.sides.items(), strict=True) if side.expr is not None
    ]  # fmt: skip
    whole = pl.all_horizontal(base, known, *valued).fill_null(value=False)
    inside = {key: whole & mask for key, mask in zip(one.sides, masks, strict=True)}
    lacks = base & known & ~pl.all_horizontal(pl.lit(value=True), *valued)
    parts = {"out": lacks.sum()}
    for key, side in one.sides.items():
        parts |= {f"{key}.{name}": part for name, part in _parts(side, inside[key], _number(one, key)).items()}
    by_value = _by_value(one)
    if by_value:
        top, bottom = (pl.when(inside[key]).then(_number(one, key)) for key in one.sides)
        parts |= share_parts(top, bottom)
    return Kpi(
        **_texts(one),
        clock=one.window,
        needs=_needs(one),
        parts=parts,
        answer=partial(_ratio if one.type == "ratio" else _simple, one),
        counted=pl.any_horizontal(inside.values()),
        leaves_out=_leaves_out(one, masks, base),
        interval=_interval(one, by_value=by_value),
        currency=HOME if "amount_home" in _facts(one) else "none: no money in it",
        staged="no" if one.window == "closed" else "also",  # a closed deal is in no open stage
    )


def _parts(side: KpiMeasure, inside: pl.Expr, number: pl.Expr) -> dict[str, pl.Expr]:
    parts = {"n": inside.sum()}
    if side.agg in {"sum", "average"}:
        parts["sum"] = pl.when(inside).then(number).sum()
    if side.agg == "median":
        parts |= median_parts(pl.when(inside).then(number))
    return parts


def _simple(one: KpiDefinition, of: Parts) -> Answer:
    agg, why = one.sides["measure"].agg, _without(one, of)
    n, total = of["measure.n"], of.get("measure.sum")
    if agg == "count":
        return Answer(n, n, None, n, why)
    if agg == "sum":
        total = None if of["out"] and not n else total
        return Answer(total, total, None, n, why)
    if agg == "average":
        return ratio(total or 0, n, n, NOTHING, why)
    if not n:
        return Answer(None, None, None, 0, why or NOTHING)
    ranks = {"ranks": of["measure.ranks"]}
    return Answer(median_of(ranks), None, None, n, why, median_interval(ranks))


NOTHING: Final = "no such deal in the window"


def _ratio(one: KpiDefinition, of: Parts) -> Answer:
    top, bottom = (of[f"{key}.sum" if one.sides[key].expr else f"{key}.n"] for key in one.sides)
    n = of["denominator.n"]
    interval = None
    if _by_value(one):
        interval = share_interval(of)
    elif _by_count(one):
        interval = wilson(top, bottom)
    return ratio(top, bottom, n, NOTHING if not n else "the denominator is 0", _without(one, of), interval=interval)


def _by_count(one: KpiDefinition) -> bool:
    return one.nested and all(side.agg == "count" for side in one.sides.values())


def _by_value(one: KpiDefinition) -> bool:
    """Whether it is a share of one sum in another of the same number."""
    return one.nested and len({side.expr.text for side in one.sides.values() if side.expr}) == 1 and not (
        any(side.expr is None for side in one.sides.values()) or one.type != "ratio"
    )  # fmt: skip


def _interval(one: KpiDefinition, *, by_value: bool) -> str:
    if by_value:
        return BY_VALUE
    if _by_count(one):
        return WILSON
    return ORDER if any(side.agg == "median" for side in one.sides.values()) else "none"


def _without(one: KpiDefinition, of: Parts) -> str:
    numbers = {side.expr.text: None for side in one.sides.values() if side.expr}
    return left_out(of["out"], "deal", f"without {' or '.join(numbers)}")


def _leaves_out(one: KpiDefinition, masks: list[pl.Expr], base: pl.Expr) -> dict[str, pl.Expr]:
    """Deals that might count if more was known of them."""
    maybe = pl.any_horizontal(mask.fill_null(value=True) for mask in masks)
    doubt = base & pl.any_horizontal(mask.is_null() for mask in masks)
    unsure: dict[str, pl.Expr] = {}
    for key, condition in _conditions(one).items():
        lacking = f"of unknown {' or '.join(sorted(condition.facts))}"
        here = doubt & _held(one, key).is_null()
        unsure[lacking] = unsure[lacking] | here if lacking in unsure else here
        doubt &= _held(one, key).is_not_null()
    if one.window == "closed":
        return {
            "of unknown state": pl.col("stateless") & maybe, "without a day of closing": pl.col("dayless") & maybe,
            **unsure,
        }  # fmt: skip
    if one.window == "created":
        undated = pl.col("created").is_null() & ~pl.col("created_in_window") & ~pl.col("scopeless")
        return {"without a day of creation": undated & maybe, **unsure}
    return unsure


def _facts(one: KpiDefinition) -> list[str]:
    parts: list[Any] = [one.filter]
    for side in one.sides.values():
        parts += [side.filter, side.expr]
    return sorted({fact for part in parts if part is not None for fact in part.facts})


def _needs(one: KpiDefinition) -> tuple[str, ...]:
    facts = [fact for fact in _facts(one) if fact != DAYS_TO_CLOSE]
    timed = ("created",) if DAYS_TO_CLOSE in _facts(one) else ()
    return tuple(dict.fromkeys((*NEEDED[one.window], *timed, *facts)))


def _texts(one: KpiDefinition) -> dict[str, Any]:
    sides = {key: _side(one, side) for key, side in one.sides.items()}
    formula = one.expr.text if one.expr else " ÷ ".join(sides.values())
    benchmark = f"; benchmark: {one.benchmark}" if one.benchmark else ""
    return {
        "id": one.name, "title": one.label, "purpose": one.description or one.label, "formula": formula,
        "numerator": sides.get("numerator") or sides.get("measure", "none: derived"),
        "denominator": sides.get("denominator", "none"), "window": "of its KPIs" if one.expr else WINDOWS[one.window],
        "unit": one.unit, "leads": one.leads, "category": one.category,
        "source": f"{one.file}, line {one.line}{benchmark}", "owner": one.owner,
    }  # fmt: skip


def _side(one: KpiDefinition, side: KpiMeasure) -> str:
    where = [f"({part.text})" for part in (one.filter, side.filter) if part is not None]  # type: ignore[attr-defined]
    what = f"{AGGREGATES[side.agg]} of {side.expr.text if side.expr else 'deals'}"
    return f"{what} where {' and '.join(where)}" if where else what


def _derived(one: KpiDefinition, known: Mapping[str, Kpi]) -> Kpi:
    assert one.expr is not None  # noqa: S101 - asked before
    return Kpi(
        **_texts(one), clock="as_of", needs=(), parts={}, answer=_never, staged="also",
        made_of=tuple(known[name] for name in sorted(one.expr.facts)), combine=_combined(one),
    )  # fmt: skip


def _never(_: Parts) -> Answer:
    return Answer(None)


def _combined(one: KpiDefinition) -> Callable[[Mapping[str, Answer]], Answer]:
    """The value of its formula, divided once; none where one of its KPIs has none."""

    def combine(answers: Mapping[str, Answer]) -> Answer:
        n = min(answer.n for answer in answers.values())
        lacking = [f"{name} has no value ({a.why})" for name, a in answers.items() if a.value is None]
        if lacking:
            return Answer(None, n=n, why="; ".join(lacking))
        assert one.expr is not None  # noqa: S101 - a derived one
        value = one.expr.of({name: Fraction(a.value) for name, a in answers.items() if a.value is not None})
        why = noted(*dict.fromkeys(answer.why for answer in answers.values()))
        return Answer(value, n=n, why=why if value is not None else noted("it would divide by zero", why))

    return combine
