"""Deals as they were on a past day: each later change is taken back, and what nobody recorded is listed as unread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson
import polars as pl

from model.snapshot import DEALS
from store.codec import json
from store.mirror.field_changes import TRACKED

if TYPE_CHECKING:
    from collections.abc import Collection

    from store.sql import Sql

STAGE: Final = ("stage_name", "is_closed", "is_won")
BACK: Final = pl.Schema({"key": pl.Int64(), "field": pl.String(), "before": pl.String()})
KEY: Final = pl.Schema({"key": pl.Int64()})


def as_it_was(  # noqa: PLR0917 - what a snapshot has read so far
    sql: Sql, connection: int, at: int, span: tuple[int, int], deals: pl.DataFrame,
    stage_changes: pl.DataFrame, crm_stages: pl.DataFrame,
) -> pl.DataFrame:  # fmt: skip
    """`deals` at the instant `at` (µs); for the current day every step finds nothing to do."""
    deals = taken_back(deals, _later_changes(sql, connection, at, span), TRACKED, DEALS)
    deals = _stage_of_history(deals, _moved_later(sql, connection, at, span), stage_changes, crm_stages)
    return _unseen(sql, connection, at, deals, stage_changes)


def _later_changes(sql: Sql, connection: int, at: int, span: tuple[int, int]) -> pl.DataFrame:
    """The value before the first change after `at`, by deal and field."""
    query = (
        "SELECT key, field, before FROM field_change"
        " WHERE connection = ? AND key BETWEEN ? AND ? AND changed_at > ? ORDER BY key, changed_at, id"
    )
    frame = sql.frame(query, (connection, *span, at), BACK)
    return frame.unique(["key", "field"], keep="first", maintain_order=True)


def taken_back(deals: pl.DataFrame, later: pl.DataFrame, tracked: Collection[str], schema: pl.Schema) -> pl.DataFrame:
    """Deals (or leads) with the value before its first later change in each field that has one; see BACK."""
    if later.is_empty():
        return deals
    for (field,), rows in later.group_by(["field"]):
        if str(field) in tracked:
            deals = _replace(deals, str(field), rows, schema)
    return _replace_facts(deals, later.filter(~pl.col("field").is_in(tracked)))


def _replace(deals: pl.DataFrame, column: str, rows: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    values = [orjson.loads(text) for text in rows["before"]]
    kind = schema[column]
    texts = pl.Series("was", values, dtype=pl.String if kind.is_decimal() or kind == pl.Date else kind, strict=False)
    was = pl.DataFrame({"key": rows["key"], "was": texts.str.to_date() if kind == pl.Date else texts.cast(kind)})
    joined = deals.join(was.with_columns(hit=pl.lit(value=True)), on="key", how="left", maintain_order="left")
    now_or_then = pl.when(pl.col("hit")).then("was").otherwise(column).alias(column)
    return joined.with_columns(now_or_then).drop("was", "hit")


def _replace_facts(deals: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Mapped facts lie in one JSON text a deal."""
    before: dict[int, dict[str, Any]] = {}
    for key, field, text in rows.iter_rows():
        before.setdefault(key, {})[field] = orjson.loads(text)
    touched = deals.filter(pl.col("key").is_in(list(before))).select("key", "facts")
    was = pl.DataFrame(
        [(key, json(orjson.loads(facts) | before[key])) for key, facts in touched.iter_rows()],
        schema={"key": pl.Int64, "was": pl.String}, orient="row",
    )  # fmt: skip
    joined = deals.join(was, on="key", how="left", maintain_order="left")
    return joined.with_columns(facts=pl.coalesce("was", "facts")).drop("was")


def _moved_later(sql: Sql, connection: int, at: int, span: tuple[int, int]) -> pl.DataFrame:
    query = "SELECT DISTINCT key FROM stage_change WHERE connection = ? AND key BETWEEN ? AND ? AND at > ?"
    return sql.frame(query, (connection, *span, at), KEY)


