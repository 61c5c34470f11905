"""The examples of users' KPIs: each is measured over its own deals, as a run would."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from model.errors import Problem
from model.facts import FACTS
from model.widening.stage_moves import MOVES
from policies.files import Example
from policies.trying.examples import wide_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from decimal import Decimal

    from kpis.answers import Number
    from kpis.dictionary import Kpi
    from model.facts import FactType
    from model.kpi_definition import KpiDefinition, KpiExample
    from model.wide import Wide

STATES: Final = ("is_open", "is_won", "is_lost")
NO_MOVES: Final = pl.DataFrame(schema=MOVES)


def failing(definitions: Sequence[KpiDefinition]) -> list[Problem]:
    """A problem for each example that has another value than its file expects; empty where all agree.

    Frames are evaluated here, so never call it in a worker's parent process.
    """
    from kpis.catalogue import SHIPPED
    from kpis.custom import custom

    kpis = custom(definitions, SHIPPED)
    return [problem for one in definitions for problem in _failing(one, kpis[one.name], definitions)]


def _failing(one: KpiDefinition, kpi: Kpi, definitions: Sequence[KpiDefinition]) -> Iterator[Problem]:
    for example in one.examples:
        got, why = _measured(kpi, example, definitions)
        if not _agree(got, example.value):
            expected, found = (_written(value) for value in (example.value, got))
            reason = f" ({why})" if why else ""
            text = f"{one.name}: this example should have {expected}, but it has {found}{reason}"
            yield Problem(example.file, example.line, example.column, text)


def _measured(kpi: Kpi, example: KpiExample, definitions: Sequence[KpiDefinition]) -> tuple[Number | None, str]:
    from kpis.custom import columns_of
    from kpis.derived import with_ingredients
    from kpis.measure import measure
    from kpis.populations import Source, rows_of
    from kpis.question import Question

    every = with_ingredients({kpi.id: kpi})
    own = [one for one in definitions if one.name in every]
    needed = {*STATES} | {fact for one in every.values() for fact in one.needs}
    wide = _wide(example, {**{fact: FACTS[fact].type for fact in needed if fact in FACTS}, **_types(own)})
    rows = rows_of([Source(wide, extra=columns_of(own, wide))])
    value = measure(rows, Question(kpis={kpi.id: kpi}))[0]
    return value.value, value.why


def _types(definitions: Sequence[KpiDefinition]) -> Mapping[str, FactType]:
    """The types of the facts that the definitions ask for."""
    found: dict[str, Any] = {}
    for one in definitions:
        for part in (one.filter, *(part for side in one.sides.values() for part in (side.filter, side.expr))):
            found |= part.types if part is not None else {}  # type: ignore[union-attr]  # of the language
    return found


def _wide(example: KpiExample, types: Mapping[str, FactType]) -> Wide:
    deals = [Example(_with_state(facts, unknown), example.as_of, unknown) for facts, unknown in example.rows]
    at = datetime.combine(example.as_of, time(12), UTC)
    if deals:
        return replace(wide_of(deals, types), moves=NO_MOVES, as_of=at)
    empty = wide_of([Example({}, example.as_of)], types)
    return replace(empty, frame=empty.frame.clear(), moves=NO_MOVES, as_of=at)


def _with_state(facts: Mapping[str, Any], unknown: frozenset[str]) -> dict[str, Any]:
    """A deal is open unless it says that it is won or lost; one state rules out the others."""
    if unknown & {*STATES}:
        return dict(facts)
    state = next((name for name in STATES if facts.get(name)), "is_open" if not facts.keys() & {*STATES} else "")
    return {**({name: name == state for name in STATES} if state else {}), **facts}


def _agree(got: Number | None, wanted: Decimal | None) -> bool:
    """Whether the value is the expected one, rounded to as many places as that has."""
    if got is None or wanted is None:
        return got is None and wanted is None
    exponent = wanted.as_tuple().exponent
    places = max(0, -exponent) if isinstance(exponent, int) else 0
    return abs(Fraction(got) - Fraction(wanted)) <= Fraction(1, 2 * 10**places) if places else got == wanted


def _written(value: Number | None) -> str:
    if value is None:
        return "no value"
    return f"{float(value):.9g}"
