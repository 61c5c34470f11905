"""Contacts of a made-up portal that are leads, with the calls that answered them."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Final

from sandbox.hubspot.clock import iso, millis
from sandbox.hubspot.events import create_as, edit_as, link
from sandbox.hubspot.records.table import Source
from sandbox.hubspot.records.writes import Actor, create
from tests.seeds.leads.plans import lead_plans

if TYPE_CHECKING:
    from sandbox.hubspot.portal import Portal
    from tests.seeds.leads.plans import LeadPlan

_HOUR: Final = 3_600_000
_STATUS: Final = {"open": "NEW", "given_up": "UNQUALIFIED", "converted": "OPEN_DEAL"}


def seed_leads(portal: Portal, count: int = 100, seed: int = 1) -> dict[str, dict[str, bool]]:
    """Add leads to a portal; of those that are still open, by id, what was planted in them."""
    rng = Random(seed)  # noqa: S311 - made-up data, no secrets
    owners = [owner for owner in portal.owners.values() if not owner.archived]
    now, planted = millis(portal.clock.now()), {}
    for plan in list(lead_plans(rng, count)):
        owner, made = rng.choice(owners), now - plan.hours * _HOUR
        lead = _lead(portal, plan, owner.email, owner.id, made)
        if plan.answered is not None:
            values = _call(made + plan.answered * _HOUR)
            create_as(portal, owner.email, "calls", values, links={"contacts": [lead]}, at=made + plan.answered * _HOUR)
        if plan.decoy:
            soon = made + _HOUR // 12
            logged = create(portal, "calls", _sync(portal), _call(soon), at=soon)
            link(portal, "calls", logged.id, "contacts", lead)
        if plan.end == "converted":
            edit_as(portal, owner.email, "contacts", lead, {"lifecyclestage": "opportunity"})
        if plan.end == "open":
            planted[lead] = plan.labels
    return planted


def _sync(portal: Portal) -> Actor:
    """The app of the integration, by its API."""
    token = portal.tokens.sync
    return Actor(token.app, Source("INTEGRATION", str(token.app_id), token.app))


def _lead(portal: Portal, plan: LeadPlan, user: str, owner: str, at: int) -> str:
    values = {
        "firstname": plan.first, "lastname": plan.last, "company": plan.company, "lifecyclestage": "lead",
        "hs_lead_status": _STATUS[plan.end], "hs_analytics_source": "ORGANIC_SEARCH", "hubspot_owner_id": owner,
    }  # fmt: skip
    return create_as(portal, user, "contacts", values, at=at)


def _call(at: int) -> dict[str, str]:
    return {"hs_timestamp": iso(at), "hs_call_title": "Call", "hs_call_status": "COMPLETED"}
