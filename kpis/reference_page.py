"""The reference page of the dictionary, docs/kpis.md: made from the entries, never written by hand."""

from __future__ import annotations

import csv
from importlib import resources
from typing import TYPE_CHECKING

from kpis.catalogue import SHIPPED

if TYPE_CHECKING:
    from kpis.dictionary import Kpi

HEAD = """# KPIs

`python -m worker.reference` generates this page from the dictionary in `kpis/`, and a test fails when it is out of
date.

These are the shipped KPIs; [KPIs of your own](revops.md#kpis-of-your-own) are entries in policy files.
`sluicegate kpis NAME` shows the values of the last run. Where a file, a setting or a definition that they depend on
changed since, it measures again and names the change.
`source` names rows of [the table of rows](rows.md), where there are any.

Manage by leading KPIs. Lagging KPIs report results. These rules hold for every entry:

- **Values.** Each KPI has a value for all deals and one for each group. A value that cannot be given is null, `why`
  has the reason, and `no_value` has it in a word: `none` (there is nothing to count), `unknown` (what would count
  lacks a fact), `not mapped` (of a fact that the KPI needs), `asked otherwise` (it is given by stage, or for a window
  of days), `no target` or `no spend`. An unknown is never counted as zero: `why` counts the deals that a value leaves
  out, such as deals of unknown state, stage or owner, and where every deal of a group is unknown, the group has no
  value. A blank amount is no amount: sums and means of money leave such deals out. A sum over no deal is 0; a share,
  a mean or a median of none is null. Nothing is rounded, and a quotient is divided once. `n` counts what the value
  rests on: for a share or mean the deals or visits of its denominator, for the pipeline's value and for means and
  shares of money the deals with an amount, for a velocity of open deals these, for moves of close dates the deals
  open at the window's end. A conversion by stage has `trusted: false` where its reps differ in their entry evidence
  (`sluicegate policies evidence`).
- **Money** is in the connection's currency. Different currencies are never added. An amount in another currency is
  converted by the newest rate on the close date, or on the day of as_of where the close date lies ahead; without a rate
  it is unknown. Where the CRM keeps its amounts in another currency than the connection's, `why` says from which
  currency they are converted.
- **as_of** is an instant. `--as-of 2026-11-22` is noon of that day in the connection's `timezone`, and an instant
  without a zone, as `2026-11-22T18:00`, is in that zone, too. What was recorded by then counts. Without `--as-of` it is
  the instant of the run, or of the question where it is measured again.
- **Past days.** As of a day before the first pull an amount is known only where the CRM kept its history. `why` says
  since when amounts are known, and of how many deals. A value in money that rests on fewer than `kpis.enough` amounts
  then, or where under half of the amounts are known, is marked `few`. As of a day of which no deal is known, no KPI has
  a value. A window that has ended is measured over the deals that exist at as_of. `why` counts those that were deleted
  or merged since; as of the day after the window they are in the value.
- **Groups** are the members that deals have as they stand at as_of, and null for deals where the fact is blank. That
  also holds for their past visits, whose stage and process alone are those of the visit. A stage stands under `process`
  and `stage` together. Deals with an unknown member count in the null group; `why` says how many they are. A
  period in which nothing was counted is a group only if a day of it is in the window.
- **Days** are local days in the zone of the deal's owner, else in the connection's zone. Ages count to the day of as_of
  there.
- **Windows** are `all` (everything known at as_of), `90d` (or any number of days, the day of as_of included), `quarter`
  and `year` of the calendar, `fiscal_quarter` and `fiscal_year`, all of them up to the day of as_of in the connection's
  zone; a period, as `2026-Q3`, `2026-09`, `2026`, `FY2026-Q3` or `FY2026`; or two days, as `2026-01-15..2026-04-20`.
  First and last day are inside. FY2026 is the fiscal year that ends in 2026. It begins in the month of
  `fiscal_year_starts`. A quarter needs its year: `Q3` is refused.
- **Created closed** is a won or lost deal with creation and last move in the CRM's history an hour or less apart, and
  with a close date on another day than that move; or, without a dated close in the history, one whose close date lies
  before its creation. It counts on its close date and has no cycle. `kpis.count_imported` counts it as any other.
- **Moves** are changes of stage that count ([glossary](../GLOSSARY.md)); creation is the first. A forward move goes to
  a higher open stage of the same process. A *visit* lasts from a move into an open stage to the next move of any
  kind, or to as_of; one to Won or Lost is none. The first entry of a deal into a stage is its earliest visit there.
- **Intervals** are at 95 %, with 1.96 for 1.959964. Shares by count have Wilson's. Medians have the values of rank
  ⌊(n + 1 − 1.96 √n) ÷ 2⌋ from either end, none below rank 1. Shares by value, Σ part ÷ Σ whole, have
  share ± 1.96 √(Σ(part − share × whole)² × n ÷ (n − 1)) ÷ Σ whole for over 200 deals, within 0 and 1. For fewer they
  have a bootstrap of 1,000 draws with a fixed seed.
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
    lines += [f"| needs | {', '.join(entry.needs)} |", f"| by | {entry.by} |"]
    return "\n".join([f"\n## {entry.id}\n", f"{entry.title}. {entry.answer.__doc__}\n", "| | |", "|---|---|", *lines])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
