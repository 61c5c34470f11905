"""What a deal shows beyond its score: its gate by criterion, what is missing, and what could not be judged."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import orjson
import polars as pl

from policies.judging import gates
from policies.judging.exemptions import OUT_OF_GATE
from policies.judging.score import counting, score_reason
from policies.judging.unknown_hold import held_deals
from policies.reporting.exemption_reasons import exemption_sentences
from policies.reporting.messages import NOT_JUDGED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from policies.judging.verdict import Verdict
    from policies.reporting.finding import Finding

Detail: TypeAlias = "dict[str, Any]"
"""gate {status, breached, waiting, unknown}, missing (titles) and checked (sentences), as in docs/contract.md; and
undone (a sentence), where the record waits as an undo left it."""
GateLists: TypeAlias = "dict[str, list[str]]"
"""Criteria breached, waiting and unknown by path, and `missing` by title."""

UNCLAIMED: Final = {
    "unclaimed": "No process claims this deal.",
    "doubly claimed": "More than one process claims this deal.",
    "unknown": "Which process claims this deal cannot be judged.",
}
"""Why no process binds a deal, by the word that `widen` leaves in `_process_unknown`."""


def details_of(verdict: Verdict, by_deal: Mapping[int, Sequence[Finding]]) -> dict[int, Detail]:
    """By key, the detail of each open deal that has more than the status of its gate."""
    lists, sentences = gate_lists(verdict), exemption_sentences(verdict)
    unclear = pl.col("process").is_null() | pl.col("stage").is_null() | pl.col("score").is_null()
    keys = {*lists, *sentences, *verdict.unknown_cells["key"], *verdict.frame.filter(unclear)["key"]}
    gated = any(rule.place for rule in verdict.rules)
    details = {}
    for row in _rows(verdict, keys):
        key = row["key"]
        checked = [*sentences.get(key, ()), *_unclear(row, gated=gated), *_unknown(by_deal.get(key, ()))]
        details[key] = detail(row["gate"], lists.get(key) or _none(), checked)
    return _with_undone(verdict, details | _held(verdict))


def _with_undone(verdict: Verdict, details: dict[int, Detail]) -> dict[int, Detail]:
    """The details, with the sentence of each deal that waits as an undo left it."""
    reasons = verdict.undone.reasons
    rows = verdict.frame.filter(pl.col("key").is_in(list(reasons))).select("key", "gate").iter_rows() if reasons else ()
    return details | {
        key: {**(details.get(key) or plain_detail(gate)), "undone": f"{reasons[key]}."} for key, gate in rows
    }


def detail(status: str | None, lists: GateLists, checked: list[str]) -> Detail:
    """One deal's detail."""
    gate = {"status": status, **{name: lists[name] for name in ("breached", "waiting", "unknown")}}
    return {"gate": gate, "missing": lists["missing"], "checked": checked}


def plain_detail(status: str | None) -> Detail:
    """The detail of a deal that has nothing but the status of its gate."""
    return detail(status, _none(), [])


def gate_lists(verdict: Verdict) -> Mapping[int, GateLists]:
    """By key, of each deal that has any; waived criteria and those that are only observed there are left out."""
    lists: dict[int, GateLists] = defaultdict(_none)
    binding = [rule for rule in verdict.rules if rule.place and rule.scored]
    for rule in binding:
        for key in _keys(verdict, counting(rule, verdict.frame.columns)):
            lists[key]["breached"].append(rule.id)
        if rule.waiting in verdict.frame.columns:
            for key in _keys(verdict, gates.binding(rule, pl.col(rule.waiting), verdict.frame.columns)):
                lists[key]["waiting"].append(rule.id)
                lists[key]["missing"].append(rule.title)
    criteria = {rule.id for rule in binding}
    for key, policy, exemption in verdict.unknown_cells.select("key", "policy", "exemption").iter_rows():
        if policy in criteria and exemption not in OUT_OF_GATE:
            lists[key]["unknown"].append(policy)
    return lists


def _none() -> GateLists:
    return {"breached": [], "waiting": [], "unknown": [], "missing": []}


def _keys(verdict: Verdict, column: pl.Expr) -> pl.Series:
    return verdict.frame.filter(column)["key"]


def _rows(verdict: Verdict, keys: set[int]) -> list[dict[str, Any]]:
    """key, process, unclaimed (why it has none), stage, score_reason and gate of the open ones of these deals."""
    word = "_process_unknown"
    why = pl.col(word) if word in verdict.wide.frame.columns else pl.lit(None, pl.String)
    mine = pl.col("is_open") & pl.col("key").is_in(list(keys))
    unclaimed = verdict.wide.frame.select("key", unclaimed=why)["unclaimed"]
    rows = verdict.frame.with_columns(unclaimed).filter(mine)
    return rows.select("key", "process", "unclaimed", "stage", score_reason(), "gate").to_dicts()


def _unclear(row: Mapping[str, Any], *, gated: bool) -> list[str]:
    """Why the deal has no score and, where there are gates, why none of them applies to it."""
    parts = [f"No score: {row['score_reason']}."] if row["score_reason"] else []
    if gated and row["process"] is None:
        parts.append(UNCLAIMED.get(row["unclaimed"], UNCLAIMED["unclaimed"]))
    elif gated and row["stage"] is None:
        parts.append("Its stage is in no process.")
    return parts


def _unknown(findings: Sequence[Finding]) -> list[str]:
    """A sentence for each reason why rules could not be judged; it names the rules unless the reason does."""
    titles: dict[str, list[str]] = defaultdict(list)
    for finding in findings:
        counts = finding.rule.scored and finding.exemption not in OUT_OF_GATE
        if finding.status == "unknown" and counts and "why" in finding.payload:
            titles[finding.payload["why"].removesuffix(".")].append(finding.rule.title)
    named = {why: f" {NOT_JUDGED}: {'; '.join(some)}." for why, some in titles.items()}
    return [f"{why}.{'' if why.startswith(NOT_JUDGED) else rest}" for why, rest in named.items()]


def _held(verdict: Verdict) -> dict[int, Detail]:
    """Details that stay as stored because an unknown is held; the stage is not held."""
    rows = held_deals(verdict).select("key", "detail").iter_rows()
    stored = {key: orjson.loads(text) for key, text in rows}
    anew = {"stage", "undone"}
    return {key: {name: part for name, part in one.items() if name not in anew} for key, one in stored.items()}
