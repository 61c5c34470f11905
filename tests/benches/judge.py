"""Judging a million widened deals by twenty policies: `python -m tests.benches.judge [deals]` prints deals a second."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from time import perf_counter

import numpy as np
import polars as pl

from model.facts import FACTS
from model.memory import Memory
from model.wide import Wide
from policies.judge import Context, judge
from policies.language.condition import Condition
from policies.language.tree import Call, Chain, Compare, Const, FactRef, IsBlank, Not, Stands
from policies.policy import Policy, PolicySet

TODAY = date(2026, 11, 20)
MASKED = ("last_activity", "has_next_step", "contact_count", "days_in_stage", "pushes")


def ref(name: str) -> FactRef:
    return FactRef(name, FACTS[name].type)


def number(name: str, operator: str, limit: float) -> Compare:
    return Compare(operator, ref(name), Const(Decimal(str(limit)), str(limit)))  # type: ignore[arg-type]


def days(name: str, operator: str, limit: int) -> Compare:
    return Compare(operator, Call("days_since", ref(name)), Const(Decimal(limit), str(limit)))  # type: ignore[arg-type]


def twenty() -> PolicySet:
    """Twenty policies of the kinds that a starter pack has, in eight topics."""
    stale = [days("last_activity", ">=", n) for n in (14, 21, 30, 60)]
    dates = [days("close_date", ">", n) for n in (0, 14, 30, 90)]
    ageing = [number("days_in_stage", ">", n) for n in (30, 45, 60, 90)]
    pushed = [number("pushes", ">=", n) for n in (2, 3, 5)]
    flags = [
        *stale, *dates, *ageing, *pushed, IsBlank(ref("amount"), negated=False), Not(Stands(ref("has_next_step"))),
        number("contact_count", "=", 0), number("amount", "<", 1000),
        Chain("and", (number("days_in_stage", ">", 30), Not(Stands(ref("has_next_step"))))),
    ]  # fmt: skip
    topics = (
        ["staleness"] * 4 + ["date"] * 4 + ["ageing"] * 4 + ["pushes"] * 3 + ["money", "step", "people", "money", "s39"]
    )
    applies = Condition("is_open", Stands(ref("is_open")))
    return PolicySet(
        tuple(
            Policy(f"p{n}", f"Policy {n}", Condition("", flag), "warning", 5 + n, "Fix it", "revops@acme.example",
                   applies_to=applies, topic=topic)
            for n, (flag, topic) in enumerate(zip(flags, topics, strict=True))
        ), (), "bench",
    )  # fmt: skip


def pipeline(deals: int) -> Wide:
    """Random deals; of each masked fact one in fifty cannot be read."""
    rng = np.random.default_rng(1)
    ago = lambda most: pl.lit(TODAY) - pl.duration(days=pl.Series(rng.integers(-30, most, deals)))  # noqa: E731
    frame = pl.DataFrame({"key": np.arange(deals)}).with_columns(
        as_of_date=pl.lit(TODAY), process=pl.lit(None, pl.String), stage=pl.lit(None, pl.String),
        is_open=pl.Series(rng.random(deals) < 0.9), last_activity=ago(90), close_date=ago(100),
        days_in_stage=pl.Series(rng.integers(0, 120, deals)), pushes=pl.Series(rng.integers(0, 6, deals)),
        amount=pl.Series(rng.integers(0, 100_000, deals)).cast(pl.Decimal(38, 6)),
        has_next_step=pl.Series(rng.random(deals) < 0.7), contact_count=pl.Series(rng.integers(0, 5, deals)),
        **{f"{name}__known": pl.Series(rng.random(deals) > 0.02) for name in MASKED},
    )  # fmt: skip
    frame = frame.with_columns(pl.when(pl.Series(rng.random(deals) > 0.1)).then("amount").alias("amount"))
    moves = {
        "key": pl.Int64, "at": pl.Datetime("us", "UTC"), "on": pl.Date, "process": pl.String, "from_stage": pl.String,
        "to_stage": pl.String, "from_order": pl.Int64, "to_order": pl.Int64, "kind": pl.String, "actor": pl.String,
        "ours": pl.Boolean,
    }  # fmt: skip
    return Wide(frame, datetime(2026, 11, 20, 18, tzinfo=UTC), pl.DataFrame(schema=moves))


def run(deals: int = 1_000_000, rounds: int = 5) -> float:
    """Deals a second, the median of some rounds, printed."""
    wide, policies = pipeline(deals), twenty()
    seconds = []
    for _ in range(rounds):
        start = perf_counter()
        judge(wide, policies, Memory(), Context())
        seconds.append(perf_counter() - start)
    rate = deals / sorted(seconds)[rounds // 2]
    sys.stdout.write(
        f"judge: {deals:,} deals × 20 policies in {sorted(seconds)[rounds // 2]:.3f} s, {rate:,.0f} deals/s\n"
    )
    return rate


if __name__ == "__main__":
    run(*map(int, sys.argv[1:]))
