"""One join for all steps: columns of another frame set beside a frame's own."""

from __future__ import annotations

import polars as pl


def beside(frame: pl.DataFrame, other: pl.DataFrame, on: str = "key") -> pl.DataFrame:
    """`frame`, its rows and their order untouched, with those columns of `other` it lacks; `on` is unique in `other`.

    A column it has already is a mapped field that stands in. Only `on` takes part in the join, so the wide frame
    itself is never copied.
    """
    lacking = [name for name in other.columns if name not in frame.columns]
    found = frame.lazy().select(on).join(other.lazy(), on=on, how="left", maintain_order="left", validate="m:1")
    return frame.hstack(found.select(lacking).collect(engine="in-memory", optimizations=pl.QueryOptFlags.none()))
