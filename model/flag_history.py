"""What happened to flags and to the facts that they measure: frames that the store hands to kpis/precision.py."""

from __future__ import annotations

from typing import Final

import polars as pl

from model.snapshot import INSTANT, columns

FLAG_SPANS: Final = columns({
    "key": pl.Int64,
    "policy": pl.String,
    "status": pl.String,  # broken, unknown
    "shown": pl.Boolean,  # on the record
    "severity": pl.String,  # null where nothing was to be flagged
    "began": pl.Int64,  # the run that first found it
    "ended": pl.Int64,  # the run that no longer found it; null: it stands
})  # fmt: skip
"""Findings, one row for each span in which the text stayed the same."""

DEAL_SPANS: Final = columns({"key": pl.Int64, "is_open": pl.Boolean, "began": pl.Int64, "ended": pl.Int64})
"""Deals, each for as long as its verdict stood: where no row holds a run, the deal was not judged in it."""

RUNS: Final = columns({
    "run": pl.Int64,
    "as_of": INSTANT,
    "digest": pl.String,  # of the policies it judged by
    "calibration": pl.String,
    "judged": pl.Boolean,  # whether its verdict is still kept
})  # fmt: skip

ACTS: Final = columns({
    "key": pl.Int64,
    "field": pl.String,  # a column of a deal, a mapped fact, `activities` or `contact_roles`
    "at": INSTANT,
    "actor": pl.String,  # as actor_id of model/records.py; null: nobody knows
    "value": pl.String,  # JSON of the value after; null where the act has none
})  # fmt: skip
"""Changes of deals, moves between stages, touches and plans that count, contacts taken on."""
