"""Gates judged by history: each bound criterion is asked at the instants of its move and at each later one."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import polars as pl

from model.facts import BY_DATE
from model.snapshot import INSTANT, columns
from policies.judging.breaches import ANSWERS, KEY
from policies.language import DAY_COUNTS, Call, walk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model.wide import Wide
    from policies.judging.rules import Rule
    from policies.language import Condition

JUST_BEFORE: Final = timedelta(microseconds=1)
ROWS: Final = columns({"deal": pl.Int64, "at": INSTANT, "known": INSTANT, "known_on": pl.Date})
"""A deal at an instant, by what was known at `known`: the same instant, or a later one for late entries.

`known_on` is the local day of `known`, in the zone of the owner then.
"""


def at_moves(bindings: pl.DataFrame) -> pl.DataFrame:
    """key, at: just before and just after each binding move."""
    moves = bindings.select("key", at="moved_at").unique()
    return pl.concat([moves.with_columns(pl.col("at") - JUST_BEFORE), moves]).unique().sort("key", "at")


def by_date(condition: Condition) -> bool:
    """Whether the date alone may change the answer, without a recorded change of the deal."""
    counts = any(isinstance(node, Call) and node.function in DAY_COUNTS for node in walk(condition.tree))
    return counts or not BY_DATE.isdisjoint(condition.facts)


def windows(bindings: pl.DataFrame) -> pl.DataFrame:
    """key, since, until of the time in which a deal's criteria are bound; `until` is null while they are."""
    end = pl.when(pl.col("back_at").null_count() == 0).then(pl.col("back_at").max())
    return bindings.group_by("key").agg(since=pl.col("moved_at").min(), until=end).sort("key")


def dated(bindings: pl.DataFrame, days: pl.DataFrame) -> pl.DataFrame:
    """BINDINGS with the local day of each move in the zone of the owner then (`days_of`)."""
    known = days.select("key", "moved_at", then="moved_on").unique(["key", "moved_at"])
    joined = bindings.join(known, on=["key", "moved_at"], how="left", maintain_order="left")
    return joined.with_columns(moved_on=pl.coalesce("then", "moved_on")).drop("then")


def late_entries(entered: pl.DataFrame, bindings: pl.DataFrame, answers: pl.DataFrame) -> pl.DataFrame:
    """deal, at, known: each move, as known when something older than the move was entered after it.

    `entered`: key, at, known of what was entered late. A move is asked just before and just after, for criteria that
    were not met by then.
    """
    met = answers.select(*KEY, "met_at")
    open_until = bindings.join(met, on=KEY, how="left").with_columns(
        back_at=pl.min_horizontal("back_at", "met_at")
    )  # fmt: skip
    moves = open_until.select("key", "moved_at", "back_at").unique()
    after = (pl.col("at") <= pl.col("moved_at")) & (pl.col("known") > pl.col("moved_at"))
    in_time = pl.col("back_at").is_null() | (pl.col("known") < pl.col("back_at"))
    late = moves.join(entered, on="key").filter(after & in_time).select("key", "moved_at", "known").unique()
    both = pl.concat([late.with_columns(at="moved_at"), late.with_columns(at=pl.col("moved_at") - JUST_BEFORE)])
    return both.sort("key", "known", "at").select("at", "known", deal="key")


def asked(wide: Wide, rows: pl.DataFrame, bindings: pl.DataFrame, rules: Sequence[Rule]) -> pl.DataFrame:
    """ANSWERS of some instants to BINDINGS; `rows` (ROWS) stand in the order of the wide frame.

    What cannot be known at one instant, and instants at which the deal is in another process, are passed over.
    """
    rows = rows.hstack(wide.frame.select("process"))
    parts = [pl.DataFrame(schema=ANSWERS)]
    for rule in rules:
        mine = bindings.filter(pl.col("criterion") == rule.id)
        if rule.place and not mine.is_empty():
            truth = wide.frame.select(truth=rule.condition.polars(wide))["truth"]
            here = rows.with_columns(truth).filter(
                (pl.col("process") == rule.place.process.id) & pl.col("truth").is_not_null()
            )
            parts.append(_answers(mine, here))
    return pl.concat(parts)


def _answers(bindings: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    asked = bindings.select(*KEY, "moved_on", "back_at").join(rows, left_on="key", right_on="deal").filter(_inside())
    late, on = pl.col("known") > pl.col("at"), pl.max_horizontal("known_on", "moved_on")
    true = asked.filter("truth").sort(*KEY, "known").with_columns(late=late, on=on)
    met = true.group_by(KEY, maintain_order=True).agg(
        met_at=pl.col("known").first(), met_on=pl.col("on").first(), logged_late=pl.col("late").first()
    )
    judged = asked.group_by(KEY).agg(judged=(pl.col("at") >= pl.col("moved_at")).any())
    joined = judged.join(met, on=KEY, how="left").with_columns(pl.col("logged_late").fill_null(value=False))
    return joined.select(ANSWERS.names())


def _inside() -> pl.Expr:
    """Rows from just before the move until the move back; late entries are asked as of the move alone."""
    since = pl.col("moved_at") - JUST_BEFORE
    late = pl.col("known") > pl.col("at")
    in_time = pl.col("back_at").is_null() | (pl.col("known") < pl.col("back_at"))
    return pl.when(late).then(pl.col("at").is_between(since, "moved_at")).otherwise(pl.col("at") >= since) & in_time


def days_of(rows: pl.DataFrame) -> pl.DataFrame:
    """key, moved_at, moved_on: the local day of each of ROWS, in the zone of the owner then."""
    return rows.filter(pl.col("at") == pl.col("known")).select(key="deal", moved_at="at", moved_on="known_on")
