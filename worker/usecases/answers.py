"""Answers from the store: deals, explanations, KPIs, runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connectors.registry import crm
from model.deal_keys import DealKeys
from model.errors import SettingsProblem
from model.touch_rule import what_it_is, why_no_touch
from policies.judging.score import ledger_lines
from policies.reporting.finding import needs_attention, split
from policies.reporting.record import also, headline, worst_first
from store import KILLED
from worker.pipeline.session import Session
from worker.pipeline.slices import integration_ids

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from policies.files import Severity
    from worker.wiring import Services


UNDER_WAY = "under way"
LISTS = {"broken": "flags", "unknown": "unknown"}
"""The list for each status. A flag held by unknown data is in the second."""


def deals(services: Services, name: str, *, flagged: bool = False, labels: bool = False) -> list[dict[str, Any]]:
    """Every deal that is not gone, as `deals` in docs/contract.md; `flagged`: only those with a flag that `counts`.

    `labels`: each deal also has `stage_name`, the stage as the CRM calls it.
    """
    services.connection(name)
    rows = services.store.verdicts.deals(name)
    found = [deal_json(row) | ({"stage_name": row["stage_name"]} if labels else {}) for row in rows]
    return [deal for deal in found if not flagged or any(map(needs_attention, deal["flags"]))]


def deal_json(row: dict[str, Any]) -> dict[str, Any]:
    """One row of the store as the deal object of docs/contract.md."""
    detail = row["detail"] or {}
    found = [split(finding, status) for status in ("broken", "unknown") for finding in row[LISTS[status]]]
    return {
        **{name: row[name] for name in ("id", "name", "pipeline")},
        **{name: row[name] for name in ("amount", "currency")},
        "close_date": row["close_date"].isoformat() if row["close_date"] else None,
        "stage": detail.get("stage") or row["stage_name"],
        "owner": row["owner"], "team": row["team"],
        **{name: row[name] for name in ("is_open", "score", "score_reason")},
        "gate": detail.get("gate") if row["is_open"] else None,
        "missing": detail.get("missing", []),
        "flags": ranked([flag for flag, _ in found if flag]),
        "unknown": [unknown for _, unknown in found if unknown],
        **({"undone": detail["undone"]} if "undone" in detail else {}),
    }  # fmt: skip


def judged_or_say(services: Services, name: str) -> None:
    """Raise SettingsProblem with the command to run first, where the connection was never judged."""
    services.connection(name)
    if services.store.decisions.judged_since(name) is None:
        raise SettingsProblem(
            f"'{name}' has no verdict yet; `sluicegate run {name} --dry-run` tries one without writing anything, "
            f"`sluicegate run {name}` reads, judges and writes."
        )


def leads(services: Services, name: str, *, flagged: bool = False) -> list[dict[str, Any]]:
    """Every lead that still exists, with its findings. `flagged`: only those with a flag."""
    services.connection(name)
    closed = services.connection(name).leads.closed
    found = [lead_json(row, closed) for row in services.store.leads.all(name)]
    return [lead for lead in found if not flagged or any(map(needs_attention, lead["flags"]))]


def lead_json(row: dict[str, Any], closed: Sequence[str]) -> dict[str, Any]:
    """One row of the store as the lead object of docs/contract.md."""
    found = [split(finding, status) for status in ("broken", "unknown") for finding in row[status]]
    converted = row["is_converted"]
    given_up = (row["status"] or "").strip().casefold() in {status.strip().casefold() for status in closed}
    return {
        **{name: row[name] for name in ("id", "name", "company", "source", "status", "owner")},
        "created": row["created"].isoformat() if row["created"] else None,
        "is_converted": converted,
        "is_open": None if converted is None else not (converted or given_up),
        "flags": ranked([flag for flag, _ in found if flag]),
        "unknown": [unknown for _, unknown in found if unknown],
    }


def explain(services: Services, name: str, deal_id: str) -> dict[str, Any]:
    """A deal's verdict with its ledger, and each activity that counts or why it does not."""
    meant = names(services, name, deal_id)
    keys = frozenset(key for id_, key in services.store.mirror.ids(name).items() if meant(id_))
    row = next(iter(services.store.verdicts.deals(name, DealKeys.of(keys))), None) if keys else None
    if row is None:
        judged_or_say(services, name)
        raise SettingsProblem(f"'{name}' has no deal {deal_id}; `sluicegate deals {name}` lists them.")
    session = Session(services, name, services.clock())
    described = services.store.connections.description(name)
    own_users = integration_ids(session) | {described.user_id if described else None}
    activities = services.store.mirror.activities(name, row["id"])
    deal = deal_json(row)
    listed = [activity_json(activity, own_users, session.as_of) for activity in activities]
    checked = (row["detail"] or {}).get("checked", [])
    return {"deal": deal, "ledger": ledger(deal), "checked": checked, "activities": listed}


def names(services: Services, name: str, asked: str) -> Callable[[str], bool]:
    """Whether an id is of the deal that the text names. A CRM may write one id in two forms."""
    form = crm(services.connection(name).kind).same_id
    return lambda known: form(known) == form(asked)


@dataclass(frozen=True)
class KeptFlag:
    """A flag object of docs/contract.md, in the shape that the ledger and the ranking need."""

    json: dict[str, Any]

    @property
    def id(self) -> str:
        """The policy's id."""
        return str(self.json["policy"])

    @property
    def title(self) -> str:
        """Its title."""
        return str(self.json["title"])

    @property
    def topic(self) -> str | None:
        """The policy's topic. Of a topic only the flag with the most points costs points."""
        return self.json["topic"] or None

    @property
    def points(self) -> int:
        """The points that it costs."""
        return int(self.json["points"])

    @property
    def severity(self) -> Severity:
        """Its severity."""
        severity: Severity = self.json["severity"]
        return severity

    @property
    def scored(self) -> bool:
        """Whether it costs points; observed and exempt flags do not."""
        return self.json["mode"] != "observe" and not self.json.get("excuse")


