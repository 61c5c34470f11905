"""Findings of rules that cannot be judged: which facts could not be read, why, and which flag stays meanwhile."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import orjson
import polars as pl

from model.facts import KNOWN
from policies.reporting import messages
from policies.reporting.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policies.judging.verdict import Verdict


def unknown_findings(verdict: Verdict) -> Iterator[Finding]:
    """A finding for each unknown cell; one that holds a flag is marked and stays shown."""
    rules = {rule.id: rule for rule in verdict.rules}
    missing = missing_facts(verdict)
    placed = pl.col("process").is_not_null() & pl.col("stage").is_not_null()
    facts = verdict.frame.select("key", "as_of_date", "is_open", placed=placed).hstack([_activity_unknown(verdict)])
    for cell in verdict.unknown_cells.join(facts, on="key", maintain_order="left").iter_rows(named=True):
        rule, key = rules[cell["policy"]], cell["key"]
        names = missing.get((rule.id, key), [])
        start = cell["unknown_since"]
        why = messages.unread(names, start.date() if start else None, cell["activity"], placed=cell["placed"])
        if cell["since"] and not cell["held"]:
            why = messages.withdrawn(why, verdict.hold.days)
        unknown: Mapping[str, Any] = {"policy": rule.id, "missing": names, "why": why + "."}
        payload = unknown = _first_wording(cell["flag"], names) or unknown
        shown = bool(cell["on_record"]) and cell["scored"] and cell["exemption"] is None and cell["is_open"]
        if cell["held_flag"] and cell["flag"]:
            payload = {**orjson.loads(cell["flag"]), "shown": shown, "held": unknown}
        first_seen = cell["first_seen"] or cell["as_of_date"]
        holds_since = start if cell["held"] else None
        yield Finding(
            key, rule, "unknown", cell["since"], first_seen, holds_since, shown, payload, cell["exemption"]
        )  # fmt: skip


def _first_wording(stored: str | None, missing: list[str]) -> dict[str, Any] | None:
    """The stored text of this unknown, while its facts are still missing: one more missing fact does not change it."""
    before = orjson.loads(stored) if stored else {}
    still = "why" in before and before["missing"] and set(before["missing"]) <= set(missing)
    return before if still else None


def _activity_unknown(verdict: Verdict) -> pl.Series:
    """Why activity is unknown, by deal, in the frame's order."""
    frame = verdict.wide.frame
    word = "_activity_unknown"
    blank = pl.Series("activity", [None], pl.String).new_from_index(0, frame.height)
    return frame[word].alias("activity") if word in frame.columns else blank


def missing_facts(verdict: Verdict) -> dict[tuple[str, int], list[str]]:
    """(Policy, key) of each unknown cell to the facts that could not be read."""
    found: dict[tuple[str, int], list[str]] = defaultdict(list)
    cells_by_policy = verdict.unknown_cells.partition_by("policy", as_dict=True, maintain_order=True)
    for (policy,), cells in cells_by_policy.items():
        rule = next(r for r in verdict.rules if r.id == policy)
        masked = sorted(rule.facts & verdict.wide.masked)
        rows = verdict.wide.frame.join(cells.select("key"), on="key", how="semi")
        for fact in masked:
            for key in rows.filter(~pl.col(fact + KNOWN))["key"]:
                found[rule.id, key].append(fact)
    return found
