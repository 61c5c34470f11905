"""Values of KPIs that are derived of other KPIs, group by group."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kpis.answers import Answer
from kpis.values import KpiValue

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kpis.dictionary import Kpi

ABSENT = Answer(None, why="nothing of this group")


def with_ingredients(kpis: Mapping[str, Kpi]) -> dict[str, Kpi]:
    """The KPIs and all that they are derived of, ingredients first."""
    found: dict[str, Kpi] = {}
    for kpi in kpis.values():
        found |= with_ingredients({part.id: part for part in kpi.made_of})
        found[kpi.id] = kpi
    return found


def derived(
    kpi: Kpi, values: Mapping[str, Sequence[KpiValue]], unit: str, not_by: Sequence[Mapping[str, Any]] = ()
) -> Iterator[KpiValue]:
    """The KPI over all deals and over each group by dimensions that all its KPIs have."""
    assert kpi.combine is not None  # noqa: S101 - it is derived
    tables = {part.id: {tuple(one.dims.items()): one for one in values[part.id]} for part in kpi.made_of}
    shared = set.intersection(*({tuple(one.dims) for one in values[part.id]} for part in kpi.made_of))
    groups = dict.fromkeys(group for table in tables.values() for group in table)
    for group in groups:
        if tuple(name for name, _ in group) in shared:
            found = {id_: table[group] for id_, table in tables.items() if group in table}
            answers = {id_: found[id_].answer if id_ in found else ABSENT for id_ in tables}
            value = _value(kpi, dict(group), kpi.combine(answers), unit, [*found.values()])
            yield replace(value, more={**value.more, "not_by": not_by}) if not_by and not group else value


def _value(kpi: Kpi, dims: Mapping[str, str | None], answer: Answer, unit: str, parts: list[KpiValue]) -> KpiValue:
    """One value; its window is that of its KPIs, or names each of theirs."""
    windows = dict.fromkeys((part.window, part.first, part.last) for part in parts)
    name, first, last = next(iter(windows))
    if len(windows) > 1:
        name, first = " and ".join(dict.fromkeys(window for window, _, _ in windows)), None
    more: dict[str, Any] = {key: text for part in parts for key, text in part.more.items() if key == "rate_date"}
    if answer.value is None:
        lacks = [part.more["no_value"] for part in parts if "no_value" in part.more]
        more["no_value"] = lacks[0] if lacks else "none"
    few = answer.value is not None and any(part.few for part in parts)
    return KpiValue(kpi, dims, answer, unit, name, first, last, parts[0].as_of, few, more=more)
