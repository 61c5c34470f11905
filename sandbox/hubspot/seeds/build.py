"""A plan into a deal with its histories, engagements and associations, all consistent with each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sandbox.hubspot.clock import iso, moment
from sandbox.hubspot.records import deals
from sandbox.hubspot.seeds.activity import Activities
from sandbox.hubspot.seeds.people import NEW_BUSINESS, OLD_STAGE, RENEWALS, by
from sandbox.seeds.ageing import PLACES
from sandbox.seeds.names import FILLER, ISSUES, STEPS, WHAT
from sandbox.seeds.plans import LOST, day, seconds

if TYPE_CHECKING:
    from random import Random

    from sandbox.hubspot.portal import Owner, Portal
    from sandbox.hubspot.records.table import Record
    from sandbox.hubspot.seeds.people import People
    from sandbox.seeds.plans import Plan

_SCALE: Final = {"USD": 1, "EUR": 1, "JPY": 150}
_ENDS: Final = {"Closed Won": "won", LOST: "lost"}
_SHARE = 0.4
_CLOSE = "T17:00:00Z"
"""Close dates are instants; at this hour every zone of the company has the same day."""


@dataclass
class Builder:
    """Makes deals one by one."""

    portal: Portal
    rng: Random
    people: People

    def __post_init__(self) -> None:
        """Work out what all deals share."""
        self.today = self.portal.clock.today()
        self._activities = Activities(self.portal, self.rng, self.at)

    def at(self, back: int) -> int:
        """Some instant within working hours of the day that lies so many days back, in milliseconds."""
        return moment(day(self.today, back)) + seconds(self.rng) * 1000

    def deal(self, plan: Plan, owner: Owner, twin: Record | None = None) -> Record:
        """Build one deal; `twin` is the deal that it is a clone of."""
        created = self.at(plan.created)
        record = self.portal.shelves["deals"].new(created)
        stages = RENEWALS if self.rng.random() < _SHARE else NEW_BUSINESS
        source = by(owner)
        record.props = {
            "createdate": iso(created),
            "hs_createdate": iso(created),
            "hs_object_id": str(record.id),
            "hs_object_source": source.type,
            "hs_object_source_label": source.type,
            "hs_object_source_id": str(source.id),
            "hs_object_source_user_id": str(owner.user_id),
            "hs_created_by_user_id": str(owner.user_id),
        }
        company = self._company(record, twin)
        self._change(record, owner, created, self._start(plan, owner, stages, twin))
        for at, change in self._changes(plan, record, stages):
            if at > created:
                self._change(record, owner, at, change)
        self._people(plan, record, company)
        self._activities.of(plan, record, owner)
        return record

    def _change(self, record: Record, owner: Owner, at: int, values: dict[str, str]) -> None:
        """One edit of the owner, with all that HubSpot works out from it."""
        full = deals.given(self.portal, values, record.props)
        changed = record.put(full, by(owner), at, self.portal.settings.versions)
        record.fill(deals.derive(self.portal, record, changed, at))
        record.moved("hs_lastmodifieddate", at)

    def _start(self, plan: Plan, owner: Owner, stages: dict[str, str], twin: Record | None) -> dict[str, str]:
        rng = self.rng
        currency = rng.choices(("USD", "EUR", "JPY"), (60, 25, 15))[0]
        amount = "" if plan.labels.get("no_amount") else str(round(rng.lognormvariate(10, 1)) * _SCALE[currency])
        pushed = sum(by for _, by in plan.pushes)
        stage = self._stage(plan.visits[0][0], stages)
        kind = rng.choice(("newbusiness", "existingbusiness", ""))
        values = {
            "dealname": twin.props["dealname"] if twin else f"{rng.choice(WHAT)} {rng.randint(1, 99_999)}",
            "pipeline": self.portal.stages[stage][0].id,
            "dealstage": stage,
            "amount": amount,
            "deal_currency_code": "" if currency == self.portal.settings.currency else currency,
            "closedate": day(self.today, plan.close_day + pushed) + _CLOSE,
            "hubspot_owner_id": owner.id,
            "dealtype": kind,
            **self._own(),
        }
        return {name: value for name, value in values.items() if value}

    def _own(self) -> dict[str, str]:
        """The customer's own properties: a yes/no is often never set."""
        rng = self.rng
        flags = ("budget_confirmed", "terms_agreed", "pricing_requested", "proposal_acknowledged")
        return {
            **{flag: rng.choices(("true", "false", ""), (4, 3, 3))[0] for flag in flags},
            "outstanding_issue": rng.choice(ISSUES) if rng.random() < _SHARE else "",
            "economic_buyer": "Chief Financial Officer" if rng.random() < _SHARE else "",
            "deal_segment": rng.choice(("Enterprise", "Mid-market", "SMB")),
            "region": rng.choice(("Americas", "EMEA", "Pacific")),
        }

    def _stage(self, place: int | str, stages: dict[str, str]) -> str:
        return stages[_ENDS[place] if isinstance(place, str) else PLACES[place]]

    def _changes(self, plan: Plan, record: Record, stages: dict[str, str]) -> list[tuple[int, dict[str, str]]]:
        """What changed on the deal and when, oldest first."""
        rng, today = self.rng, self.today
        found = [(self.at(back), {"dealstage": self._stage(place, stages)}) for place, back in plan.visits[1:]]
        if not plan.is_open and stages is NEW_BUSINESS and len(found) > 1 and rng.random() < 0.1:  # noqa: PLR2004
            found[-2] = (found[-2][0], {"dealstage": OLD_STAGE})
        left = sum(by for _, by in plan.pushes)
        for back, by_days in plan.pushes:
            left -= by_days
            found.append((self.at(back), {"closedate": day(today, plan.close_day + left) + _CLOSE}))
        amount = record.props.get("amount")
        if amount and rng.random() < 0.2 and plan.created > plan.entered:  # noqa: PLR2004 - a share
            found.append((self.at(rng.randint(plan.entered, plan.created - 1)), {"amount": str(int(amount) * 2)}))
        if plan.next_step in {"text", "filler"}:
            text = rng.choice(STEPS if plan.next_step == "text" else FILLER)
            found.append((self.at(rng.randint(1, plan.entered - 1)), {"hs_next_step": text}))
        return sorted(found, key=lambda change: change[0])

    def _company(self, record: Record, twin: Record | None) -> int | None:
        links = self.portal.links
        found: Any = next(iter(links.of("deals", twin.id, "companies")), None) if twin else None
        if found is None and self.rng.random() > 0.03:  # noqa: PLR2004 - a few deals have no company
            found = self.rng.choice(self.people.companies)
        if found is not None:
            primary = [t for t in links.types["deals", "companies"] if t.label == "Primary"]
            links.put("deals", record.id, "companies", found, primary)
            record.props["hs_primary_associated_company"] = str(found)
        return int(found) if found is not None else None

    def _people(self, plan: Plan, record: Record, company: int | None) -> None:
        """Contacts with a label or none; a deal without any has a count of 0 or none at all."""
        bare = plan.labels.get("no_contact_role", self.rng.random() < 0.3)  # noqa: PLR2004 - a share
        if bare:
            return
        mine = self.people.contacts[company or self.people.companies[0]]
        chosen = self.rng.sample(mine, self.rng.randint(1, 2))
        types = self.portal.links.types["deals", "contacts"]
        for contact in chosen:
            label = self.rng.choice(("Decision Maker", "Economic Buyer", "Evaluator", None))
            self.portal.links.put("deals", record.id, "contacts", contact, [t for t in types if t.label == label])
        record.props["num_associated_contacts"] = str(len(chosen))
