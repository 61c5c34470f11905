"""What a person asks of a connection's KPIs: dimensions and conditions, checked against what the CRM knows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import polars as pl

from kpis.dictionary import DEAL_DIMS, STAGE, STANDARD_DIMS, TIME_DIMS
from kpis.left_out import ScopeNotes
from model.errors import SettingsProblem
from model.helpers.words import did_you_mean
from policies.language import unequal, with_blanks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from model.facts import Fact
    from model.wide import Wide
    from policies.language import Condition
    from worker.pipeline.session import Session


@dataclass(frozen=True)
class KpiQuestion:
    """What a person asks of a connection's KPIs. `by`: each entry is one or two dimensions. `window` empty: as usual.

    `where`: a condition over the deals, besides the connection's `kpi_scope`.
    """

    by: Sequence[tuple[str, ...]] = tuple((dim,) for dim in STANDARD_DIMS)
    window: str = ""
    where: str = ""


USUAL: Final = KpiQuestion()
"""What every run measures."""
CATEGORIES: Final = ("choice", "yes/no")
"""Types of facts that are dimensions even where the CRM lists no values."""


def read(asked: KpiQuestion, facts: Mapping[str, Fact]) -> KpiQuestion:
    """The question with its dimensions as facts are called. Raises SettingsProblem for a word that is no dimension."""
    return replace(asked, by=tuple(tuple(_dimension(word, facts) for word in dims) for dims in asked.by))


def _dimension(word: str, facts: Mapping[str, Fact]) -> str:
    groups = [name for name, fact in facts.items() if fact.type in CATEGORIES or (fact.choices and fact.type == "text")]
    known = {*STANDARD_DIMS, *TIME_DIMS, *groups}
    name = word.strip().lower()
    if name in known:
        return name
    offered = ", ".join((*STANDARD_DIMS, *TIME_DIMS[2:]))
    hint = "" if name in facts else did_you_mean(name, known)
    text = f"{word!r} is no dimension{hint or ';'} KPIs can be given by {offered}, and by any fact"
    raise SettingsProblem(f"{text} that is a choice or yes/no.")


def facts_to_group(asked: KpiQuestion) -> tuple[str, ...]:
    """The facts by which groups are asked for, and those of every run."""
    dims = [dim for dims in asked.by for dim in dims if dim != STAGE and dim not in TIME_DIMS]
    return tuple(dict.fromkeys((*DEAL_DIMS, *dims)))


def scope_of(conditions: Sequence[Condition], wide: Wide) -> tuple[pl.Expr | None, pl.Expr | None]:
    """Over `wide.frame`: the deals that all conditions claim, and those that only a blank keeps out."""
    if not conditions:
        return None, None
    strict = pl.all_horizontal(one.polars(wide) for one in conditions)
    if not any(unequal(one.tree) for one in conditions):
        return strict, None
    loose = pl.all_horizontal(replace(one, tree=with_blanks(one.tree)).polars(wide) for one in conditions)
    return strict, loose.fill_null(value=False) & ~strict.fill_null(value=True)


def scope_notes(conditions: Sequence[Condition], known: frozenset[str]) -> ScopeNotes:
    """Which facts that the conditions name are not mapped, and what `!=` leaves out. `known`: those that are."""
    lacking = [
        f"nothing is mapped for {', '.join(names)}, which {_place(one)} names"
        for one in conditions if (names := sorted(one.facts - known))
    ]  # fmt: skip
    denied = {one: unequal(one.tree) for one in conditions}
    facts = " or ".join(sorted(frozenset[str]().union(*denied.values())))
    places = " and ".join(_place(one) for one, names in denied.items() if names)
    return ScopeNotes("; ".join(lacking), f"with a blank {facts} left out by != in {places}")


def _place(condition: Condition) -> str:
    """kpi_scope or --where."""
    return condition.where[0].rpartition(".")[2]


def texts_of(session: Session, asked: KpiQuestion = USUAL) -> dict[str, str]:
    """The conditions by which KPIs are narrowed, by the place of each."""
    return {f"connections.{session.name}.kpi_scope": session.connection.kpi_scope, "--where": asked.where}
