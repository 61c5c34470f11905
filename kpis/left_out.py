"""What a KPI leaves out because a fact is unknown: deals of unknown state or stage, and deals of an unknown group."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from kpis.dictionary import Answer, left_out
from kpis.populations import unknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kpis.dictionary import Kpi

DOUBTS: Final = ("stateless", "dayless", "stageless")
"""Columns of the deals that a KPI may leave out; see `kpis.populations`."""


@dataclass(frozen=True)
class LeftOut:
    """By KPI and group of one dimension: how many deals are left out, by what they lack.

    `nowhere`: by KPI, the deals that belong to a group that is unknown.
    """

    dim: str | None
    counts: Mapping[str | None, Mapping[str, int]]
    nowhere: Mapping[str, int]

    def noted(self, entry: Kpi, group: str | None, answer: Answer) -> Answer:
        """The answer and what it leaves out. Without a known deal there is no value, and what is left out says why."""
        row = self.counts.get(group, {})
        notes = [left_out(row.get(f"{entry.id}.{lacking}", 0), "deal", lacking) for lacking in entry.leaves_out]
        gone = any(notes)
        if nowhere := self.nowhere.get(entry.id, 0):
            among = left_out(nowhere, "deal", f"of unknown {self.dim}")
            notes.append(among if group is not None else among.removesuffix("left out") + "among them")
        said = "; ".join(filter(None, (answer.why, *notes)))
        if gone and not answer.n:
            return Answer(None, None, answer.denominator if answer.numerator is None else None, 0, said)
        return replace(answer, why=said)


def doubtful(deals: pl.DataFrame) -> pl.DataFrame | None:
    """The frame, if anything is unknown of any deal in it; else None, and nothing is left out."""
    doubts = [name for name in deals.columns if name in DOUBTS or name.startswith(unknown(""))]
    return deals if deals.select(pl.any_horizontal(doubts).any()).item() else None


def left_out_of(entries: Sequence[Kpi], deals: pl.DataFrame | None, dim: str | None) -> LeftOut:
    """What each KPI leaves out, group by group. `deals`: a row a deal, with the columns that `leaves_out` asks for."""
    if deals is None:
        return LeftOut(dim, {}, {})
    sums = [
        expr.fill_null(value=False).sum().alias(f"{entry.id}.{lacking}")
        for entry in entries for lacking, expr in entry.leaves_out.items()
    ]  # fmt: skip
    if dim is None:
        return LeftOut(None, {None: deals.select(sums).row(0, named=True) if sums else {}}, {})
    sure = deals.filter(~pl.col(unknown(dim)))
    table = sure.group_by(dim).agg(sums) if sums else pl.DataFrame()
    counts: dict[str | None, dict[str, Any]] = {row[dim]: row for row in table.iter_rows(named=True)}
    concerned = [_concerned(entry).sum().alias(entry.id) for entry in entries]
    nowhere = deals.filter(unknown(dim)).select(concerned).row(0, named=True)
    return LeftOut(dim, counts, nowhere)


def _concerned(entry: Kpi) -> pl.Expr:
    """Deals that the KPI counts or leaves out."""
    return pl.any_horizontal(entry.counted, *entry.leaves_out.values()).fill_null(value=False)
