"""Records as they were: later changes are undone, and fields without history are listed as unread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson
import polars as pl

from store.codec import json

if TYPE_CHECKING:
    from collections.abc import Collection


BACK: Final = pl.Schema({"key": pl.Int64(), "field": pl.String(), "before": pl.String()})


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


def with_unread(names: pl.Expr) -> pl.Expr:
    """`unread` with `names` ("a;b", or null) added; it may hold a name twice."""
    unread = pl.col("unread")
    more = pl.when(unread == "").then(pl.lit(";")).otherwise(unread) + names + ";"
    return pl.when(names.is_null()).then(unread).otherwise(more)
