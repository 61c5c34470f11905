"""Benchmarks: the band in which others stand, for all deals, a segment, or a stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

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


Bands: TypeAlias = "Mapping[str, Mapping[tuple[str, str], Benchmark]]"
"""Benchmarks by KPI, then by segment and stage."""


def bands(benchmarks: Sequence[Benchmark]) -> Bands:
    """The benchmarks as `benchmark_of` looks them up; the first one of a place counts."""
    found: dict[str, dict[tuple[str, str], Benchmark]] = {}
    for one in benchmarks:
        found.setdefault(one.kpi, {}).setdefault((plain(one.segment), plain(one.stage)), one)
    return found


def benchmark_of(known: Bands, kpi: str, dims: Mapping[str, str | None]) -> Benchmark | None:
    """The benchmark that a value may be compared with: of its segment and stage where it is given by them.

    A value by other dimensions, such as the owner, is compared with the one of all deals.
    """
    if kpi not in known or (SEGMENT in dims and dims[SEGMENT] is None):
        return None
    return known[kpi].get((plain(dims.get(SEGMENT)), plain(dims.get(STAGE))))


def standing(value: float, benchmark: Mapping[str, Any]) -> str:
    """Where a value stands: below, in, or above the band of a `benchmark` object."""
    if benchmark["low"] is not None and value < benchmark["low"]:
        return "below"
    return "above" if benchmark["high"] is not None and value > benchmark["high"] else "in"


def plain(name: str | None) -> str:
    """A name without case, spaces and signs."""
    text = (name or "").casefold()
    return OTHER_NAMES.get(text, "".join(sign for sign in text if sign.isalnum()))
