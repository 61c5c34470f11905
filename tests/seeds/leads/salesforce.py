"""Leads of a made-up org, with the calls that answered them."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any, Final

from sandbox.salesforce.clock import wire
from sandbox.salesforce.setup import SYNC
from tests.seeds.leads.plans import lead_plans

if TYPE_CHECKING:
    from datetime import datetime

    from sandbox.salesforce.org import Org
    from sandbox.salesforce.records.table import Row
    from tests.seeds.leads.plans import LeadPlan

_STATUS: Final = {
    "open": "Open - Not Contacted",
    "given_up": "Closed - Not Converted",
    "converted": "Closed - Converted",
}


def seed_leads(org: Org, count: int = 100, seed: int = 1) -> dict[str, dict[str, bool]]:
    """Add leads to an org; of those that are still open, by id, what was planted in them."""
    rng = Random(seed)  # noqa: S311 - made-up data, no secrets
    users = [user for user in org.tables["User"].rows.values() if user["IsActive"] and user["Username"] != SYNC]
    svc = next(user["Id"] for user in org.tables["User"].rows.values() if user["Username"] == SYNC)
    now, planted = org.clock.now(), {}
    for plan in list(lead_plans(rng, count)):
        lead = _lead(org, plan, rng.choice(users)["Id"], now)
        if plan.answered is not None:
            _call(org, lead, lead["OwnerId"], now - timedelta(hours=plan.hours - plan.answered))
        if plan.decoy:
            _call(org, lead, svc, now - timedelta(hours=plan.hours) + timedelta(minutes=5))
        if plan.end == "open":
            planted[lead["Id"]] = plan.labels
    return planted


def _lead(org: Org, plan: LeadPlan, owner: str, now: datetime) -> Row:
    at = wire(now - timedelta(hours=plan.hours))
    values: dict[str, Any] = {
        "FirstName": plan.first, "LastName": plan.last, "Name": f"{plan.first} {plan.last}", "Company": plan.company,
        "Status": _STATUS[plan.end], "LeadSource": "Web", "OwnerId": owner, "CreatedById": owner,
        "LastModifiedById": owner, "CreatedDate": at,
    }  # fmt: skip
    if plan.end == "converted":
        values |= {"IsConverted": True, "ConvertedDate": wire(now)[:10]}
    row = org.make("Lead", **values)
    org.tables["Lead"].put(row)
    return row


def _call(org: Org, lead: Row, user: str, at: datetime) -> None:
    stamp = wire(at)
    found: dict[str, Any] = {
        "WhoId": lead["Id"], "Subject": "Call", "TaskSubtype": "Call", "Status": "Completed", "IsClosed": True,
        "ActivityDate": stamp[:10], "CompletedDateTime": stamp, "CreatedDate": stamp, "CreatedById": user,
        "LastModifiedById": user, "OwnerId": user,
    }  # fmt: skip
    org.tables["Task"].put(org.make("Task", **found))
