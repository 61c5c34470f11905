"""What was true of a deal when it came into a stage: the criteria of that gate, on the first noon at or after entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from model.facts import KNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from model.calendars.replay_days import Days
    from model.wide import Wide
    from policies.judging.rules import Rule
    from policies.language import Condition

AT_ENTRY: Final = pl.Schema({
    "deal": pl.Int64(), "day": pl.Int64(), "process": pl.String(), "stage": pl.String(), "owner_id": pl.String(),
    "fresh": pl.Boolean(), "criterion": pl.String(), "met": pl.Boolean(),
})  # fmt: skip
"""`day`: when the deal was first seen in the stage; `fresh`: it came in since the day before; `met` null: unknown."""


def asked_at_entry(rules: Iterable[Rule]) -> dict[tuple[str, str], list[Rule]]:
    """(process, stage) → criteria that its gate asks: entry criteria of the stage, exit criteria of the one before."""
    found: dict[tuple[str, str], list[Rule]] = {}
    for rule in rules:
        if place := rule.place:
            ahead = place.order if place.side == "exit" else place.order - 1  # places count from 1
            if ahead < len(place.process.stages):
                found.setdefault((place.process.id, place.process.stages[ahead].id), []).append(rule)
    return found


def at_entry(
    days: Days, asked: Mapping[tuple[str, str], Sequence[Rule]], scope: Condition | None
) -> Iterator[pl.DataFrame]:
    """AT_ENTRY of the open deals in scope that these days see in a stage for the first time."""
    seen = days.wide.frame.select("process", "stage", days.rows["deal"], days.rows["day"]).with_row_index("row")
    seen = seen.drop_nulls(["process", "stage"]).sort("deal", "day", maintain_order=True)
    seen = seen.unique(["deal", "process", "stage"], keep="first", maintain_order=True)
    pieces = seen.select(pl.col("row").cast(pl.Int64), "day", until=pl.col("day") + 1)
    facts = {"is_open", "stage", "stage_since", *(scope.facts if scope else ())}
    facts |= {fact for rules in asked.values() for rule in rules for fact in rule.condition.facts}
    wide, rows = days.on(pieces, facts, ("_owner_id",))
    for (process, stage), rules in asked.items():
        told = _told(wide, rows, rules, scope)
        here = (pl.col("process") == process) & (pl.col("stage") == stage) & pl.col("claimed")
        met = told.filter(here).unpivot(
            [rule.id for rule in rules], index=[*AT_ENTRY][:6], variable_name="criterion", value_name="met"
        )
        yield met.cast(AT_ENTRY)


def _told(wide: Wide, rows: pl.DataFrame, rules: Sequence[Rule], scope: Condition | None) -> pl.DataFrame:
    came = (pl.col("as_of_date") - pl.col("stage_since")).dt.total_days() <= 1
    known = pl.col("stage_since" + KNOWN) if "stage_since" in wide.masked else pl.lit(value=True)
    claimed = pl.col("is_open").fill_null(value=False)
    if scope is not None:
        claimed &= scope.polars(wide).fill_null(value=False)
    columns = wide.frame.select(
        "process", "stage", owner_id="_owner_id", fresh=(came & known).fill_null(value=False), claimed=claimed,
        **{rule.id: rule.condition.polars(wide) for rule in rules},
    )  # fmt: skip
    return rows.select("deal", "day").hstack(columns)


def entries(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """AT_ENTRY rows of deals' first entries: those that came in while somebody looked."""
    found = pl.concat([pl.DataFrame(schema=AT_ENTRY), *parts]).sort("deal", "process", "stage", "criterion", "day")
    first = found.unique(["deal", "process", "stage", "criterion"], keep="first", maintain_order=True)
    return first.filter("fresh")
