"""Processes to start from, as a CRM's own pipelines suggest them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.sync import DraftProcess

if TYPE_CHECKING:
    from collections.abc import Iterable

    from model.records import Record


def by_pipeline(stages: Iterable[Record], pipelines: Iterable[str]) -> tuple[DraftProcess, ...]:
    """A process for each pipeline, its stages in the CRM's order; stages that mean lost have no place in one."""
    placed = sorted(stages, key=lambda stage: (bool(stage["is_won"]), stage["sort"] or 0))
    kept = [stage for stage in placed if stage["is_active"] and (stage["is_won"] or not stage["is_closed"])]
    return tuple(
        DraftProcess(label, label, f"pipeline = {_quoted(label)}", tuple(named), named)
        for label in pipelines
        if (named := {stage["name"]: stage["label"] or stage["name"] for stage in kept if stage["pipeline"] == label})
    )


def _quoted(text: str) -> str:
    escaped = text.replace("'", "''")
    return f"'{escaped}'"