def ranked(flags: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Flags in the order of the record's reasons, then flags that are not on the record."""
    return [
        flag.json
        for shown in (True, False)
        for head, rest in worst_first([KeptFlag(flag) for flag in flags if bool(flag["shown"]) is shown])
        for flag in (head, *rest)
    ]


def neglects(flags: Sequence[dict[str, Any]]) -> list[tuple[str, dict[str, Any], str]]:
    """For each neglect that people should look at: its title, its dearest flag, and the others of the topic as text."""
    groups = worst_first([KeptFlag(flag) for flag in flags if needs_attention(flag)])
    return [(headline(head), head.json, also(rest)) for head, rest in groups]


def ledger(deal: dict[str, Any]) -> list[dict[str, Any]]:
    """Lines that add up to the score."""
    if deal["score"] is None:
        return [{"text": deal["score_reason"] or "not scored", "points": 0}]
    titles = {flag["policy"]: flag["title"] for flag in deal["flags"]}
    lines = [(titles.get(name, name), points) for name, points in ledger_lines(map(KeptFlag, deal["flags"]))]
    kept = deal["score"] - sum(points for _, points in lines)
    held = [("kept while something cannot be read", kept)] if kept else []
    return [{"text": text, "points": points} for text, points in (*lines, *held)]


def activity_json(activity: dict[str, Any], own_users: Any, as_of: datetime) -> dict[str, Any]:
    """One activity: when, what, and whether it counts."""
    when = activity["at"] or activity["due"]
    counts = why_it_counts(activity, own_users, as_of)
    return {"id": activity["id"], "kind": activity["kind"], "when": str(when or "no date"), "counts": counts}


def why_it_counts(activity: dict[str, Any], own_users: Any, as_of: datetime) -> str:
    """Whether it counts as a touch or a plan, or why it does not count."""
    due = activity["due"]
    match what_it_is(activity, own_users, as_of):
        case "touch":
            return "as a touch"
        case "meeting":
            return "as a plan: it is still to come"
        case "task" if due is not None and due < as_of.date():
            return f"no: it is still open, was due on {due:%-d %b %Y} and was never completed"
        case "task":
            return "as a plan" if due else "as a next step without a date"
    ahead = activity["at"] is not None and activity["at"] > as_of
    otherwise = "its date is still to come" if ahead else "it was not known then"
    return f"no: {why_no_touch(activity, own_users) or otherwise}"


def runs(services: Services, *, nudges: bool = False) -> list[dict[str, Any]]:
    """The newest runs of all connections. Nudges are so many that no other run would be among them."""
    return [_whole(services, row) for row in services.store.runs.latest(nudges=nudges)]


def one_run(services: Services, run_id: str) -> dict[str, Any]:
    """One run with its counts. Raises SettingsProblem if there is none."""
    found = services.store.runs.get(int(run_id)) if run_id.isdigit() else None
    if found is None:
        raise SettingsProblem(f"There is no run {run_id}; `sluicegate runs` lists them.")
    return _whole(services, found)


def _whole(services: Services, row: dict[str, Any]) -> dict[str, Any]:
    """A run's row as JSON, with the undo of it if there was one."""
    undos = services.store.runs.undos(row["connection"])
    mine = [undo for undo in undos if ((undo["counts"] or {}).get("undo") or {}).get("run") == str(row["id"])]
    return run_json(_with_final_state(services, row)) | ({"undone_by": _undone(mine[-1])} if mine else {})


def _undone(undo: dict[str, Any]) -> dict[str, Any]:
    """The newest undo of a run: its number, who asked for it, when, and how many records it restored."""
    counts = undo["counts"]
    by, written = counts["undo"]["by"], counts["outcomes"]["written"]
    return {"run": str(undo["id"]), "by": by, "at": undo["as_of"].isoformat(), "restored": written}


def run_json(row: dict[str, Any]) -> dict[str, Any]:
    """One row of the run table. Its counts are the `run` object of docs/contract.md."""
    counts, began, ended = row["counts"] or {}, row["started_at"], row["ended_at"]
    return {
        "run_id": str(row["id"]),
        "connection": row["connection"],
        "kind": row["kind"],
        "as_of": row["as_of"].isoformat(),
        "trigger": row["trigger"] or None,
        "started_at": began.isoformat() if began else None,
        "ended_at": ended.isoformat() if ended else None,
        "seconds": round((ended - began).total_seconds(), 1) if began and ended else None,
        "state": row["state"] or UNDER_WAY,
        "reason": row["reason"],
        "outcome": row["reason"] or row["state"] or UNDER_WAY,
        "policy_digest": counts.get("policy_digest") or row["policy_digest"],
        "calibration": row["calibration"],
        "counts": counts,
    }


def _with_final_state(services: Services, row: dict[str, Any]) -> dict[str, Any]:
    """A run's row with its state. Of a killed run, the lease knows that it ended and the receipts what it wrote."""
    state = row["state"]
    if state is None and not services.store.runs.under_way(row["connection"], services.clock()):
        state = KILLED.state
    if state != KILLED.state:
        return row
    counts = row["counts"] or {}
    written = counts.get("outcomes", {}) | services.store.runs.written(row["id"])
    return row | {"state": state, "counts": counts | {"outcomes": written}}
