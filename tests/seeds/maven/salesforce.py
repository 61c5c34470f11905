"""The Maven "CRM Sales Opportunities" files into an org; see sandbox/seeds/maven.py for what is invented."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sandbox.salesforce.clock import wire
from sandbox.salesforce.records.deals import derive, snapshot
from sandbox.salesforce.setup import add_custom_field, add_user, set_stages
from tests.seeds.maven.files import AS_OF, FIRST, Company, Deal, Files, Invention, Seller, read

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.salesforce.org import Org
    from sandbox.salesforce.records.table import Row

__all__ = ["AS_OF", "STAGES", "Invention", "seed_from_csv"]
STAGES = [
    ("Prospecting", False, False, 10, "Pipeline"),
    ("Engaging", False, False, 50, "Pipeline"),
    ("Won", True, True, 100, "Closed"),
    ("Lost", True, False, 0, "Omitted"),
]
_NAMES = {"login": "User.Username", "name": "Name", "created": "CreatedDate", "close": "CloseDate"}
_FIELDS = {
    "Opportunity": (
        "Product__c string(80) label=Product",
        "Source_Id__c string(20) label=Source_id",
        "Engage_Date__c date",
    ),
    "Account": ("Sector__c string(80) label=Sector", "Office_Location__c string(80) label=Office_location"),
}


@dataclass
class _Loader:
    org: Org
    users: dict[str, Row] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)
    rows: dict[str, list[Row]] = field(default_factory=dict)


def seed_from_csv(org: Org, folder: Path) -> list[Invention]:
    """Fill a fresh org from the files of this shape; the clock stops at `AS_OF`. Returns what was invented."""
    org.clock.set(AS_OF)
    for stage in list(org.tables["OpportunityStage"].rows):
        org.tables["OpportunityStage"].swap(stage, None)
    set_stages(org, STAGES)
    for entity, texts in _FIELDS.items():
        for text in texts:
            add_custom_field(org, entity, text)
    files = read(folder, _NAMES)
    loader = _Loader(org)
    _fill(loader, files)
    for entity, rows in loader.rows.items():
        org.tables[entity].load(rows)
    return files.invented


def _fill(loader: _Loader, files: Files) -> None:
    for seller in files.sellers:
        _user(loader, seller)
    _accounts(loader, files.companies)
    for deal in files.deals:
        _deal(loader, deal)


def _user(loader: _Loader, seller: Seller) -> None:
    first, _, last = seller.name.partition(" ")
    place: dict[str, Any] = {}
    if seller.manager:
        manager = loader.users[seller.manager]
        place = {"ManagerId": manager["Id"], "Division": seller.region, "Department": seller.manager}
    profile = "Standard User" if seller.manager else "Sales Manager"
    made = add_user(loader.org, seller.login, first, last, profile, CreatedDate=_at(FIRST, 8), **place)
    loader.users[seller.name] = made


def _accounts(loader: _Loader, companies: list[Company]) -> None:
    for company in companies:
        values = {
            "Name": company.name,
            "Sector__c": company.sector or None,
            "Office_Location__c": company.driver or None,
            "BillingCountry": company.driver or None,
            "AnnualRevenue": float(company.revenue),
            "NumberOfEmployees": company.employees,
        }
        row = loader.org.make("Account", **values, CreatedDate=_at(FIRST, 9), OwnerId=_admin(loader.org))
        loader.accounts[company.name] = row["Id"]
        loader.rows.setdefault("Account", []).append(row)
    by_id = {row["Id"]: row for row in loader.rows["Account"]}
    for company in companies:
        if company.parent in loader.accounts:
            by_id[loader.accounts[company.name]]["ParentId"] = loader.accounts[company.parent]


def _admin(org: Org) -> str:
    return next(iter(org.tables["User"].rows))


def _at(day: str, hour: int) -> str:
    return wire(datetime.fromisoformat(f"{day}T{hour:02}:00:00+00:00"))


def _deal(loader: _Loader, deal: Deal) -> None:
    """A deal with as much history as the two dates tell."""
    owner = loader.users[deal.owner]["Id"]
    values: dict[str, Any] = {
        "Name": deal.name,
        "Source_Id__c": deal.key,
        "AccountId": loader.accounts.get(deal.company),
        "OwnerId": owner,
        "Product__c": deal.product or None,
        "Engage_Date__c": deal.engaged or None,
        "CloseDate": deal.close,
        "Amount": float(deal.amount) if deal.amount else None,
        "PushCount": 0,
        "CreatedById": owner,
        "LastModifiedById": owner,
    }
    made = loader.org.make("Opportunity", CreatedDate=_at(deal.created, 12), **values)
    row = _staged(loader, {**made, "StageName": deal.first})
    histories = [snapshot(loader.org, None, row)]
    if deal.stage != deal.first:
        moved = _at(deal.close, 18)
        later = {
            "StageName": deal.stage,
            "LastModifiedDate": moved,
            "SystemModstamp": moved,
            "LastStageChangeDate": moved,
        }
        old, row = row, _staged(loader, {**row, **later})
        histories[0]["SystemModstamp"] = moved
        histories.append(snapshot(loader.org, old, row))
    loader.rows.setdefault("Opportunity", []).append(row)
    loader.rows.setdefault("OpportunityHistory", []).extend(histories)


def _staged(loader: _Loader, row: Row) -> Row:
    stage = next(s for s in loader.org.tables["OpportunityStage"].rows.values() if s["MasterLabel"] == row["StageName"])
    row["IsClosed"], row["IsWon"] = stage["IsClosed"], stage["IsWon"]
    row["Probability"], row["ForecastCategoryName"] = stage["DefaultProbability"], stage["ForecastCategoryName"]
    derive(row)
    return row
