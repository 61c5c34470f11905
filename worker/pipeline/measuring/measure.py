"""Measure: every KPI of the connection, over all deals and by each single dimension."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from kpis.rules.entry_evidence import mark_untrusted
from model.subjects import LEADS
from model.widening.date_moves import date_moves
from model.widening.logged_touches import touches_by_rep
from policies.reporting.report import exempt_deals
from worker.pipeline.context import local_day
from worker.pipeline.home_currency import home_of
from worker.pipeline.judging.other_subjects import named_in_force, part_of
from worker.pipeline.measuring.caveats import with_caveats
from worker.pipeline.measuring.files import check_files, files_of
from worker.pipeline.measuring.measured_with import measured_with
from worker.pipeline.measuring.own_kpis import own_kpis
from worker.pipeline.measuring.questions import (
    USUAL,
    facts_to_group,
    read,
    scope_notes,
    scope_of,
    texts_of,
)
from worker.pipeline.slices import late_feeds, touch_rule
from worker.scopes import check_values, facts_of, parsed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    import polars as pl

    from kpis.dictionary import Kpi
    from kpis.populations import Source
    from kpis.question import Question
    from model.facts import Fact
    from model.process import Process
    from model.snapshot import Snapshot
    from model.sync import Description
    from model.wide import Wide
    from policies.language import Condition
    from worker.pipeline.judging.judged import Judged
    from worker.pipeline.measuring.own_kpis import OwnKpis
    from worker.pipeline.measuring.questions import KpiQuestion
    from worker.pipeline.session import Session
    from worker.pipeline.slices import Part


def measure(session: Session, judged: Judged, run_id: int) -> list[dict[str, Any]]:
    """Measure, keep and return the values as JSON rows (`kpis` in docs/contract.md)."""
    now = measured_with(session, judged.policies, own_kpis(session, session.description()))
    rows = values(session, judged.slices, judged.policies.processes, exempt(judged))
    session.store.kpis.keep(run_id, rows, session.lease, measured_with=now)
    return rows


def values(
    session: Session, slices: Callable[[], Iterable[Part]], processes: Sequence[Process], exempt: Collection[int],
    asked: KpiQuestion = USUAL,
) -> list[dict[str, Any]]:  # fmt: skip
    """KPI values as JSON rows. Empty if there are no deals yet.

    `slices` gives the deals, one slice in memory at a time; it is called again where a condition names a value that the
    CRM does not list. `exempt`: keys of the deals with a pause or a waiver. A value that they change also has
    `without_excused`: its numbers without those deals.

    Raises SettingsProblem for a question or a scope that cannot be read.
    """
    from kpis.measure import measure as measured
    from kpis.populations import rows_of

    own, facts = own_kpis(session, session.description()), facts_of(session.description(), processes)
    asked = read(asked, facts)
    check_files(session, own.kpis())
    conditions = parsed(texts_of(session, asked), facts)
    if not session.store.history.slices(session.name, session.services.slice_deals):
        return []
    check_values(texts_of(session, asked), facts, (part.wide for part in slices()))
    rows = rows_of(_sources(session, slices(), processes, asked, own, conditions))
    deals = rows.frames["deals"]
    question = _question(session, asked, own.kpis(), deals, _groups(deals, facts, processes))
    question = replace(question, scope=scope_notes(conditions, rows.facts))
    found = [value.json() for value in measured(rows, question)]
    if exempt:
        without = {_named(row): row for row in (value.json() for value in measured(rows.without(exempt), question))}
        found = [_compared(row, without.get(_named(row), NOTHING)) for row in found]
    found = with_caveats(session, found, own.kpis(), processes, deals)
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
    from kpis.question import Question
    from kpis.window import window_of

    home, starts = home_of(session, session.description()), session.connection.fiscal_year_starts
    files = files_of(session, kpis, deals, groups)
    return Question(
        by=asked.by,
        named=asked.by != USUAL.by,
        window=window_of(asked.window, local_day(session, session.as_of), starts) if asked.window else None,
        targets=files.targets,
        spend=files.spend,
        currency=home.currency,
        note=home.short_note,
        fiscal_year_starts=starts,
        enough=session.services.settings.kpis.enough,
        kpis=kpis,
        benchmarks=files.benchmarks,
    )


def _groups(deals: pl.DataFrame, facts: Mapping[str, Fact], processes: Sequence[Process]) -> dict[str, list[str]]:
    """The names of segments and stages that a benchmark may be for, as far as any are known."""
    segments = [*facts["segment"].choices, *deals["segment"].drop_nulls().unique().sort()]
    stages = [stage for process in processes for stage in process.stage_ids()]
    return {column: names for column, names in (("segment", segments), ("stage", stages)) if names}


def with_evidence(session: Session, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """KPI rows, each with what the last evidence at entry holds against it."""
    evidence = session.store.kpis.entry_evidence(session.name)
    return mark_untrusted(rows, evidence["stages"]) if evidence else rows
