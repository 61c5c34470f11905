"""Teams, managers, reps, accounts, contacts, rates and the customer's own fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.salesforce.setup import add_custom_field, add_record_type, add_user
from sandbox.seeds.names import COMPANY, FIRST, KIND, LAST, TEAMS

if TYPE_CHECKING:
    from datetime import date
    from random import Random

    from sandbox.salesforce.org import Org
    from sandbox.salesforce.records.table import Row

OWN_FIELDS = {
    "Account": ("Segment__c picklist(Enterprise|Mid-market|SMB) label=Segment",),
    "Opportunity": (
        "Budget_Confirmed__c boolean label=Budget_confirmed",
        "Terms_Agreed__c boolean label=Terms_agreed",
        "Outstanding_Issue__c string(255) label=Outstanding_issue",
        "Pricing_Requested__c boolean label=Pricing_requested",
        "Proposal_Acknowledged__c boolean label=Proposal_acknowledged",
        "Economic_Buyer__c string(120) label=Economic_buyer",
    ),
}
OWN_STAGE = "Closing"
"""Between Salesforce's last open stage and Closed Won."""
_REPS = 6
_INACTIVE = 2
"""In each team, the last reps have left the company."""


@dataclass
class People:
    """Whom deals can belong to."""

    reps: list[Row]
    accounts: list[Row]
    contacts: dict[str, list[str]]
    """Account id to contact ids."""
    record_types: list[str]


def populate(org: Org, rng: Random, deals: int, today: date) -> People:
    """Everything that deals need before they can be made."""
    for entity, texts in OWN_FIELDS.items():
        for text in texts:
            add_custom_field(org, entity, text)
    _own_stage(org)
    kinds = [add_record_type(org, "Opportunity", name) for name in ("New business", "Renewal")]
    reps = _users(org, rng, _REPS + deals // 5_000)
    accounts, contacts = _accounts(org, rng, reps, deals // 6 + 10)
    if org.settings.multi_currency and org.settings.dated_rates:
        _rates(org, rng, today)
    return People(reps, accounts, contacts, kinds)


def _own_stage(org: Org) -> None:
    table = org.tables["OpportunityStage"]
    stages = list(table.rows.values())
    last = max((stage for stage in stages if not stage["IsClosed"]), key=lambda stage: stage["SortOrder"])
    for stage in stages:
        if stage["IsClosed"]:
            table.put({**stage, "SortOrder": stage["SortOrder"] + 1})
    same = {k: v for k, v in last.items() if k.startswith(("Is", "Default", "Forecast"))}
    order = last["SortOrder"] + 1
    org.add("OpportunityStage", MasterLabel=OWN_STAGE, ApiName=OWN_STAGE, SortOrder=order, **same)


def _users(org: Org, rng: Random, size: int) -> list[Row]:
    boss = add_user(org, "vp@acme.example", "Vera", "Präsident", "Sales Manager", Title="VP Sales")
    reps = []
    for number, (team, region) in enumerate(TEAMS, 1):
        place: dict[str, Any] = {"Division": region, "Department": team}
        first, last, login = rng.choice(FIRST), rng.choice(LAST), f"manager{number}@acme.example"
        manager = add_user(org, login, first, last, "Sales Manager", ManagerId=boss["Id"], **place)
        for index in range(1, size + 1):
            first, last, login = rng.choice(FIRST), rng.choice(LAST), f"rep{number}{index:02}@acme.example"
            more: dict[str, Any] = {**place, "ManagerId": manager["Id"], "Title": "Account Executive"}
            active = index <= size - _INACTIVE
            reps.append(add_user(org, login, first, last, "Standard User", active=active, **more))
    return reps


def _accounts(org: Org, rng: Random, reps: list[Row], count: int) -> tuple[list[Row], dict[str, list[str]]]:
    stamp: dict[str, Any] = {"CreatedDate": "2020-03-02T15:00:00.000+0000"}
    accounts, contacts, people = [], {}, []
    for number in range(count):
        owner = rng.choice(reps)["Id"]
        name = f"{rng.choice(COMPANY)} {rng.choice(KIND)} {number + 1}"
        segment = rng.choice(("Enterprise", "Mid-market", "SMB"))
        row = org.make("Account", Name=name, Segment__c=segment, OwnerId=owner, CreatedById=owner, **stamp)
        accounts.append(row)
        mine = [_contact(org, rng, row["Id"], owner, stamp) for _ in range(rng.randint(2, 4))]
        contacts[row["Id"]] = [c["Id"] for c in mine]
        people += mine
    org.tables["Account"].load(accounts)
    org.tables["Contact"].load(people)
    return accounts, contacts


def _contact(org: Org, rng: Random, account: str, owner: str, stamp: dict[str, Any]) -> Row:
    first, last = rng.choice(FIRST), rng.choice(LAST)
    who = {"FirstName": first, "LastName": last, "Name": f"{first} {last}"}
    return org.make("Contact", **who, AccountId=account, OwnerId=owner, CreatedById=owner, **stamp)


def _rates(org: Org, rng: Random, today: date) -> None:
    """A new rate each quarter of the last three years."""
    starts = [f"{year}-{month:02}-01" for year in range(today.year - 3, today.year + 1) for month in (1, 4, 7, 10)]
    for code, base in (("EUR", 0.92), ("JPY", 149.5), ("USD", 1.0)):
        for start, following in zip(starts, [*starts[1:], "9999-12-31"], strict=True):
            rate = base if code == "USD" else round(base * rng.uniform(0.95, 1.05), 6)
            org.add("DatedConversionRate", IsoCode=code, StartDate=start, NextStartDate=following, ConversionRate=rate)
