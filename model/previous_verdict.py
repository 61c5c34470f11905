"""The previous verdict: the rows that one run keeps in the store and the next run reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import polars as pl

from model.snapshot import INSTANT, columns

FINDINGS: Final = columns({
    "key": pl.Int64,
    "policy": pl.String,  # policy id, or process/stage/criterion
    "status": pl.String,  # broken, unknown
    "since": pl.Date,  # the day the limit was crossed; where unknown: that of the flag it holds or withdrew, else null
    "first_seen": pl.Date,  # the day of the first verdict that had it
    "unknown_since": INSTANT,  # start of an unknown that holds what was known before, else null
    "shown": pl.Boolean,  # on the record now
    "flag": pl.String,  # JSON: the flag (or unknown) object of docs/contract.md
})  # fmt: skip
"""One row per deal and broken or unknown policy."""

DEAL_VERDICTS: Final = columns({
    "key": pl.Int64,
    "score": pl.Int64,
    "score_reason": pl.String,
    "gate": pl.String,
    "detail": pl.String,  # JSON: stage, gate {status, breached, waiting, unknown}, missing […], checked [sentences]
})  # fmt: skip
"""One row per judged deal."""

BREACHES: Final = columns({
    "key": pl.Int64,
    "criterion": pl.String,  # process/stage/criterion
    "side": pl.String,  # entry, exit
    "moved_at": INSTANT,  # the forward move that bound it
    "moved_on": pl.Date,  # its local day, in the zone of the owner then
    "met_on": pl.Date,  # the local day on which it was first true; null while unmet
    "ended": pl.String,  # null, met_late, taken_back
    "first_judged": INSTANT,
    "logged_late": pl.Boolean,  # met only by a record that was entered after the move
})  # fmt: skip
"""One row per deal, criterion and binding move that was once judged; once met it stays met."""


PAUSES: Final = columns({
    "key": pl.Int64,
    "number": pl.Int64,  # counts a deal's pauses from 1
    "asked": pl.Date,  # the end that the rep wrote; null once it was taken off
    "until": pl.Date,  # the last day it holds, at most 30 after it began
    "reason": pl.String,
    "began": pl.Date,  # the owner's local day on which we first saw it
    "stage_name": pl.String,  # where the deal stood, and who owned it, when it began
    "owner_id": pl.String,
    "ended": pl.Date,  # the day it ended early (null: it did not): moved, handed over, taken off the record
})  # fmt: skip
"""One row per pause that a rep asked for on the record and that was granted."""

ASKED: Final = columns({"key": pl.Int64, "asked": pl.Date, "reason": pl.String, "readable": pl.Boolean})
"""Pauses as they stand on records now: deals with a date, and deals on which the pause can no longer be read."""


@dataclass(frozen=True)
class PreviousVerdict:
    """The last verdict on the deals in a frame; empty where they were never judged.

    `pauses` (PAUSES) were granted before, `asked` (ASKED) stand on the records now.
    """

    findings: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=FINDINGS))
    deals: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=DEAL_VERDICTS))
    breaches: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=BREACHES))
    pauses: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=PAUSES))
    asked: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=ASKED))

    @property
    def broken(self) -> pl.DataFrame:
        """Findings that were broken when last known: also those held or withdrawn while unknown."""
        return self.findings.filter((pl.col("status") == "broken") | pl.col("since").is_not_null())
