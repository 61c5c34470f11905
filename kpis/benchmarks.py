"""Benchmarks: the band in which others stand, for all deals, a segment, or a stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SEGMENT, STAGE = "segment", "stage"
OTHER_NAMES: Final = {
    "small business": "smb", "small": "smb", "mm": "midmarket", "mid": "midmarket", "ent": "enterprise",
}  # fmt: skip
"""What segments are also called."""


@dataclass(frozen=True)
class Benchmark:
    """A band of a KPI: at least `low`, at most `high`; None where it has no such end.

    `segment` None: of deals of any; `stage` None: of no single stage.
    """

    kpi: str
    low: float | None
    high: float | None
    source: str
    year: int | None = None
    segment: str | None = None
    stage: str | None = None

    def json(self) -> dict[str, Any]:
        """The object `benchmark` of docs/contract.md."""
        return {"low": self.low, "high": self.high, "source": self.source, "year": self.year}


def benchmark_of(
    benchmarks: Sequence[Benchmark], kpi: str, dims: Mapping[str, str | None]
) -> Benchmark | None:  # fmt: skip
    """The benchmark that a value may be compared with: of its segment and stage where it is given by them.

    A value by other dimensions, such as the owner, is compared with the one of all deals.
    """
    wanted = kpi, *(_plain(dims.get(dim)) for dim in (SEGMENT, STAGE))
    if SEGMENT in dims and dims[SEGMENT] is None:
        return None
    return next((one for one in benchmarks if (one.kpi, _plain(one.segment), _plain(one.stage)) == wanted), None)


def standing(value: float, benchmark: Mapping[str, Any]) -> str:
    """Where a value stands: below, in, or above the band of a `benchmark` object."""
    if benchmark["low"] is not None and value < benchmark["low"]:
        return "below"
    return "above" if benchmark["high"] is not None and value > benchmark["high"] else "in"


def _plain(name: str | None) -> str:
    """A name without case, spaces and signs."""
    text = (name or "").casefold()
    return OTHER_NAMES.get(text, "".join(sign for sign in text if sign.isalnum()))
