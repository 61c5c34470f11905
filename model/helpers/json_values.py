"""JSON texts of single values, as the store keeps them, in a column's own type."""

from __future__ import annotations

import orjson
import polars as pl


def typed(texts: pl.Series, kind: pl.DataType) -> pl.Series:
    """The values of JSON texts, each of which is one value of the type `kind`."""
    distinct = texts.unique()
    plain = [None if text is None else orjson.loads(text) for text in distinct]
    parsed = pl.Series(plain, dtype=pl.String if kind.is_decimal() or kind == pl.Date else kind, strict=False)
    values = parsed.str.to_date(strict=False) if kind == pl.Date else parsed.cast(kind)
    found = pl.DataFrame({"text": distinct, "value": values})
    return texts.to_frame("text").join(found, on="text", how="left", nulls_equal=True, maintain_order="left")["value"]
