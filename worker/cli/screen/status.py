"""The tables of `worker status`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from model.helpers.words import many
from worker.cli.common import table, tell
from worker.cli.screen.rendering import moment

if TYPE_CHECKING:
    from collections.abc import Sequence

COLUMNS: Final = ("connection", "last good run", "next due", "now", "waiting", "set aside")


def show_status(found: dict[str, Any]) -> None:
    """Who is alive, and a line for each connection."""
    for what, noun in (("workers", "worker process"), ("beats", "beat")):
        tell(_alive([one for one in found[what] if one["alive"]], noun))
    if found["connections"]:
        table("Connections", COLUMNS, map(_row, found["connections"]))


def _alive(alive: Sequence[dict[str, Any]], noun: str) -> str:
    if not alive:
        return f"No {noun} is alive."
    names = ", ".join(f"{one['host']} {one['pid']}" for one in alive)
    return f"{many(len(alive), noun)} alive: {names}."


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    good = one["last_good"]
    return (
        one["connection"],
        f"{good['run_id']}, {moment(good['ended_at'] or '')}" if good else "none",
        f"paused: {one['paused']}" if one["paused"] else moment(one["next_due"]),
        _now(one["now"]),
        _jobs(one["jobs"], "waiting", "put off"),
        _jobs(one["jobs"], "set aside"),
    )


def _now(run: dict[str, Any] | None) -> str:
    if run is None:
        return ""
    what = f"run {run['run_id']} {run['kind']}" if run["run_id"] else "held"
    step = f", {run['step']}" if run["step"] else ""
    return f"{what}{step}, since {moment(run['since'])}"


def _jobs(jobs: Sequence[dict[str, Any]], *states: str) -> str:
    return ", ".join(job["job"] for job in jobs if job["state"] in states)
