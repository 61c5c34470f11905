"""Measure: every KPI of the connection, over all deals and by each single dimension."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from kpis.dictionary import DEAL_DIMS, STAGE, STANDARD_DIMS, TIME_DIMS
from kpis.entry_evidence import mark_untrusted
from model.errors import SettingsProblem
from model.facts import FACTS, Fact
from model.subjects import LEADS
from model.widening.date_moves import date_moves
from model.widening.logged_touches import touches_by_rep
from policies.language import parse_condition
from policies.reporting.report import exempt_deals
from worker import side_files
from worker.pipeline.context import local_day
from worker.pipeline.home_currency import home_of
from worker.pipeline.measuring.known_targets import targets
from worker.pipeline.measuring.measured_with import measured_with
from worker.pipeline.measuring.own_kpis import own_kpis
from worker.pipeline.other_subjects import named_in_force, part_of
from worker.pipeline.slices import late_feeds, touch_rule

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from kpis.benchmarks import Benchmark
    from kpis.dictionary import Kpi
    from kpis.measure import Question
    from kpis.populations import Source
    from model.process import Condition, Process
    from model.snapshot import Snapshot
    from model.sync import Description
    from model.wide import Wide
    from worker.pipeline.judge import Judged
    from worker.pipeline.measuring.own_kpis import OwnKpis
    from worker.pipeline.session import Session
    from worker.pipeline.slices import Part


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


def measure(session: Session, judged: Judged, run_id: int) -> list[dict[str, Any]]:
    """Measure, keep and return the values as JSON rows (`kpis` in docs/contract.md)."""
    rows = values(session, (part.part for part in judged.parts), judged.policies.processes, exempt(judged))
    own = own_kpis(session, session.description())
    with_ = measured_with(session, judged.policies, own)
    session.store.kpis.keep(run_id, rows, session.lease, measured_with=with_)
    return rows


def values(
    session: Session, parts: Iterable[Part], processes: Sequence[Process], exempt: Collection[int],
    asked: KpiQuestion = USUAL,
) -> list[dict[str, Any]]:  # fmt: skip
    """KPI values as JSON rows. Empty if there are no deals yet.

    `exempt`: keys of the deals with a pause or a waiver. A value that they change also has `without_excused`: its
    numbers without those deals.
    """
    from kpis.measure import measure as measured
    from kpis.populations import rows_of

    own = own_kpis(session, session.description())
    sources = list(_sources(session, parts, processes, asked, own))
    if not sources:
        return []
    rows = rows_of(sources)
    question = _question(session, asked, own.kpis(), rows.frames["deals"])
    found = [value.json() for value in measured(rows, question)]
    if exempt:
        without = {_named(row): row for row in (value.json() for value in measured(rows.without(exempt), question))}
        found = [_compared(row, without.get(_named(row), NOTHING)) for row in found]
    return with_evidence(session, [row | _narrowed(session, asked) for row in found])


def _narrowed(session: Session, asked: KpiQuestion) -> dict[str, str]:
    """The conditions that narrow the deals, as far as there are any."""
    conditions = {"scope": session.connection.kpi_scope, "where": asked.where}
    return {key: text for key, text in conditions.items() if text}


def exempt(judged: Judged) -> frozenset[int]:
    """Keys of the deals with a pause or a waiver."""
    return frozenset[int]().union(*(exempt_deals(part.report) for part in judged.parts))


NOTHING: Final[Mapping[str, Any]] = {"value": None, "numerator": None, "denominator": None, "n": 0}


def _named(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return row["id"], *row["dims"].items()


def _compared(row: dict[str, Any], without: Mapping[str, Any]) -> dict[str, Any]:
    """The row, and its numbers without the exempt deals where they differ."""
    numbers = {name: without[name] for name in NOTHING}
    return row if numbers.items() <= row.items() else {**row, "without_excused": numbers}


def _sources(
    session: Session, parts: Iterable[Part], processes: Sequence[Process], asked: KpiQuestion, own: OwnKpis
) -> Iterator[Source]:
    from kpis.custom import columns_of
    from kpis.populations import Source

    description = session.description()
    facts = facts_of(description)
    dims = _dims(asked, facts)
    conditions = conditions_of(session, asked, facts)
    imported, today = session.services.settings.kpis.count_imported, local_day(session, session.as_of)
    first = True
    for part in parts:
        wide, scope = part.wide, None
        if conditions:
            scope = pl.all_horizontal(one.polars(wide) for one in conditions)
        moves = None if "pushes" in description.types else date_moves(part.snapshot, session.connection.timezone)
        touches = _touches(session, description, part.snapshot) if first else None
        extra = columns_of(own.definitions, wide)
        leads = _leads(session, description) if first else None
        yield Source(wide, processes, dims, scope, imported, extra, moves, touches, today, leads)
        first = False


def _leads(session: Session, description: Description) -> Wide | None:
    """The leads of the connection, where a policy names them."""
    if LEADS not in named_in_force(session, description):
        return None
    return part_of(session, session.policies_in_force(description), description, LEADS).wide


def _touches(session: Session, description: Description, snapshot: Snapshot) -> pl.DataFrame | None:
    """The touches of the connection, rep by rep; None where activities are not read, or were not lately."""
    if "activities" not in snapshot.feeds or "activities" in late_feeds(session, snapshot.feeds):
        return None
    found = session.store.history.logged(session.name, session.as_of, touch_rule(session, description))
    return touches_by_rep(found, snapshot.owners, session.connection.timezone)


def _dims(asked: KpiQuestion, facts: Mapping[str, Fact]) -> tuple[str, ...]:
    """The facts by which groups are asked for. Raises SettingsProblem for a word that is no dimension."""
    dims = [dim for dims in asked.by for dim in dims if dim != STAGE and dim not in TIME_DIMS]
    for dim in dims:
        if dim not in DEAL_DIMS and (dim not in facts or facts[dim].type not in {"choice", "yes/no"}):
            offered = ", ".join((*STANDARD_DIMS, *TIME_DIMS[2:]))
            raise SettingsProblem(
                f"{dim!r} is no dimension; KPIs can be given by {offered}, and by any fact of type choice or yes/no."
            )
    return tuple(dict.fromkeys((*DEAL_DIMS, *dims)))


def facts_of(description: Description) -> dict[str, Fact]:
    """The facts that conditions may name on a connection."""
    return {**FACTS, **{name: Fact(name, kind, "", name) for name, kind in description.types.items()}}


def conditions_of(session: Session, asked: KpiQuestion, facts: Mapping[str, Fact]) -> list[Condition]:
    """The connection's `kpi_scope` and the condition of the question. Raises SettingsProblem with what is wrong."""
    texts = {f"connections.{session.name}.kpi_scope": session.connection.kpi_scope, "--where": asked.where}
    read = [parse_condition(text, facts, where=(where, 1, 1)) for where, text in texts.items() if text]
    if mistakes := [str(mistake) for found in read if isinstance(found, list) for mistake in found]:
        raise SettingsProblem("\n".join(mistakes))
    return [found for found in read if not isinstance(found, list)]


