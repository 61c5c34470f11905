"""Teams, owners, companies, contacts, rates, the customer's own properties and pipelines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sandbox.hubspot.clock import iso, moment
from sandbox.hubspot.records.table import Record, Source
from sandbox.hubspot.schema.definitions import modified
from sandbox.hubspot.schema.standard import options, parse_property
from sandbox.hubspot.setup import add_owner, add_pipeline, new_stage_in
from sandbox.seeds.ageing import EXPECTED
from sandbox.seeds.names import COMPANY, FIRST, KIND, LAST, TEAMS

if TYPE_CHECKING:
    from random import Random

    from sandbox.hubspot.portal import Owner, Portal

OWN_PROPERTIES: Final = (
    "budget_confirmed bool booleancheckbox true=Yes false=No",
    "terms_agreed bool booleancheckbox true=Yes false=No",
    "pricing_requested bool booleancheckbox true=Yes false=No",
    "proposal_acknowledged bool booleancheckbox true=Yes false=No",
    "outstanding_issue string text",
    "economic_buyer string text",
    "deal_segment enumeration select Enterprise=Enterprise Mid-market=Mid-market SMB=SMB",
    "region string text",
)
LABELS: Final = ("Decision Maker", "Economic Buyer", "Evaluator")
"""Labels between deals and contacts."""
FIRST_STAGE, LAST_STAGE, OLD_STAGE = "98752301", "98752302", "98752303"
RENEWAL: Final = [
    ("161203401", "Prospecting", 0.1),
    ("161203402", "Qualification", 0.2),
    ("161203403", "Discovery", 0.3),
    ("161203404", "Demo", 0.4),
    ("161203405", "Proposal", 0.6),
    ("161203406", "Negotiation", 0.8),
    ("161203407", "Closing", 0.9),
    ("161203408", "Closed Won", 1.0),
    ("161203409", "Closed Lost", 0.0),
]
_PLACES: Final = (*EXPECTED, "won", "lost")
NEW_BUSINESS: Final = dict(zip(_PLACES, (
    FIRST_STAGE, "appointmentscheduled", "qualifiedtobuy", "presentationscheduled", "decisionmakerboughtin",
    "contractsent", LAST_STAGE, "closedwon", "closedlost"), strict=True))  # fmt: skip
"""The documents' name of a stage → its id in the default pipeline; ids there name what was done."""
RENEWALS: Final = dict(zip(_PLACES, (key for key, _, _ in RENEWAL), strict=True))
_REPS, _INACTIVE = 6, 2
"""In each team, the last reps have left the company."""


@dataclass
class People:
    """Whom deals can belong to."""

    reps: list[Owner]
    companies: list[int]
    contacts: dict[int, list[int]]
    """Company id to contact ids."""


def populate(portal: Portal, rng: Random, deals: int) -> People:
    """Everything that deals need before they can be made."""
    now = portal.clock.ms()
    for line in OWN_PROPERTIES:
        made = parse_property(line, "dealinformation", now, own=True)
        portal.properties["deals"][made.name] = made
    segment = parse_property("segment enumeration select", "companyinformation", now, own=True)
    segment.options = options([(value, value) for value in ("Enterprise", "Mid-market", "SMB")])
    portal.properties["companies"]["segment"] = segment
    for label in LABELS:
        portal.links.add_label("deals", "contacts", label)
    _stages(portal)
    _rates(portal, rng)
    reps = _owners(portal, rng, _REPS + deals // 5_000)
    return People(reps, *_companies(portal, rng, reps, deals // 6 + 10))


def _stages(portal: Portal) -> None:
    """HubSpot's own pipeline gets a stage before and one after its own; one that nobody uses any more is archived."""
    own = portal.pipelines["default"]
    for stage in own.stages:
        stage.order += 1
    portal.add_stage(own, new_stage_in(portal, FIRST_STAGE, "Prospecting", 0.1, 0))
    portal.add_stage(own, new_stage_in(portal, LAST_STAGE, "Closing", 0.95, 6))
    gone = new_stage_in(portal, OLD_STAGE, "Paper Review", 0.85, 7, old=True)
    gone.archived_at = gone.created
    portal.add_stage(own, gone)
    add_pipeline(portal, "75e28846-ad0d-4be2-a027-5e1da6590b98", "Renewals", RENEWAL)


def _owners(portal: Portal, rng: Random, size: int) -> list[Owner]:
    add_owner(portal, "vp@acme.example", "Vera", "Präsident")
    reps = []
    for number, (team, _) in enumerate(TEAMS, 1):
        teams = [(str(400 + number), team)]
        add_owner(portal, f"manager{number}@acme.example", rng.choice(FIRST), rng.choice(LAST), teams=teams)
        for index in range(1, size + 1):
            login, left = f"rep{number}{index:02}@acme.example", index > size - _INACTIVE
            reps.append(add_owner(portal, login, rng.choice(FIRST), rng.choice(LAST), teams=teams, archived=left))
    return reps


def _companies(portal: Portal, rng: Random, reps: list[Owner], count: int) -> tuple[list[int], dict[int, list[int]]]:
    at = moment("2020-03-02T15:00:00Z")
    companies, contacts = [], {}
    for number in range(count):
        owner = rng.choice(reps)
        values = {"name": f"{rng.choice(COMPANY)} {rng.choice(KIND)} {number + 1}"}
        values["segment"] = rng.choice(("Enterprise", "Mid-market", "SMB"))
        company = plain(portal, "companies", owner, values, at)
        companies.append(company.id)
        contacts[company.id] = [_contact(portal, rng, owner, company, at) for _ in range(rng.randint(2, 4))]
    return companies, contacts


def _contact(portal: Portal, rng: Random, owner: Owner, company: Record, at: int) -> int:
    values = {"firstname": rng.choice(FIRST), "lastname": rng.choice(LAST)}
    made = plain(portal, "contacts", owner, values, at)
    made.props["email"] = f"contact{made.id}@customer.example"
    primary = [t for t in portal.links.types["contacts", "companies"] if t.label == "Primary"]
    portal.links.put("contacts", made.id, "companies", company.id, primary)
    return made.id


def plain(portal: Portal, kind: str, owner: Owner, values: dict[str, str], at: int) -> Record:
    """A record as a user made it in the screen, with no more checks and no histories."""
    made = portal.shelves[kind].new(at)
    stamp, user = iso(at), str(owner.user_id)
    created = "createdate" if kind in {"contacts", "companies"} else "hs_createdate"
    made.props = {
        created: stamp,
        modified(kind): stamp,
        "hs_object_id": str(made.id),
        "hs_object_source": "CRM_UI",
        "hs_object_source_label": "CRM_UI",
        "hs_object_source_id": f"userId:{user}",
        "hs_object_source_user_id": user,
        "hs_created_by_user_id": user,
        "hubspot_owner_id": owner.id,
        **values,
    }
    return made


def by(owner: Owner) -> Source:
    """An owner as the source of what they did in the screen."""
    return Source("CRM_UI", f"userId:{owner.user_id}", None, owner.user_id)


def _rates(portal: Portal, rng: Random) -> None:
    """A new rate each quarter of the last three years, to the dollar."""
    year = portal.clock.today().year
    starts = [f"{y}-{month:02}-01" for y in range(year - 3, year + 1) for month in (1, 4, 7, 10)]
    for code, base in (("EUR", 1.087), ("JPY", 0.00669)):
        portal.rates[code] = [(start, str(round(base * rng.uniform(0.95, 1.05), 6))) for start in starts]
