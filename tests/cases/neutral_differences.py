"""Where two CRMs say different things of the same deals, and which differences are declared."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.cases.neutral import Judged

UNLIKE: Final = ("id",)
"""What differs by nature."""
PER_REP: Final = "_per_rep_week"
"""What nobody owns has an owner on Salesforce and none on HubSpot, where it is left out and counted."""
NOTE: Final = re.compile(r"^activities: (note|task)$")
"""Salesforce has no notes that belong to a deal's activities: a note is a completed task there."""


def differences(one: Judged, other: Judged) -> list[str]:
    """A line for each deal, run, record and KPI of which the two do not say the same."""
    return [*_deals(one.deals, other.deals), *_records(one, other), *_kpis(one.kpis, other.kpis)]


def _records(one: Judged, other: Judged) -> Iterator[str]:
    """Of deals that we ever saw open: a clone that was closed before is not written, and carries what it came with."""
    own = {key for run in (*one.deals, *other.deals) for key, deal in run.items() if deal["is_open"]}
    for key in sorted(own):
        here, there = one.records.get(key, {}), other.records.get(key, {})
        for name in sorted(here.keys() | there.keys()):
            if here.get(name) != there.get(name):
                yield f"record {key} {name}: {here.get(name)} / {there.get(name)}"


def _deals(one: Sequence[Mapping[str, Any]], other: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for run, (here, there) in enumerate(zip(one, other, strict=True)):
        for key in sorted(here.keys() | there.keys()):
            if key not in here or key not in there:
                yield f"run {run + 1} {key}: only in {'the first' if key in here else 'the second'}"
                continue
            a, b = plain(here[key]), plain(there[key])
            yield from (f"run {run + 1} {key} {name}: {a[name]} / {b[name]}" for name in a if a[name] != b[name])


def plain(deal: Mapping[str, Any]) -> dict[str, Any]:
    """A deal in the JSON of docs/contract.md without what is declared to differ."""
    values = {name: value for name, value in deal.items() if name not in UNLIKE}
    flags = [{**flag, "evidence": _evidence(flag["evidence"])} for flag in deal["flags"]]
    return {**values, "flags": sorted(flags, key=lambda flag: flag["policy"])}


def _evidence(values: Mapping[str, Any]) -> dict[str, Any]:
    source = NOTE.sub("activities: note or task", values["source"]) if values["source"] else values["source"]
    return {**values, "source": source}


def _kpis(one: Sequence[Mapping[str, Any]], other: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    here, there = ({_name(kpi): kpi for kpi in kpis if not kpi["id"].endswith(PER_REP)} for kpis in (one, other))
    for name in sorted(here.keys() | there.keys()):
        if here.get(name) != there.get(name):
            yield f"kpi {name}: {here.get(name)} / {there.get(name)}"


def _name(kpi: Mapping[str, Any]) -> str:
    return f"{kpi['id']} {sorted(kpi['dims'].items())}"
