"""What people and scripts ask of the store: deals, explanations, KPIs, runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from model.activity import why_no_touch
from model.errors import SettingsProblem
from policies.findings import split
from worker.flows.session import Session
from worker.flows.slices import integration_ids

if TYPE_CHECKING:
    from worker.wiring import Services


LISTS = {"broken": "flags", "unknown": "unknown"}
"""The store's list for each status; a flag that an unknown holds up is in the second."""


def deals(services: Services, name: str, *, flagged: bool = False) -> list[dict[str, Any]]:
    """Every deal that is not gone, as CONTRACT's `deals`; `flagged`: only those with a flag on the record."""
    services.connection(name)
    found = [deal_json(row) for row in services.store.deals(name)]
    return [deal for deal in found if not flagged or any(flag["shown"] for flag in deal["flags"])]


def deal_json(row: dict[str, Any]) -> dict[str, Any]:
    """One row of the store as the deal object of CONTRACT.md."""
    detail = row["detail"] or {}
    told = [split(said, status) for status in ("broken", "unknown") for said in row[LISTS[status]]]
    return {
        **{name: row[name] for name in ("id", "name", "pipeline")},
        "stage": detail.get("stage") or row["stage_name"],
        **{name: row[name] for name in ("owner", "is_open", "score", "score_reason")},
        "gate": detail.get("gate") if row["is_open"] else None,
        "missing": detail.get("missing", []),
        "flags": [flag for flag, _ in told if flag],
        "unknown": [unknown for _, unknown in told if unknown],
    }


def explain(services: Services, name: str, deal_id: str) -> dict[str, Any]:
    """A deal's verdict with its ledger, and each activity that counts or why it does not."""
    row = next((row for row in services.store.deals(name) if row["id"] == deal_id), None)
    if row is None:
        raise SettingsProblem(f"'{name}' has no deal {deal_id}; `sluicegate deals {name}` lists them.")
    session = Session(services, name, services.clock())
    described = services.store.description(name)
    ours = integration_ids(session) | {described.user_id if described else None}
    activities = [activity_json(activity, ours) for activity in services.store.activities_of(name, deal_id)]
    deal = deal_json(row)
    return {"deal": deal, "ledger": ledger(deal), "activities": activities}


def ledger(deal: dict[str, Any]) -> list[dict[str, Any]]:
    """Lines that add up to the score; per topic only the dearest flag costs points."""
    if deal["score"] is None:
        return [{"text": deal["score_reason"] or "not scored", "points": 0}]
    lines: list[dict[str, Any]] = [{"text": "start", "points": 100}]
    costs: set[str] = set()
    for flag in sorted((f for f in deal["flags"] if f["mode"] != "observe"), key=lambda f: -f["points"]):
        topic = flag["topic"] or flag["policy"]
        points = 0 if topic in costs else -flag["points"]
        costs.add(topic)
        also = f" (also {topic})" if points == 0 and flag["points"] else ""
        lines.append({"text": flag["title"] + also, "points": points})
    rest = deal["score"] - sum(line["points"] for line in lines)
    return [*lines, *([{"text": "floor", "points": rest}] if rest else [])]


def activity_json(activity: dict[str, Any], ours: Any) -> dict[str, Any]:
    """One activity: when, what, and whether it counts."""
    why = why_no_touch(activity, ours)
    when = activity["at"] or activity["due"]
    is_plan = activity["state"] == "open"
    counts = f"no: {why}" if why else ("as a plan" if is_plan else "as a touch")
    return {"id": activity["id"], "kind": activity["kind"], "when": str(when or "no date"), "counts": counts}


def kpis(services: Services, name: str, *, window: str, only: str) -> list[dict[str, Any]]:
    """The values of the last run, or freshly measured for another window."""
    from kpis.catalogue import find
    from worker.flows.steps import measured

    services.connection(name)
    kpi_id = find(only).id if only else ""
    rows = services.store.kpis(name) if window == "all" else measured(services, name, services.clock(), window)
    return [row for row in rows if not kpi_id or row["id"] == kpi_id]


def runs(services: Services) -> list[dict[str, Any]]:
    """The newest runs of all connections."""
    return [run_json(row) for row in services.store.runs()]


def one_run(services: Services, run_id: str) -> dict[str, Any]:
    """One run with its counts; raises SettingsProblem where there is none."""
    found = services.store.run(int(run_id)) if run_id.isdigit() else None
    if found is None:
        raise SettingsProblem(f"There is no run {run_id}; `sluicegate runs` lists them.")
    return run_json(found)


def run_json(row: dict[str, Any]) -> dict[str, Any]:
    """One row of the run table; what it counted is the `run` object of CONTRACT.md."""
    counts = row["counts"] or {}
    return {
        "run_id": str(row["id"]),
        "connection": row["connection"],
        "kind": row["kind"],
        "as_of": row["as_of"].isoformat(),
        "outcome": row["outcome"] or "under way, or killed",
        "policy_digest": counts.get("policy_digest") or row["policy_digest"],
        "calibration": row["calibration"],
        "counts": counts,
    }
