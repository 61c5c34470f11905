"""Measure: every KPI of the connection, over all deals and by each single dimension."""

from __future__ import annotations

from dataclasses import replace
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from kpis.entry_evidence import mark_untrusted
from model.subjects import LEADS
from model.widening.date_moves import date_moves
from model.widening.logged_touches import touches_by_rep
from policies.reporting.report import exempt_deals
from worker import side_files
from worker.pipeline.context import local_day
from worker.pipeline.home_currency import home_of
from worker.pipeline.measuring.caveats import with_caveats
from worker.pipeline.measuring.known_targets import targets
from worker.pipeline.measuring.measured_with import measured_with
from worker.pipeline.measuring.own_kpis import own_kpis
from worker.pipeline.measuring.questions import (
    USUAL,
    check_values,
    conditions_of,
    facts_of,
    facts_to_group,
    read,
    scope_notes,
    scope_of,
)
from worker.pipeline.other_subjects import named_in_force, part_of
from worker.pipeline.slices import late_feeds, touch_rule

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from kpis.benchmarks import Benchmark
    from kpis.dictionary import Kpi
    from kpis.measure import Question
    from kpis.populations import Source
    from model.facts import Fact
    from model.process import Process
    from model.snapshot import Snapshot
    from model.sync import Description
    from model.wide import Wide
    from policies.language import Condition
    from worker.pipeline.judge import Judged
    from worker.pipeline.measuring.own_kpis import OwnKpis
    from worker.pipeline.measuring.questions import KpiQuestion
    from worker.pipeline.session import Session
    from worker.pipeline.slices import Part


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
    numbers without those deals. Raises SettingsProblem for a question or a scope that cannot be read.
    """
    from kpis.measure import measure as measured
    from kpis.populations import rows_of

    own, facts = own_kpis(session, session.description()), facts_of(session.description(), processes)
    asked = read(asked, facts)
    conditions = conditions_of(session, asked, facts)
    sources = list(_sources(session, parts, processes, asked, own, conditions))
    if not sources:
        return []
    check_values(session, asked, facts, (source.wide for source in sources))
    rows = rows_of(sources)
    deals = rows.frames["deals"]
    question = _question(session, asked, own.kpis(), deals, _groups(deals, facts, processes))
    question = replace(question, scope=scope_notes(conditions, sources[0].wide))
    found = [value.json() for value in measured(rows, question)]
    if exempt:
        without = {_named(row): row for row in (value.json() for value in measured(rows.without(exempt), question))}
        found = [_compared(row, without.get(_named(row), NOTHING)) for row in found]
    found = with_caveats(session, found, own.kpis(), processes, deals.height)
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


def _sources(  # noqa: PLR0917 - all that a slice of deals is counted by
    session: Session, parts: Iterable[Part], processes: Sequence[Process], asked: KpiQuestion, own: OwnKpis,
    conditions: Sequence[Condition],
) -> Iterator[Source]:  # fmt: skip
    from kpis.custom import columns_of
    from kpis.populations import Source

    description, dims = session.description(), facts_to_group(asked)
    imported, today = session.services.settings.kpis.count_imported, local_day(session, session.as_of)
    first = True
    for part in parts:
        wide = part.wide
        scope, blanked = scope_of(conditions, wide)
        moves = None if "pushes" in description.types else date_moves(part.snapshot, session.connection.timezone)
        touches = _touches(session, description, part.snapshot) if first else None
        extra = columns_of(own.definitions, wide)
        leads = _leads(session, description) if first else None
        yield Source(wide, processes, dims, scope, blanked, imported, extra, moves, touches, today, leads)
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


def _question(
    session: Session, asked: KpiQuestion, kpis: Mapping[str, Kpi], deals: pl.DataFrame, groups: Mapping[str, list[str]]
) -> Question:
    from kpis.measure import Question
    from kpis.window import Window

    home, starts = home_of(session, session.description()), session.connection.fiscal_year_starts
    return Question(
        by=asked.by,
        named=asked.by != USUAL.by,
        window=Window(asked.window, starts) if asked.window else None,
        targets=targets(session, deals),
        spend=spend(session),
        currency=home.currency,
        note=home.short_note,
        fiscal_year_starts=starts,
        enough=session.services.settings.kpis.enough,
        kpis=kpis,
        benchmarks=benchmarks(session, kpis, groups),
    )


def _groups(deals: pl.DataFrame, facts: Mapping[str, Fact], processes: Sequence[Process]) -> dict[str, list[str]]:
    """The names of segments and stages that a benchmark may be for, as far as any are known."""
    segments = [*facts["segment"].choices, *deals["segment"].drop_nulls().unique().sort()]
    stages = [stage for process in processes for stage in process.stage_ids()]
    return {column: names for column, names in (("segment", segments), ("stage", stages)) if names}


def benchmarks(
    session: Session, kpis: Collection[str], groups: Mapping[str, Collection[str]] | None = None
) -> list[Benchmark]:
    """The connection's benchmarks, else the shipped ones. Its own must name groups that there are."""
    from kpis.catalogue import SHIPPED

    own = session.connection.benchmarks
    path = session.services.settings.path(own) if own else resources.files("kpis").joinpath("benchmarks.csv")
    return side_files.benchmarks(path, {*SHIPPED, *kpis}, groups if own else None)


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
