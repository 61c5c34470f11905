"""The JSON beside a deal's score: its stage, its gate by criterion, what is missing, what could not be judged."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, TypeAlias

import orjson
import polars as pl

from policies.judging import gates
from policies.judging.exemptions import FREED
from policies.judging.score import counting, score_reason
from policies.reporting.record import checked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policies.judging.verdict import Verdict

GateLists: TypeAlias = "dict[str, list[str]]"
"""Criteria breached, waiting and unknown by path, and `missing` by title."""
STAGE = r'^\{("stage":(null|"[^"]*"),)?'


def gate_lists(verdict: Verdict) -> Mapping[int, GateLists]:
    """By key, of each deal that has any; criteria that are waived or only observed there are left out."""
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
    for key, policy, excuse in verdict.cells.select("key", "policy", "excuse").iter_rows():
        if policy in criteria and excuse not in FREED:
            lists[key]["unknown"].append(policy)
    return lists


def _none() -> GateLists:
    return {"breached": [], "waiting": [], "unknown": [], "missing": []}


def _keys(verdict: Verdict, column: pl.Expr) -> pl.Series:
    return verdict.frame.filter(column)["key"]


def told(verdict: Verdict) -> pl.DataFrame:
    """Key and `told`, the detail of each deal with more to tell than its gate, before anything is held."""
    rows = {key: orjson.dumps(_detail(verdict, key, row)).decode() for key, row in _rows(verdict)}
    return pl.DataFrame({"key": list(rows), "told": list(rows.values())}, schema={"key": pl.Int64, "told": pl.String})


def _rows(verdict: Verdict) -> list[tuple[int, dict[str, Any]]]:
    """process, unclaimed (why it has none), stage, score_reason and gate of the telling deals, by key."""
    word = "_process_unknown"
    why = pl.col(word) if word in verdict.source.columns else pl.lit(None, pl.String)
    rows = verdict.frame.join(verdict.source.select("key", unclaimed=why), on="key")
    rows = rows.filter(pl.col("key").is_in(list(verdict.telling)))
    named = rows.select("key", "process", "unclaimed", "stage", score_reason(), "gate").iter_rows(named=True)
    return [(row["key"], row) for row in named]


def _detail(verdict: Verdict, key: int, row: Mapping[str, Any]) -> dict[str, Any]:
    lists = verdict.gate_lists.get(key) or _none()
    gate = {"status": row["gate"], **{k: lists[k] for k in ("breached", "waiting", "unknown")}}
    return {"gate": gate, "missing": lists["missing"], "checked": checked(verdict, key, row)}


def plain() -> pl.Expr:
    """The detail of a deal of which there is nothing to tell but its gate."""
    rest = '"breached":[],"waiting":[],"unknown":[]},"missing":[],"checked":[]}'
    return pl.lit('{"gate":{"status":') + _json("gate") + pl.lit("," + rest)


def with_stage(details: pl.Series, stages: pl.Series) -> pl.Series:
    """The details with the process's stage first, in place of one that an earlier verdict left there."""
    frame = pl.DataFrame({"detail": details, "stage": stages})
    rest = pl.col("detail").str.replace(STAGE, "")
    return frame.select(pl.lit('{"stage":') + _json("stage") + pl.lit(",") + rest)["literal"]


def _json(column: str) -> pl.Expr:
    """A column of words as JSON."""
    return pl.when(pl.col(column).is_null()).then(pl.lit("null")).otherwise(pl.lit('"') + pl.col(column) + '"')
