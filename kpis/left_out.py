"""What a KPI leaves out because a fact is unknown: deals of unknown scope, state or stage, and of an unknown group."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from kpis.answers import Answer, left_out, noted
from kpis.dictionary import BLANKED, SCOPELESS, STAGE, STAGED
from kpis.populations.population import dim_columns, unknown
from kpis.tallies import PLAIN
from model.helpers.words import many

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kpis.dictionary import Kpi
from kpis.populations.population import Population

Group = tuple[str | None, ...]
UNSURE: Final = "unsure"
CONCERNED, BLANKS = "concerned:", "blanks:"
"""Start the names of the masks of deals that a KPI counts or leaves out, or would count if a value was not blank."""
NOTHING: Final = ("no deal", "no money", "no visit", "no open deal", "no won deal", "no such deal")
"""How reasons begin that say that there is nothing to count: it holds of the deals that are not left out."""


@dataclass(frozen=True)
class ScopeNotes:
    """`unmapped`: which facts that the scope names are not mapped. `blanks`: what deals are that a blank leaves out."""

    unmapped: str = ""
    blanks: str = ""


NO_NOTES: Final = ScopeNotes()


@dataclass(frozen=True)
class LeftOut:
    """By group: how many deals lack something. `nowhere`: by KPI, how many of its deals are of unknown group.

    `scope`: what is to be said about the scope.
    """

    dims: tuple[str, ...]
    counts: Mapping[Group, Mapping[str, int]]
    nowhere: Mapping[str, int]
    scope: ScopeNotes

    def noted(self, kpi: Kpi, group: Group, answer: Answer) -> Answer:
        """The answer and what it leaves out. Without a known deal there is no value, and what is left out says why."""
        row, nowhere = self.counts.get(group, {}), self.nowhere.get(kpi.id, 0)
        if not nowhere and not any(row.get(column) for column in (*kpi.lacking.values(), BLANKS + kpi.id)):
            return answer
        notes = [left_out(row.get(column, 0), "deal", lack) for lack, column in kpi.lacking.items()]
        gone = any(notes)
        if row.get(kpi.lacking[SCOPELESS], 0):
            notes.insert(0, self.scope.unmapped)
        blanked = row.get(BLANKS + kpi.id, 0)
        if blanked:
            answer = replace(answer, why=noted(answer.why, f"{many(blanked, 'deal')} {self.scope.blanks}"))
        if not gone and not nowhere:
            return answer
        if nowhere:
            among = left_out(nowhere, "deal", f"of unknown {' or '.join(self.dims)}")
            notes.append(among if None not in group else among.removesuffix("left out") + "among them")
            gone = gone or None in group
        why = noted(answer.why, *notes)
        if gone and answer.value is None and answer.why.startswith(NOTHING):
            why = noted(*notes, f"of the others, {answer.why}")
        if gone and not answer.n:
            return Answer(None, None, answer.denominator if answer.numerator is None else None, 0, why)
        return replace(answer, why=why)


class Doubtful:
    """The deals of one window about which something is unknown, with a mask for each way in which a KPI has them.

    `deals`: a row a deal, with the columns that `leaves_out` and `counted` ask for; None without any such deal.
    """

    def __init__(
        self, population: Population, deals: pl.DataFrame | None, kpis: Sequence[Kpi], scope: ScopeNotes = NO_NOTES
    ) -> None:
        masks = {column: kpi.lacks[lack] for kpi in kpis for lack, column in kpi.lacking.items()}
        here = ~pl.col(BLANKED)
        masks |= {CONCERNED + kpi.id: pl.any_horizontal(kpi.counted, *kpi.lacks.values()) & here for kpi in kpis}
        masks |= {BLANKS + kpi.id: pl.col(BLANKED) & kpi.could for kpi in kpis}
        known = {column: mask.fill_null(value=False) for column, mask in masks.items()}
        self.population, self.scope = population, scope
        self.deals = None if deals is None else deals.with_columns(**known)

    def left_out(self, kpis: Sequence[Kpi], dims: tuple[str, ...], fiscal_year_starts: int) -> LeftOut:
        """What each of some KPIs of one clock leaves out, group by group."""
        if self.deals is None:
            return LeftOut(dims, {}, {}, self.scope)
        lacking = dict.fromkeys(column for kpi in kpis for column in kpi.lacking.values())
        sums = pl.col(*lacking, *(name + kpi.id for kpi in kpis for name in (CONCERNED, BLANKS))).sum()
        here = self.deals
        if STAGED in here.columns:
            here = here.filter((pl.col(STAGED) == (STAGE in dims)).fill_null(value=True))
        deals = self.population.grouped(here, dims, kpis[0].clock, fiscal_year_starts)
        unsure = pl.any_horizontal(pl.lit(value=False), *(unknown(dim) for dim in dims))
        query = deals.group_by(unsure.alias(UNSURE), *dim_columns(dims)).agg(sums)
        table = query.collect(engine="in-memory", optimizations=PLAIN).rows(named=True)
        counts: dict[Group, dict[str, Any]] = {
            tuple(row[column] for column in dim_columns(dims)): row for row in table if row[UNSURE] is False
        }
        nowhere = Counter[str]()
        for row in table:
            if row[UNSURE]:
                nowhere.update({kpi.id: row[CONCERNED + kpi.id] for kpi in kpis})
        return LeftOut(dims, counts, nowhere, self.scope)
