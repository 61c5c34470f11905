"""A plan into rows: the deal, its histories, tasks, events and contact roles, all consistent with each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.salesforce.records.deals import SNAPSHOT, derive, snapshot
from sandbox.salesforce.seeds.activity import Activities, stamp
from sandbox.seeds.names import FILLER, ISSUES, STEPS, WHAT
from sandbox.seeds.plans import day

if TYPE_CHECKING:
    from datetime import date
    from random import Random

    from sandbox.salesforce.org import Org
    from sandbox.salesforce.records.table import Row
    from sandbox.salesforce.seeds.people import People
    from sandbox.seeds.plans import Plan

_SCALE = {"USD": 1, "EUR": 1, "JPY": 150}
_KINDS = {"StageName": "DynamicEnum", "Amount": "Currency", "CloseDate": "DateOnly", "NextStep": "Text"}


@dataclass
class Builder:
    """Collects rows of all deals; `load` puts them into the org."""

    org: Org
    rng: Random
    today: date
    people: People
    svc: str
    rows: dict[str, list[Row]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Work out what all deals share."""
        stages = sorted(self.org.tables["OpportunityStage"].alive(), key=lambda s: s["SortOrder"])
        self._stages = {s["MasterLabel"]: s for s in stages}
        self._open = [s["MasterLabel"] for s in stages if not s["IsClosed"]]
        self._activities = Activities(self.org, self.rng, self.today, self.svc)

    def keep(self, row: Row, entity: str) -> None:
        """Remember a row for `load`."""
        self.rows.setdefault(entity, []).append(row)

    def load(self) -> None:
        """Put everything that was built into the org."""
        for entity, rows in self.rows.items():
            self.org.tables[entity].load(rows)

    def deal(self, plan: Plan, owner: Row, twin: Row | None = None) -> Row:
        """Build one deal; `twin` is the deal that it is a clone of."""
        rng = self.rng
        account = twin["AccountId"] if twin else rng.choice(self.people.accounts)["Id"]
        if not twin and rng.random() < 0.03:  # noqa: PLR2004 - a few deals have no account
            account = None
        row = self.org.make("Opportunity", **self._start(plan, owner, account, twin))
        self._take_stage(row)
        row, snapshots = self._live(row, self._changes(plan, row))
        row |= self._activities.of(plan, row, self.people.contacts.get(account or "", []), self.keep)
        self.keep(row, "Opportunity")
        self._close_snapshots(snapshots)
        self._roles(plan, row)
        return row

    def _start(self, plan: Plan, owner: Row, account: str | None, twin: Row | None) -> dict[str, Any]:
        rng, currency = self.rng, self.rng.choices(("USD", "EUR", "JPY"), (60, 25, 15))[0]
        if not self.org.settings.multi_currency:
            currency = self.org.settings.currency
        amount = None if plan.labels.get("no_amount") else round(rng.lognormvariate(10, 1)) * _SCALE.get(currency, 1)
        pushed = sum(by for _, by in plan.pushes)
        first = {"CreatedDate": stamp(rng, self.today, plan.created), "CreatedById": owner["Id"]}
        money = {"CurrencyIsoCode": currency} if self.org.settings.multi_currency else {}
        return {
            **first,
            **money,
            **self._own(),
            "Name": twin["Name"] if twin else f"{rng.choice(WHAT)} {rng.randint(1, 99_999)}",
            "AccountId": account,
            "OwnerId": owner["Id"],
            "LastModifiedById": owner["Id"],
            "StageName": self._stage(plan.visits[0][0]),
            "CloseDate": day(self.today, plan.close_day + pushed),
            "Amount": None if amount is None else float(amount),
            "RecordTypeId": rng.choice(self.people.record_types),
            "Type": rng.choice(("New Customer", "Existing Customer - Upgrade", None)),
            "LeadSource": rng.choice(("Web", "Partner Referral", "Other", None)),
            "PushCount": 0,
        }

    def _own(self) -> dict[str, Any]:
        rng = self.rng
        flags = ("Budget_Confirmed__c", "Terms_Agreed__c", "Pricing_Requested__c", "Proposal_Acknowledged__c")
        issue = rng.choice(ISSUES) if rng.random() < 0.4 else None  # noqa: PLR2004 - a share
        buyer = "Chief Financial Officer" if rng.random() < 0.3 else None  # noqa: PLR2004 - a share
        return {**{f: rng.random() < 0.4 for f in flags}, "Outstanding_Issue__c": issue, "Economic_Buyer__c": buyer}  # noqa: PLR2004

    def _stage(self, place: int | str) -> str:
        return place if isinstance(place, str) else self._open[place]

    def _take_stage(self, row: Row) -> None:
        stage = self._stages[row["StageName"]]
        row["IsClosed"], row["IsWon"] = stage["IsClosed"], stage["IsWon"]
        row["Probability"], row["ForecastCategoryName"] = stage["DefaultProbability"], stage["ForecastCategoryName"]
        derive(row)

    def _changes(self, plan: Plan, row: Row) -> list[tuple[str, dict[str, Any]]]:
        """What changed on the deal and when, oldest first."""
        rng, today = self.rng, self.today
        found = [(stamp(rng, today, back), {"StageName": self._stage(place)}) for place, back in plan.visits[1:]]
        left = sum(by for _, by in plan.pushes)
        for back, by in plan.pushes:
            left -= by
            found.append((stamp(rng, today, back), {"CloseDate": day(today, plan.close_day + left)}))
        if row["Amount"] is not None and rng.random() < 0.2 and plan.created > plan.entered:  # noqa: PLR2004
            found.append(
                (stamp(rng, today, rng.randint(plan.entered, plan.created - 1)), {"Amount": row["Amount"] * 2})
            )
        if plan.next_step in {"text", "filler"}:
            text = rng.choice(STEPS if plan.next_step == "text" else FILLER)
            found.append((stamp(rng, today, rng.randint(1, plan.entered - 1)), {"NextStep": text}))
        return sorted(found, key=lambda change: change[0])

    def _live(self, row: Row, changes: list[tuple[str, dict[str, Any]]]) -> tuple[Row, list[Row]]:
        """The deal after its changes, and its snapshots; field history rows are kept on the way."""
        snapshots = [snapshot(self.org, None, row)]
        audit = {"OpportunityId": row["Id"], "CreatedById": row["OwnerId"]}
        self.keep(self._field_history(audit, row["CreatedDate"], "created", "Text"), "OpportunityFieldHistory")
        for at, change in changes:
            if at <= row["CreatedDate"]:
                continue
            old, row = row, {**row, **change, "LastModifiedDate": at, "SystemModstamp": at}
            if "StageName" in change:
                self._take_stage(row)
                row["LastStageChangeDate"] = at
            derive(row)
            if row["CloseDate"][:7] > old["CloseDate"][:7]:
                row["PushCount"] += 1
            if any(old[f] != row[f] for f in SNAPSHOT):
                snapshots.append(snapshot(self.org, old, row))
            for name in change:
                pair = {"OldValue": old[name], "NewValue": row[name]}
                self.keep(self._field_history(audit, at, name, _KINDS[name], **pair), "OpportunityFieldHistory")
        return row, snapshots

    def _field_history(self, audit: dict[str, Any], at: str, name: str, kind: str, **values: Any) -> Row:
        return self.org.make("OpportunityFieldHistory", **audit, **values, CreatedDate=at, Field=name, DataType=kind)

    def _close_snapshots(self, snapshots: list[Row]) -> None:
        """Each row's stamp is the moment at which the next one took its place."""
        for row, following in zip(snapshots, [*snapshots[1:], snapshots[-1]], strict=True):
            self.keep({**row, "SystemModstamp": following["CreatedDate"]}, "OpportunityHistory")

    def _roles(self, plan: Plan, row: Row) -> None:
        contacts = self.people.contacts.get(row["AccountId"] or "", [])
        bare = plan.labels.get("no_contact_role", self.rng.random() < 0.3)  # noqa: PLR2004 - a share
        if bare:
            return
        some = self.people.contacts[self.people.accounts[0]["Id"]]
        chosen = self.rng.sample(contacts or some, self.rng.randint(1, 2))
        for index, contact in enumerate(chosen):
            role = self.rng.choice(("Decision Maker", "Economic Buyer", "Evaluator", None))
            values = {"OpportunityId": row["Id"], "ContactId": contact, "Role": role, "IsPrimary": index == 0}
            audit = {"CreatedDate": row["CreatedDate"], "CreatedById": row["OwnerId"]}
            self.keep(self.org.make("OpportunityContactRole", **values, **audit), "OpportunityContactRole")
