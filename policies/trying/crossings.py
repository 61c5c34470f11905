"""Days on which an answer may change without a record: a day count passes a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import polars as pl

from model.facts import DAILY
from policies.language import DAY_COUNTS, Among, Between, Call, Compare, FactRef, measures, walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policies.language import Condition, Measure, Node

RISES: Final = {"days_since": 1, "days_until": -1, None: 1}
"""How a day count changes from one day to the next. Business days have uneven steps and are checked every day."""
ABOUT: Final = range(-2, 4)
"""Days around a limit that are checked: a clock change can make a local date repeat or skip."""


class Crossing(NamedTuple):
    """A day count and a limit: `times` (of the fact `of`, where it is named)."""

    fact: str
    function: str | None
    times: float
    of: str | None


def counts_days(condition: Condition) -> bool:
    """Whether the condition counts days, so that its answer may change on any day."""
    return any(map(_counts, walk(condition.tree)))


def _counts(node: Node) -> bool:
    match node:
        case Call(function=function):
            return function in DAY_COUNTS
        case FactRef(name=name):
            return name in DAILY
        case _:
            return False


def crossings(conditions: Sequence[Condition]) -> list[Crossing] | None:
    """Every limit that these conditions compare day counts with; None where every day must be checked."""
    found: list[Crossing] = []
    for node in (node for condition in conditions for node in walk(condition.tree)):
        if isinstance(node, Compare | Between | Among) and any(map(_counts, walk(node))):
            limits = list(_limits(measures(node)))
            if not limits:
                return None
            found += limits
    return found


def _limits(found: Sequence[Measure]) -> Iterator[Crossing]:
    """The limits of a comparison of a day count with constants; none for any other comparison."""
    for measure in found:
        rises = measure.function in RISES and (measure.function or measure.fact in DAILY)
        if not rises or measure.of in DAILY or measure.plus:
            return
        limits = measure.limit if isinstance(measure.limit, tuple) else (measure.limit,)
        for limit in limits:
            yield Crossing(measure.fact, measure.function, float(limit), measure.of)  # type: ignore[arg-type]


def split_at_crossings(
    frame: pl.DataFrame, rows: pl.DataFrame, found: Sequence[Crossing], more: Sequence[pl.DataFrame] = ()
) -> pl.DataFrame:
    """Pieces (row, day, until) of the `rows` (day, until) of a wide frame: each begins where an answer may change.

    `more`: other crossings (row, ahead: days after the row's first).
    """
    lasts, none = rows["until"] - rows["day"], pl.zeros(rows.height, pl.Int64, eager=True)
    offsets = [pl.DataFrame({"row": pl.int_range(rows.height, eager=True), "ahead": none}), *more]
    for crossing in dict.fromkeys(found):
        away = pl.DataFrame({"away": frame.select(_away(crossing)).to_series(), "lasts": lasts}).with_row_index("row")
        near = away.filter(pl.col("away").is_between(-max(ABOUT), pl.col("lasts") - min(ABOUT)))
        for days in ABOUT:
            ahead = near.select(pl.col("row").cast(pl.Int64), "lasts", ahead=pl.col("away") + days)
            offsets.append(ahead.filter((pl.col("ahead") > 0) & (pl.col("ahead") < pl.col("lasts"))).drop("lasts"))
    found_at = pl.concat(offsets).unique().sort("row", "ahead")
    began, end = rows["day"].gather(found_at["row"]), rows["until"].gather(found_at["row"])
    starts = found_at.select("row", day=began + pl.col("ahead"))
    following = pl.when(pl.col("row") == pl.col("row").shift(-1)).then(pl.col("day").shift(-1))
    return starts.with_columns(until=pl.coalesce(following, end))


def _away(crossing: Crossing) -> pl.Expr:
    """How many days after a row's first the count reaches its limit; null where it never does."""
    limit = pl.lit(crossing.times) if crossing.of is None else pl.col(crossing.of).cast(pl.Float64) * crossing.times
    passed = (
        (pl.col("as_of_date") - pl.col(crossing.fact)).dt.total_days() if crossing.function else pl.col(crossing.fact)
    )
    whole = limit.floor().clip(-(10**6), 10**6).cast(pl.Int64)
    return (whole - passed if RISES[crossing.function] > 0 else -whole - passed).alias("away")