def _stage_of_history(
    deals: pl.DataFrame, moved: pl.DataFrame, stage_changes: pl.DataFrame, crm_stages: pl.DataFrame
) -> pl.DataFrame:
    """Deals that moved after the day stand in the stage of their last move until then."""
    if moved.is_empty():
        return deals
    then = stage_changes.join(moved, on="key", how="semi").group_by("key", maintain_order=True).last()
    ends = crm_stages.select("pipeline", pl.col("name").alias("was"), "is_closed", "is_won")
    by_name = ends.unique("was", keep="first", maintain_order=True).drop("pipeline")
    was = (
        moved.join(then, on="key", how="left", maintain_order="left")
        .select("key", pl.col("stage_name").alias("was"), pl.col("pipeline").alias("was_in"), hit=pl.lit(value=True))
        .join(ends, left_on=["was_in", "was"], right_on=["pipeline", "was"], how="left", maintain_order="left")
        .join(by_name, on="was", how="left", suffix="_any", maintain_order="left")
        .select(
            "key", "was", "was_in", "hit",
            was_closed=pl.coalesce("is_closed", "is_closed_any"), was_won=pl.coalesce("is_won", "is_won_any"),
        )
    )  # fmt: skip
    joined = deals.join(was, on="key", how="left", maintain_order="left")
    hit = pl.col("hit")
    lost = pl.when(hit & pl.col("was").is_null()).then(pl.lit("stage_name;is_closed;is_won"))
    ends_unknown = pl.when(hit & pl.col("was_closed").is_null()).then(pl.lit("is_closed;is_won"))
    return joined.with_columns(
        pl.when(hit).then("was").otherwise("stage_name").alias("stage_name"),
        pl.when(hit & pl.col("was_in").is_not_null()).then("was_in").otherwise("pipeline").alias("pipeline"),
        pl.when(hit).then("was_closed").otherwise("is_closed").alias("is_closed"),
        pl.when(hit).then("was_won").otherwise("is_won").alias("is_won"),
        with_unread(pl.coalesce(lost, ends_unknown)).alias("unread"),
    ).drop("was", "was_in", "hit", "was_closed", "was_won")


def with_unread(names: pl.Expr) -> pl.Expr:
    """`unread` with `names` ("a;b", or null) added; it may hold a name twice."""
    unread = pl.col("unread")
    more = pl.when(unread == "").then(pl.lit(";")).otherwise(unread) + names + ";"
    return pl.when(names.is_null()).then(unread).otherwise(more)


def _unseen(sql: Sql, connection: int, at: int, deals: pl.DataFrame, stage_changes: pl.DataFrame) -> pl.DataFrame:
    """Deals first seen after the day and edited between it and then: only what the CRM has history of is known."""
    late = (pl.col("first_seen") > at) & (pl.col("first_edit") > at)
    if deals.is_empty() or not deals.select(late.any()).item():
        return deals
    query = "SELECT DISTINCT field FROM field_change WHERE connection = ? AND origin = 'crm'"
    told = {field for (field,) in sql.rows(query, connection)}
    columns = ";".join(c for c in TRACKED if c not in told and c not in STAGE)
    stage = ";".join(c for c in STAGE if c not in told)
    has_history = pl.col("key").is_in(stage_changes["key"].unique().implode())
    facts = _fact_names(deals.filter(late), told)
    joined = deals.join(facts, on="key", how="left", maintain_order="left")
    names = pl.concat_str(
        pl.lit(columns or None), pl.when(~has_history).then(pl.lit(stage or None)), "fact_names",
        separator=";", ignore_nulls=True,
    )  # fmt: skip
    return joined.with_columns(with_unread(pl.when(late & (names != "")).then(names)).alias("unread")).drop(
        "fact_names"
    )


def _fact_names(deals: pl.DataFrame, told: set[str]) -> pl.DataFrame:
    """Mapped facts without history in the CRM, by deal, joined by `;`."""
    rows = [
        (key, ";".join(n for n in orjson.loads(facts) if n not in told) or None)
        for key, facts in deals.select("key", "facts").iter_rows()
    ]
    return pl.DataFrame(rows, schema={"key": pl.Int64, "fact_names": pl.String}, orient="row")
