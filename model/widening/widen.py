"""`widen`: a subject's records, history and activities become one frame, a column a fact and its mask.

Each step adds columns to one joined frame; facts with an expression are evaluated as soon as the columns they name are
there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from model.subjects import LEADS, OPPORTUNITIES
from model.widening.deal_steps import deal_steps
from model.widening.lead_steps import lead_steps
from model.widening.widening import Widening

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import polars as pl

    from model.calibration import Calibration
    from model.judging_options import Setting
    from model.process import Process
    from model.snapshot import Snapshot
    from model.wide import Wide

STEPS: Final[dict[str, Callable[..., pl.DataFrame]]] = {OPPORTUNITIES.table: deal_steps, LEADS.table: lead_steps}
"""The steps of a subject by its table: they add its facts to a Widening and give the moves between stages."""


def widen(
    snapshot: Snapshot,
    processes: Sequence[Process],
    calibration: Calibration,
    setting: Setting,
    coverage: pl.DataFrame | None = None,
    *,
    copies: pl.Series | None = None,
) -> Wide:
    """The wide frame of a snapshot, one row a record, in the order of its records.

    `coverage` (activity_facts.coverage) and `copies` (copied_next_steps.copied) of all deals must be given where
    `snapshot` is a slice of them.
    """
    widening = Widening(snapshot, setting)
    moves = STEPS[snapshot.subject.table](widening, processes, calibration, coverage, copies)
    return widening.wide(moves)
