"""The Maven "CRM Sales Opportunities" files into a portal; see sandbox/seeds/maven.py for what is invented."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.hubspot import events
from sandbox.hubspot.clock import millis, moment
from sandbox.hubspot.schema import parse_property as property_of
from sandbox.hubspot.seeds.people import plain
from sandbox.hubspot.setup import ADMIN, add_owner, add_pipeline
from tests.seeds.maven.files import AS_OF, FIRST, Company, Deal, Invention, Seller, read

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.hubspot.portal import Portal

__all__ = ["AS_OF", "STAGES", "Invention", "seed_from_csv"]
STAGES: Final = [
    ("prospecting", "Prospecting", 0.1),
    ("engaging", "Engaging", 0.5),
    ("won", "Won", 1.0),
    ("lost", "Lost", 0.0),
]
_NAMES: Final = {"login": "owner.email", "name": "dealname", "created": "createdate", "close": "closedate"}
_PROPERTIES: Final = {
    "deals": ("product string text", "source_id string text", "engage_date date date"),
    "companies": ("sector string text", "office_location string text"),
}


def seed_from_csv(portal: Portal, folder: Path) -> list[Invention]:
    """Fill a fresh portal from the files of this shape; the clock stops at `AS_OF`. Returns what was invented."""
    portal.clock.set(AS_OF)
    files = read(folder, _NAMES)
    with portal.lock:
        _own(portal)
        owners = {seller.name: _owner(portal, seller) for seller in files.sellers}
        companies = {company.name: _company(portal, company) for company in files.companies}
        for company in files.companies:
            if company.parent in companies:
                own = portal.shelves["companies"].rows[companies[company.name]]
                own.props["hs_parent_company_id"] = str(companies[company.parent])
        for deal in sorted(files.deals, key=lambda one: one.created):
            _deal(portal, deal, owners[deal.owner], companies)
        portal.settle()
    return files.invented


def _own(portal: Portal) -> None:
    """The pipeline of the set in place of HubSpot's own, and the customer's own properties."""
    for _, stage in portal.stages.values():
        for brought in stage.properties("", 0, pro=True):
            portal.properties["deals"].pop(brought.name, None)
    portal.pipelines.clear()
    portal.stages.clear()
    add_pipeline(portal, "default", "Sales Pipeline", STAGES)
    for kind, lines in _PROPERTIES.items():
        group = next(iter(portal.groups[kind]))
        for line in lines:
            made = property_of(line, group, portal.clock.ms(), own=True)
            portal.properties[kind][made.name] = made


def _owner(portal: Portal, seller: Seller) -> str:
    first, _, last = seller.name.partition(" ")
    teams = [(str(500 + len(seller.manager)), seller.manager)] if seller.manager else []
    made = add_owner(portal, seller.login, first, last, teams=teams)
    made.created = made.updated = _at(FIRST, 8)
    return made.id


def _company(portal: Portal, company: Company) -> int:
    values = {
        "name": company.name,
        "sector": company.sector,
        "office_location": company.driver,
        "country": company.driver,
        "annualrevenue": str(company.revenue),
        "numberofemployees": str(company.employees),
    }
    known = {name: value for name, value in values.items() if value}
    return plain(portal, "companies", portal.owner(ADMIN), known, _at(FIRST, 9)).id


def _at(day: str, hour: int) -> int:
    return moment(f"{day}T{hour:02}:00:00Z")


def _deal(portal: Portal, deal: Deal, owner: str, companies: dict[str, int]) -> None:
    """A deal with as much history as the two dates tell."""
    created = _at(deal.created, 12)
    values = {
        "dealname": deal.name,
        "pipeline": "default",
        "dealstage": deal.first.lower(),
        "source_id": deal.key,
        "hubspot_owner_id": owner,
        "product": deal.product,
        "engage_date": deal.engaged,
        "closedate": f"{deal.close}T18:00:00Z",
        "amount": deal.amount,
    }
    key = events.create_as(portal, owner, "deals", {n: v for n, v in values.items() if v}, at=created)
    if deal.company in companies:
        primary = [t for t in portal.links.types["deals", "companies"] if t.label == "Primary"]
        portal.links.put("deals", int(key), "companies", companies[deal.company], primary)
        made = portal.shelves["deals"].rows[int(key)]
        made.fill({"hs_primary_associated_company": str(companies[deal.company])})
    if deal.stage != deal.first:
        moved = min(_at(deal.close, 18), millis(AS_OF))
        events.edit_as(portal, owner, "deals", key, {"dealstage": deal.stage.lower()}, at=moved)
