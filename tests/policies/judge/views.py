"""Views on a verdict for these tests: what the store would keep, what the record would show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.previous_verdict import PreviousVerdict
from policies.judging.score import ledger_lines
from policies.reporting import record
from policies.reporting.finding import findings_frame
from policies.reporting.report import deal_rows, deals_frame, report_on

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import polars as pl

    from model.sync import FieldRule, FieldValue
    from policies.judging.verdict import Verdict
    from policies.reporting.report import VerdictReport


def findings(verdict: Verdict) -> pl.DataFrame:
    return findings_frame(report_on(verdict).findings)


def deals(verdict: Verdict) -> pl.DataFrame:
    return deals_frame(report_on(verdict))


def scores(verdict: Verdict) -> pl.DataFrame:
    return deal_rows(verdict).select("key", "score", "score_reason")


def gates(verdict: Verdict) -> pl.DataFrame:
    return deal_rows(verdict).select("key", "gate")


def previous(verdict: Verdict) -> PreviousVerdict:
    """The verdict as the next judgement of the same deals finds it in the store."""
    return PreviousVerdict(findings(verdict), deals(verdict), verdict.breaches(), verdict.pauses.frame())


def wanted(verdict: Verdict, rules: Mapping[str, FieldRule]) -> Iterator[tuple[int, dict[str, FieldValue]]]:
    return record.wanted(report_on(verdict), rules)


def ledger(report: VerdictReport, key: int) -> list[tuple[str, int]]:
    """The lines that add up to a deal's score; none where it has no score."""
    score = dict(report.deals.select("key", "score").iter_rows()).get(key)
    if score is None:
        return []
    mine = report.by_deal.get(key, ())
    lines = ledger_lines(f.rule for f in mine if f.exemption is None and (f.status == "broken" or f.shown))
    held = score - sum(points for _, points in lines)
    return [*lines, ("held", held)] if held else lines
