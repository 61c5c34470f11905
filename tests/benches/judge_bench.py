"""Judging a million widened deals by twenty policies, beside rule-engine and Cloud Custodian on the same rules."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from model.facts import FACTS
from model.previous_verdict import PreviousVerdict
from model.wide import Wide
from policies.files import Policy, PolicySet
from policies.judging.context import Context
from policies.judging.judge import judge
from policies.language import Call, Chain, Compare, Condition, Const, FactRef, IsBlank, Not, Stands
from policies.reporting.report import deal_rows
from tests.benches.measure import Row, peak_mb, took

if TYPE_CHECKING:
    from collections.abc import Callable

TODAY = date(2026, 11, 20)
SAMPLE = 1000
DAYS = ("last_activity", "close_date")
DAYS_OF = tuple(f"{name}_days" for name in DAYS)
NUMBERS = ("days_in_stage", "pushes", "amount", "has_next_step", "contact_count")
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
        "to_stage": pl.String, "to_name": pl.String, "from_order": pl.Int64, "to_order": pl.Int64, "kind": pl.String,
        "actor": pl.String, "ours": pl.Boolean,
    }  # fmt: skip
    return Wide(frame, datetime(2026, 11, 20, 18, tzinfo=UTC), pl.DataFrame(schema=moves))


def run(share: float, *, times: int, folder: str) -> list[Row]:
    """Ours over all deals, the others over a sample of the same ones; a ratio of rates."""
    deals = int(1_000_000 * share)
    wide, policies = pipeline(deals), twenty()
    found = []
    for _ in range(times):
        with took() as one:
            verdict = judge(wide, policies, PreviousVerdict(), Context())
            deal_rows(verdict)
        found.append(one)
    middle = sorted(found, key=lambda t: t.wall)[times // 2]
    rate = deals / middle.wall
    what = f"judge {deals:,} deals × 20 policies, three-valued, scores and flags, median of {times}"
    rows = [Row(what, f"{rate:,.0f} deals/s", ">= 3,000,000", rate >= 3_000_000, middle.cpu, peak_mb())]
    sample = plain(wide.frame.head(SAMPLE))
    own = {rule.id: int(verdict.frame.head(SAMPLE)[rule.broken].sum()) for rule in verdict.rules}
    for name, peer in (("rule-engine", by_rule_engine()), ("Cloud Custodian's value filter", by_custodian())):
        with took() as slow:
            counts = {rule: sum(map(matches, sample)) for rule, matches in peer.items()}
        assert counts == own, f"{name} flags other deals"
        other = SAMPLE / slow.wall
        rows.append(Row(f"{name}, the same 20 rules on {SAMPLE:,} of the deals", f"{other:,.0f} deals/s", cpu=slow.cpu))
        rows.append(Row("  ratio of rates", f"{rate / other:,.0f} ×", ">= 100 ×", rate / other >= 100))
    return [*rows, Row("  (the others get day counts ready made, and the same flags on every deal are asserted)", "")]


def plain(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Deals as the others want them: what is unknown is None, days are counted already."""
    seen = [pl.when(f"{name}__known").then(name).alias(name) for name in MASKED]
    frame = frame.with_columns(*seen, amount=pl.col("amount").cast(pl.Float64))
    since = [(pl.lit(TODAY) - pl.col(name)).dt.total_days().alias(f"{name}_days") for name in DAYS]
    return frame.with_columns(*since).select("is_open", *DAYS_OF, *NUMBERS).to_dicts()


def rules() -> list[tuple[tuple[str, str, Any], ...]]:
    """What `twenty` asks, as comparisons that all must hold."""
    found: list[tuple[tuple[str, str, Any], ...]] = [(("last_activity_days", "gte", n),) for n in (14, 21, 30, 60)]
    found += [(("close_date_days", "gt", n),) for n in (0, 14, 30, 90)]
    found += [(("days_in_stage", "gt", n),) for n in (30, 45, 60, 90)]
    found += [(("pushes", "gte", n),) for n in (2, 3, 5)]
    found += [(("amount", "eq", None),), (("has_next_step", "eq", False),), (("contact_count", "eq", 0),)]
    found += [(("amount", "lt", 1000),), (("days_in_stage", "gt", 30), ("has_next_step", "eq", False))]
    return [(("is_open", "eq", True), *rule) for rule in found]


def by_rule_engine() -> dict[str, Callable[[dict[str, Any]], bool]]:
    """rule-engine's text; a comparison with null raises there, hence the guards."""
    import rule_engine

    signs = {"gte": ">=", "gt": ">", "lt": "<", "eq": "=="}
    words = {True: "true", False: "false", None: "null"}

    def comparison(key: str, operator: str, value: Any) -> str:
        word = words[value] if value is None or isinstance(value, bool) else value
        guard = "" if operator == "eq" else f"{key} != null and "
        return f"{guard}{key} {signs[operator]} {word}"

    texts = [" and ".join(comparison(*one) for one in rule) for rule in rules()]
    return {f"p{n}": rule_engine.Rule(text).matches for n, text in enumerate(texts)}


def by_custodian() -> dict[str, Callable[[dict[str, Any]], bool]]:
    """Cloud Custodian's value filters; a rule holds where all of its filters do."""
    from c7n.filters.core import ValueFilter

    def holds(filters: list[ValueFilter]) -> Callable[[dict[str, Any]], bool]:
        return lambda deal: all(one(deal) for one in filters)

    def made(key: str, operator: str, value: Any) -> ValueFilter:
        blank = {"value": "absent"} if value is None else {"op": operator, "value": value}
        return ValueFilter({"type": "value", "key": key, **blank}).validate()

    return {f"p{n}": holds([made(*one) for one in rule]) for n, rule in enumerate(rules())}
