"""Unknown holds: what the record shows stays as it is for some days, then it is withdrawn with that reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from model.snapshot import INSTANT
from policies.judging.exemptions import SAID_SO

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from model.previous_verdict import Memory
    from policies.judging.rules import Rule


def unknown_cells(  # noqa: PLR0917 - what a verdict has
    frame: pl.DataFrame, rules: Sequence[Rule], memory: Memory, as_of: datetime, hold: timedelta,
    braked: frozenset[str] = frozenset(),
) -> pl.DataFrame:  # fmt: skip
    """One row for each deal and rule that cannot be judged.

    Columns: key, policy, scored, excuse, the memory's since, first_seen and flag; unknown_since (null: nothing was
    known before, so there is nothing to hold), held (what was known still holds), held_flag (and it was a flag),
    on_record (and that is on the record: what was excused when it went dark does not come onto it in the dark).
    """
    blind = [_blind(frame, rule) for rule in rules if _may_be_blind(frame, rule)]
    cells = pl.concat(blind or [_NONE]).unique(["key", "policy"], maintain_order=True)
    if cells.is_empty():
        return cells.with_columns(_EMPTY)
    was = memory.findings.select(*_WAS, was_unknown="unknown_since")
    judged = memory.deals.filter(pl.col("gate").is_not_null()).select("key", judged=pl.lit(value=True))
    cells = cells.join(was, on=["key", "policy"], how="left", maintain_order="left")
    cells = cells.join(judged, on="key", how="left", maintain_order="left")
    known_before = (pl.col("status") == "broken") | (pl.col("status").is_null() & pl.col("judged"))
    since = pl.when(pl.col("status") == "unknown").then("was_unknown").when(known_before).then(pl.lit(as_of, INSTANT))
    return cells.with_columns(unknown_since=since).with_columns(
        held=((pl.col("unknown_since") > as_of - hold) | pl.col("policy").is_in(list(braked))).fill_null(value=False)
        & pl.col("unknown_since").is_not_null(),
    ).with_columns(
        held_flag=pl.col("held") & pl.col("since").is_not_null(),
    ).with_columns(
        on_record=pl.col("held_flag") & pl.col("shown").fill_null(value=False),
    ).select(_COLUMNS)  # fmt: skip


def frozen(cells: pl.DataFrame, memory: Memory) -> pl.DataFrame:
    """DEAL_VERDICTS rows of the deals whose score, gate, missing and checked stay because an unknown is held.

    Nothing stays for a rule that a person excuses there: its flag is off the record and costs nothing.
    """
    said_so = pl.col("excuse").is_in(SAID_SO).fill_null(value=False)
    keys = cells.filter(pl.col("held") & pl.col("scored") & ~said_so)["key"].unique()
    return memory.deals.filter(pl.col("key").is_in(keys.implode()) & pl.col("gate").is_not_null())


def _may_be_blind(frame: pl.DataFrame, rule: Rule) -> bool:
    return any(frame[name].null_count() for name in (rule.broken, rule.waiting) if name in frame.columns)


def _blind(frame: pl.DataFrame, rule: Rule) -> pl.DataFrame:
    """Deals for which the rule cannot be judged; `excuse`: why it would be no flag there."""
    blind = pl.col(rule.broken).is_null()
    if rule.waiting in frame.columns:
        blind = blind | pl.col(rule.waiting).is_null()
    excuse = pl.col(rule.excuse) if rule.excuse in frame.columns else pl.lit(None, pl.String)
    scored = pl.lit(rule.scored) & excuse.ne_missing("observed")
    return frame.filter(blind).select("key", policy=pl.lit(rule.id), scored=scored, excuse=excuse)


_NONE = pl.DataFrame(schema={"key": pl.Int64, "policy": pl.String, "scored": pl.Boolean, "excuse": pl.String})
_EMPTY = [
    *(pl.lit(None, pl.Date).alias(name) for name in ("since", "first_seen")),
    pl.lit(None, pl.String).alias("flag"),
    pl.lit(None, INSTANT).alias("unknown_since"),
    *(pl.lit(None, pl.Boolean).alias(name) for name in ("held", "held_flag", "on_record")),
]
_WAS = ["key", "policy", "status", "since", "first_seen", "flag", "shown"]
_COLUMNS = [
    "key", "policy", "scored", "excuse", "since", "first_seen", "flag",
    "unknown_since", "held", "held_flag", "on_record",
]  # fmt: skip
