"""Examples of policies and criteria as a tiny wide frame, and what the compiled conditions say of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

import polars as pl

from model.errors import Problem
from model.facts import KNOWN
from model.snapshot import MONEY
from model.subjects import SUBJECTS
from model.wide import Wide
from policies.files import where_it_applies

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from model.facts import FactType
    from policies.files import Example, Examples, Policy, PolicySet
    from policies.language import Condition

COLUMNS: Final[dict[FactType, pl.DataType]] = {
    "text": pl.String(), "choice": pl.String(), "yes/no": pl.Boolean(), "number": pl.Float64(), "money": MONEY,
    "date": pl.Date(), "list": pl.List(pl.String()),
}  # fmt: skip
"""The dtype of an example's column by the fact's type."""


Asked: TypeAlias = "tuple[Condition, bool]"
"""A condition, and whether it should hold."""


def run_examples(policy_set: PolicySet) -> list[Problem]:
    """A problem for each example that gets another verdict than its file expects; empty where all agree.

    Frames are evaluated here, so never call it in a worker's parent process.
    """
    problems = [problem for policy in policy_set.policies for problem in _policy(policy)]
    for place in policy_set.criteria():
        if examples := policy_set.criterion_examples.get(place.id):
            problems += _compared(place.id, examples, [(cast("Condition", place.criterion.require), False)])
    return sorted(problems)


def _policy(policy: Policy) -> Iterator[Problem]:
    applies_to, examples = where_it_applies(policy), _of_subject(policy)
    asked = [(policy.flag_if, True)] + ([(applies_to, True)] if applies_to else [])
    yield from _compared(policy.id, examples, asked, policy.applies_to)
    outside = examples.not_applicable
    for row, applies in zip(outside, _answers(outside, [(applies_to, True)] if applies_to else []), strict=True):
        if applies is not False:
            file, line, column = applies_to.where if applies_to else (row.file, row.line, row.column)
            fault = "applies to it" if applies else "cannot know it"
            text = f"{policy.id}: the example at line {row.line} should be not applicable, but the policy {fault}"
            yield Problem(file, line, column, text)


def _of_subject(policy: Policy) -> Examples:
    """The examples; those of a policy about won deals are of won deals unless they say otherwise."""
    only = SUBJECTS[policy.subject].only
    if not only:
        return policy.examples

    def narrowed(rows: tuple[Example, ...]) -> tuple[Example, ...]:
        return tuple(replace(row, facts={only: True, **row.facts}) for row in rows)

    written = policy.examples
    flagged, clear, outside = map(narrowed, (written.flagged, written.clear, written.not_applicable))
    return replace(written, flagged=flagged, clear=clear, not_applicable=outside)


def _compared(
    name: str, examples: Examples, asked: Sequence[Asked], applies_to: Condition | None = None
) -> Iterator[Problem]:
    rows = [*examples.flagged, *examples.clear]
    wanted = [True] * len(examples.flagged) + [False] * len(examples.clear)
    words = {True: "flagged", False: "clear", None: "unknown"}
    applies = _answers(rows, [(applies_to, True)] if applies_to else [])
    for row, want, got, about in zip(rows, wanted, _answers(rows, asked), applies, strict=True):
        if want is not got:
            why = "" if about or applies_to is None else _why_not(row, applies_to)
            text = f"{name}: this example should be {words[want]}, but it is {words[got]}{why}"
            yield Problem(row.file, row.line, row.column, text)


def _why_not(row: Example, applies_to: Condition) -> str:
    """That the policy does not apply to the example, and which of the facts that applies_to asks for it leaves out."""
    left_out = [name for name in applies_to.types if name not in row.facts and name not in row.unknown]
    blank = f"; the example does not give {' and '.join(left_out)}" if left_out else ""
    return f": applies_to does not hold for it{blank}"


def _answers(rows: Sequence[Example], asked: Sequence[Asked]) -> list[bool | None]:
    """For each row, whether every condition has the answer that is wanted of it."""
    if not rows or not asked:
        return [True] * len(rows)
    wide = wide_of(rows, {name: kind for condition, _ in asked for name, kind in condition.types.items()})
    answers = [condition.polars(wide) if wanted else ~condition.polars(wide) for condition, wanted in asked]
    return wide.frame.select(pl.all_horizontal(answers)).to_series().to_list()


def wide_of(rows: Sequence[Example], types: Mapping[str, FactType], **settings: Any) -> Wide:
    """A wide frame of examples: one row each, every fact of `types` with its mask; `settings` go to Wide."""
    data: dict[str, pl.Series] = {
        "key": pl.Series(range(len(rows)), dtype=pl.Int64),
        "as_of_date": pl.Series([row.as_of for row in rows], dtype=pl.Date),
    }
    for name, kind in types.items():
        data[name] = pl.Series([cell(row.facts.get(name)) for row in rows], dtype=COLUMNS[kind], strict=False)
        data[name + KNOWN] = pl.Series([name not in row.unknown for row in rows], dtype=pl.Boolean)
    as_of = datetime.combine(max(row.as_of for row in rows), time(12), UTC)
    return Wide(pl.DataFrame(data), as_of, pl.DataFrame(), **settings)


def cell(value: object) -> object:
    """A value as a column of its type takes it."""
    return list(value) if isinstance(value, tuple) else value
