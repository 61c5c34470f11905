"""What a verdict gives actions to do: flags on the record that enforce, their deals, and whom a task can go to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from policies.actions.tasks import Flag, TaskDeal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from model.actions import ActionKind, ActionRule
    from policies.files import PolicySet
    from worker.pipeline.judge import JudgedPart

ENFORCE = "enforce"


def rules_with_actions(policies: PolicySet) -> dict[str, tuple[ActionRule, ...]]:
    """Actions by the id of their policy or criterion; whether a flag of it enforces the flag itself says."""
    found = {policy.id: policy.actions for policy in policies.policies}
    for process in policies.processes:
        for stage in process.stages:
            for one in (*stage.entry, *stage.exit):
                found[f"{process.id}/{stage.id}/{one.id}"] = one.actions
    return {name: actions for name, actions in found.items() if actions}


def flags_of(judged: JudgedPart, rules: Mapping[str, tuple[ActionRule, ...]]) -> Iterator[Flag]:
    """Flags that are on the record and enforce."""
    for finding in judged.report.findings:
        flag = finding.payload
        if finding.shown and finding.rule.id in rules and flag.get("mode") == ENFORCE:
            since, held = finding.since or finding.first_seen, finding.status != "broken"
            text, fix = flag["evidence"]["text"], flag["fix"]
            yield Flag(finding.key, finding.rule.id, flag["title"], fix, text, since, finding.first_seen, held)


def deals_of(judged: JudgedPart, keys: set[int]) -> dict[int, TaskDeal]:
    """These deals, with the active people that a task on them can go to."""
    owners = {row["id"]: row for row in judged.part.snapshot.owners.iter_rows(named=True)}
    frame = judged.part.wide.frame.filter(pl.col("key").is_in(list(keys)))
    found = {}
    for row in frame.select("key", "id", "name", "as_of_date", owner="_owner_id").iter_rows(named=True):
        owner = owners.get(row["owner"]) or {}
        people: dict[ActionKind, str | None] = {"task_owner": row["owner"], "task_manager": owner.get("manager_id")}
        active = {kind: one for kind, one in people.items() if one and _works(owners.get(one))}
        name, whose = row["name"] or row["id"], owner.get("name") or "nobody"
        found[row["key"]] = TaskDeal(row["id"], name, whose, row["as_of_date"], active)
    return found


def _works(owner: Mapping[str, Any] | None) -> bool:
    """Whether somebody is there and not known to have left."""
    return owner is not None and owner["is_active"] is not False