def _question(session: Session, asked: KpiQuestion, kpis: Mapping[str, Kpi], deals: pl.DataFrame) -> Question:
    from kpis.measure import Question
    from kpis.window import Window

    home, starts = home_of(session, session.description()), session.connection.fiscal_year_starts
    return Question(
        by=asked.by,
        window=Window(asked.window, starts) if asked.window else None,
        targets=targets(session, deals),
        spend=spend(session),
        currency=home.currency,
        note=home.short_note,
        fiscal_year_starts=starts,
        enough=session.services.settings.kpis.enough,
        kpis=kpis,
        benchmarks=benchmarks(session, kpis),
    )


def benchmarks(session: Session, kpis: Collection[str]) -> list[Benchmark]:
    """The connection's benchmarks, else the shipped ones."""
    from kpis.catalogue import SHIPPED

    own = session.connection.benchmarks
    path = session.services.settings.path(own) if own else resources.files("kpis").joinpath("benchmarks.csv")
    return side_files.benchmarks(path, {*SHIPPED, *kpis})


def with_evidence(session: Session, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """KPI rows, each with what the last evidence at entry holds against it."""
    evidence = session.store.kpis.entry_evidence(session.name)
    return mark_untrusted(rows, evidence["stages"]) if evidence else rows


def spend(session: Session) -> pl.DataFrame | None:
    """The spend file as a frame, or None."""
    from kpis.spend import SPEND

    path = session.connection.spend
    if path is None:
        return None
    return pl.DataFrame(side_files.spend(session.services.settings.path(path)), schema=SPEND)
