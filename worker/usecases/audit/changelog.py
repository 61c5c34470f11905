"""`changes`: every operation of a connection, by record, run, policy or the person who approved it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from model.errors import SettingsProblem
from store import MANY_ACTIONS, UNDONE
from worker.usecases.answers import names
from worker.usecases.audit.receipts import fields_of, names_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from worker.wiring import Services


@dataclass(frozen=True)
class Asked:
    """What is asked for; blank or None: everything."""

    record: str = ""
    run: str = ""
    policy: str = ""
    approved_by: str = ""
    since: datetime | None = None


def changelog(services: Services, name: str, asked: Asked) -> dict[str, Any]:
    """`changes`: {run, at, deal, field, before, after, policies, approved_by, outcome, reason} of each field sent, and
    of each task and move, oldest first. Raises SettingsProblem for a deal or run that is not there.
    """
    services.connection(name)
    if asked.run and not asked.run.isdigit():
        raise SettingsProblem(f"'{asked.run}' is no number of a run; `sluicegate runs` lists them.")
    approved = cache(lambda run: _approvals(services, run))
    rows = [*_fields(services, name, asked, approved), *_actions(services, name, asked, approved)]
    found = [row for row in rows if _is_asked(row, asked)]
    return {"connection": name, "changes": sorted(found, key=lambda row: row["at"] or "9")}


def _fields(
    services: Services, name: str, asked: Asked, approved: Callable[[int], dict[str, str]]
) -> Iterator[dict[str, Any]]:
    """A row for each field of each patch."""
    deal, run = _deal(services, name, asked.record), int(asked.run) if asked.run else None
    written = names_of(services, name)
    for patch in services.store.pushes.sent(name, deal=deal, run_id=run, since=asked.since):
        for row in fields_of(patch, written):
            by = _givers(approved(patch["run"]), [one.lstrip("+-") for one in row["policies"].split()])
            yield {"run": str(patch["run"]), **row, "approved_by": by}


def _actions(
    services: Services, name: str, asked: Asked, approved: Callable[[int], dict[str, str]]
) -> Iterator[dict[str, Any]]:
    """A row for each attempt of each task and move."""
    is_meant = names(services, name, asked.record) if asked.record else lambda _known: True
    receipts = services.store.actions.receipts(name)
    for one in (one for one in services.store.actions.all(name) if is_meant(one.deal)):
        for receipt in receipts.get(one.id, ()):
            late = asked.since is None or receipt["at"] >= asked.since
            if late and asked.run in {"", str(receipt["run"])}:
                yield {
                    "run": str(receipt["run"]), "deal": one.deal, "field": f"{one.kind} ({receipt['step']})",
                    "before": receipt["before"] or None, "after": receipt["after"] or None, "policies": one.policy,
                    "outcome": receipt["outcome"], "reason": receipt["reason"], "at": receipt["at"].isoformat(),
                    "approved_by": approved(receipt["run"]).get(MANY_ACTIONS, ""),
                }  # fmt: skip


def _deal(services: Services, name: str, record: str) -> str | None:
    """The id of a deal as the store has it; None where none is asked for."""
    if not record:
        return None
    is_meant = names(services, name, record)
    found = next((id_ for id_ in services.store.mirror.ids(name, gone=True) if is_meant(id_)), None)
    if found is None:
        raise SettingsProblem(f"'{name}' has no deal {record}; `sluicegate deals {name}` lists them.")
    return found


def _approvals(services: Services, run: int) -> dict[str, str]:
    """By policy, who approved what a run let through."""
    row = services.store.runs.get(run)
    return {one["policy"]: one["by"] for one in ((row and row["counts"]) or {}).get("approved", ())}


def _givers(approved: dict[str, str], policies: list[str]) -> str:
    """Who approved the change of these policies' flags."""
    asked = (*policies, UNDONE) if approved else ()
    return ", ".join(dict.fromkeys(approved[one] for one in asked if one in approved))


def _is_asked(row: dict[str, Any], asked: Asked) -> bool:
    """Whether the policy and the person are those asked for."""
    policies = {one.lstrip("+-") for one in row["policies"].split()}
    people = row["approved_by"].split(", ")
    return asked.policy in {"", *policies} and asked.approved_by in {"", *people}
