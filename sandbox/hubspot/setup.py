"""A fresh portal: HubSpot's own sales pipeline, one more, and an admin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.hubspot.pipelines.stages import Pipeline, Stage
from sandbox.hubspot.portal import ADMIN_USER, Owner, Portal
from sandbox.hubspot.settings import Settings

if TYPE_CHECKING:
    from sandbox.hubspot.clock import Clock

ADMIN = "admin@acme.example"
SALES: list[tuple[str, str, float]] = [
    ("appointmentscheduled", "Appointment Scheduled", 0.2),
    ("qualifiedtobuy", "Qualified To Buy", 0.4),
    ("presentationscheduled", "Presentation Scheduled", 0.6),
    ("decisionmakerboughtin", "Decision Maker Bought-In", 0.8),
    ("contractsent", "Contract Sent", 0.9),
    ("closedwon", "Closed Won", 1.0),
    ("closedlost", "Closed Lost", 0.0),
]
_FIRST_USER = 9_586_505
_FIRST_OWNER = 31_000_017


def new_portal(settings: Settings | None = None, clock: Clock | None = None) -> Portal:
    """An empty portal with the default pipeline and an admin."""
    portal = Portal(settings or Settings(), **({"clock": clock} if clock else {}))
    add_owner(portal, ADMIN, "Ada", "Admin", user_id=ADMIN_USER)
    add_pipeline(portal, "default", "Sales Pipeline", SALES, old=True)
    return portal


def add_pipeline(
    portal: Portal, key: str, label: str, stages: list[tuple[str, str, float]], *, old: bool = False
) -> Pipeline:
    """A pipeline of (stage id, label, probability); 1 is won, 0 lost. Only old stages have legacy properties."""
    now = portal.clock.ms()
    made = Pipeline(key, label, len(portal.pipelines), now, now)
    for place, (stage, name, chance) in enumerate(stages):
        made.stages.append(new_stage_in(portal, stage, name, chance, place, old=old))
    portal.add_pipeline(made)
    return made


def new_stage_in(portal: Portal, key: str, label: str, chance: float, place: int, *, old: bool = False) -> Stage:
    """A stage with this chance to win; 1 is won, 0 lost."""
    now = portal.clock.ms()
    metadata = {"isClosed": "true" if chance in {0.0, 1.0} else "false", "probability": str(float(chance))}
    return Stage(key, label, place, metadata, now, now, old=old)


def add_owner(portal: Portal, email: str, first: str, last: str, *, user_id: int | None = None, **more: Any) -> Owner:
    """A user who may own records; `teams` are pairs of id and name, `archived` deactivates them."""
    now, place = portal.clock.ms(), len(portal.owners)
    user = _FIRST_USER + place if user_id is None else user_id
    made = Owner(str(_FIRST_OWNER + place * 13), user, email, first, last, now, now, **more)
    portal.owners[made.id] = made
    return made
