"""The reference page of the dictionary, docs/kpis.md: made from the entries, never written by hand."""

from __future__ import annotations

import csv
from importlib import resources
from typing import TYPE_CHECKING

from kpis.catalogue import SHIPPED
from kpis.dictionary import DEAL_DIMS, TIME_DIMS

if TYPE_CHECKING:
    from kpis.dictionary import Kpi

HEAD = """# KPIs

`python -m worker.reference` generates this page from the dictionary in `kpis/`, and a test fails when it is out of
date.

Each KPI has a value for all deals and one for each group of each single dimension. A value that cannot be given is
null, and `why` has the reason. `why` also counts the deals that a value leaves out, such as deals of unknown state,
stage or owner. An unknown is never counted as zero: where every deal of a group is unknown, the group has no value.
Amounts are exact decimals in the connection's currency. Different currencies are never added. Where the CRM keeps its
amounts in another currency than the connection's, `why` says from which currency they are converted. Each value is
divided once and rounded at the end to six places. A conversion by stage has `trusted: false` where its reps differ in
their entry evidence (`sluicegate policies evidence`).

A visit begins when a deal enters an open stage of a process, also when it is created in it, and ends with the deal's
next move, whatever it is. Won, Lost and stages that no process knows have no visits. A move to the same stage is none,
and moves by Sluicegate's own user are left out together with those that they took back. The process is the one that
holds the deal after the move. A stage is higher where it stands later in that process; the last one is Won.

The windows are `all` (everything known at as_of), `90d` (or any number of days, the day of as_of included), `quarter`
and `year` (of the calendar, up to as_of). Manage by leading KPIs. Lagging KPIs report results.
"""
BENCHMARKS = """
## Benchmarks

The shipped bands. `benchmarks` in the settings of a connection names a file of your own, with these columns, instead.

| segment | stage | KPI | low | high | source | year |
|---|---|---|---|---|---|---|"""
ROWS = (
    "purpose",
    "formula",
    "numerator",
    "denominator",
    "window",
    "unit",
    "currency",
    "owner",
    "cadence",
    "leads",
    "category",
    "interval",
    "source",
)


def render() -> str:
    """The page as Markdown."""
    index = "\n".join(f"- [`{entry.id}`](#{entry.id}): {entry.title}, {entry.leads}" for entry in SHIPPED.values())
    return "\n".join([HEAD, index, *map(_section, SHIPPED.values()), BENCHMARKS, *_benchmarks()])


def _benchmarks() -> list[str]:
    """The shipped file of benchmarks as rows of a table."""
    with resources.files("kpis").joinpath("benchmarks.csv").open(encoding="utf-8") as file:
        return [f"| {' | '.join(map(_cell, row))} |" for row in list(csv.reader(file))[1:]]


def _section(entry: Kpi) -> str:
    lines = [f"| {row} | {_cell(str(getattr(entry, row)))} |" for row in ROWS]
    lines += [f"| needs | {', '.join(entry.needs)} |", f"| by | {dims_of(entry)} |"]
    return "\n".join([f"\n## {entry.id}\n", f"{entry.title}. {entry.answer.__doc__}\n", "| | |", "|---|---|", *lines])


def dims_of(entry: Kpi) -> str:
    """The dimensions that the KPI can be given by."""
    stage = {"no": "", "also": ", stage", "only": ""}[entry.staged]
    plain = ", ".join(entry.only_by) or f"any fact of type choice or yes/no, {', '.join(DEAL_DIMS)}{stage}"
    periods = f", {', '.join(TIME_DIMS)}" if entry.timed and not entry.only_by else ""
    return f"stage alone, or stage and one of: {plain}{periods}" if entry.staged == "only" else plain + periods


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
