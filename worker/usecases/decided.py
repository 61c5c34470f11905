"""Past decisions: a deal's verdict at the time, and the policies behind it."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from model.errors import SettingsProblem
from worker.usecases.answers import deal_json, ledger, names

if TYPE_CHECKING:
    from worker.wiring import Services


def decided(services: Services, name: str, deal_id: str, at: str) -> dict[str, Any]:
    """`deal` and `ledger` as `explain` gave them after the last verdict of a day, or at an instant, and `decision`:
    as of when, by which run, policy digest and calibration, and the policy files of that digest by name.

    Raises SettingsProblem if there is no such deal, or no verdict on it by then.
    """
    zone = services.connection(name).timezone
    until = last_instant(at, zone)
    judgement = services.store.decisions.judgement(name, until)
    if judgement is None:
        raise SettingsProblem(no_decision(services, name, at))
    meant = names(services, name, deal_id)
    id_ = next((id_ for id_ in services.store.mirror.ids(name, gone=True) if meant(id_)), None)
    if id_ is None:
        raise SettingsProblem(f"'{name}' has no deal {deal_id}; `sluicegate deals {name}` lists them.")
    row = services.store.decisions.decided(name, id_, until)
    if row is None:
        day = f"{judgement.as_of.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M %Z}"
        raise SettingsProblem(
            f"Deal {id_} was not judged in the verdict of {day}: it was not known yet, or lay outside the scope."
        )
    deal = deal_json(row)
    decision = {
        "as_of": judgement.as_of.isoformat(),
        "run_id": str(judgement.run),
        "policy_digest": judgement.digest,
        "calibration": judgement.calibration,
        "policies": services.store.policy_sets.files(judgement.digest) or {},
    }
    return {"deal": deal, "ledger": ledger(deal), "decision": decision}


def no_decision(services: Services, name: str, at: str) -> str:
    """A SettingsProblem that names the first day with decisions."""
    since = services.store.decisions.judged_since(name)
    if since is None:
        return f"'{name}' was never judged; `sluicegate judge {name}` does it."
    local = since.astimezone(ZoneInfo(services.connection(name).timezone))
    return f"Nothing was decided by {at}: '{name}' has decisions since {local:%Y-%m-%d %H:%M %Z}."


def last_instant(text: str, zone: str) -> datetime:
    """An ISO instant, or the last instant of an ISO date in the zone. Raises SettingsProblem."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise SettingsProblem(f"'{text}' is no date or instant; write 2026-11-22 or 2026-11-22T12:00:00Z.") from None
    if found.tzinfo is None:
        found = found.replace(tzinfo=ZoneInfo(zone))
    if len(text) > len("2026-11-22"):
        return found.astimezone(UTC)
    midnight = datetime.combine(found.date() + timedelta(days=1), time(), ZoneInfo(zone))
    return midnight.astimezone(UTC) - timedelta(microseconds=1)
