"""The Maven "CRM Sales Opportunities" files into an org: accounts.csv, products.csv, sales_pipeline.csv and
sales_teams.csv.

What the source leaves blank stays blank. Where a CRM must have a value that the source does not give, one is
invented by a fixed rule, and each invention is returned.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sandbox.salesforce.clock import wire
from sandbox.salesforce.deals import derive, snapshot
from sandbox.salesforce.setup import add_custom_field, add_user, set_stages

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.salesforce.org import Org
    from sandbox.salesforce.table import Row

STAGES = [
    ("Prospecting", False, False, 10, "Pipeline"),
    ("Engaging", False, False, 50, "Pipeline"),
    ("Won", True, True, 100, "Closed"),
    ("Lost", True, False, 0, "Omitted"),
]
AS_OF = datetime(2017, 12, 31, 23, tzinfo=UTC)
"""The set ends here; the server's clock is stopped at this instant."""
_FIRST, _LAST = "2016-10-01", "2017-12-31"
_FIELDS = {
    "Opportunity": (
        "Product__c string(80) label=Product",
        "Source_Id__c string(20) label=Source_id",
        "Engage_Date__c date",
    ),
    "Account": ("Sector__c string(80) label=Sector", "Office_Location__c string(80) label=Office_location"),
}


@dataclass(frozen=True)
class Invention:
    """A value that the source did not give: which row, which field, what was put there and why."""

    source_id: str
    field: str
    value: str
    reason: str


@dataclass
class _Loader:
    org: Org
    invented: list[Invention] = field(default_factory=list)
    users: dict[str, Row] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)
    rows: dict[str, list[Row]] = field(default_factory=dict)

    def invent(self, source_id: str, name: str, value: str, reason: str) -> str:
        self.invented.append(Invention(source_id, name, value, reason))
        return value


def seed_from_csv(org: Org, folder: Path) -> list[Invention]:
    """Fill a fresh org from the files of this shape; the clock stops at `AS_OF`. Returns what was invented."""
    org.clock.set(AS_OF)
    for stage in list(org.tables["OpportunityStage"].rows):
        org.tables["OpportunityStage"].swap(stage, None)
    set_stages(org, STAGES)
    for entity, texts in _FIELDS.items():
        for text in texts:
            add_custom_field(org, entity, text)
    loader = _Loader(org)
    _teams(loader, _read(folder / "sales_teams.csv"))
    _accounts(loader, _read(folder / "accounts.csv"))
    for line in _read(folder / "sales_pipeline.csv"):
        _deal(loader, line)
    for entity, rows in loader.rows.items():
        org.tables[entity].load(rows)
    return loader.invented


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _teams(loader: _Loader, lines: list[dict[str, str]]) -> None:
    managers = dict.fromkeys(line["manager"] for line in lines)
    for name in managers:
        loader.users[name] = _user(loader, name, "Sales Manager")
    for line in lines:
        manager = loader.users[line["manager"]]
        place = {"ManagerId": manager["Id"], "Division": line["regional_office"], "Department": line["manager"]}
        loader.users[line["sales_agent"]] = _user(loader, line["sales_agent"], "Standard User", **place)


def _user(loader: _Loader, name: str, profile: str, **values: Any) -> Row:
    first, _, last = name.partition(" ")
    login = f"{name.lower().replace(' ', '.')}@maven.example"
    loader.invent(name, "User.Username", login, "the source has names only")
    return add_user(loader.org, login, first, last, profile, CreatedDate=_at(_FIRST, 8), **values)


def _accounts(loader: _Loader, lines: list[dict[str, str]]) -> None:
    for line in lines:
        values = {
            "Name": line["account"],
            "Sector__c": line["sector"] or None,
            "Office_Location__c": line["office_location"] or None,
            "BillingCountry": line["office_location"] or None,
            "AnnualRevenue": float(round(float(line["revenue"]) * 1_000_000)),
            "NumberOfEmployees": int(line["employees"]),
        }
        row = loader.org.make("Account", **values, CreatedDate=_at(_FIRST, 9), OwnerId=_admin(loader.org))
        loader.accounts[line["account"]] = row["Id"]
        loader.rows.setdefault("Account", []).append(row)
    by_id = {row["Id"]: row for row in loader.rows["Account"]}
    for line in lines:
        if line["subsidiary_of"] in loader.accounts:
            by_id[loader.accounts[line["account"]]]["ParentId"] = loader.accounts[line["subsidiary_of"]]


def _admin(org: Org) -> str:
    return next(iter(org.tables["User"].rows))


def _at(day: str, hour: int) -> str:
    return wire(datetime.fromisoformat(f"{day}T{hour:02}:00:00+00:00"))


def _deal(loader: _Loader, line: dict[str, str]) -> None:
    """One line of the pipeline as a deal with as much history as the two dates tell."""
    key, stage = line["opportunity_id"], line["deal_stage"]
    owner = loader.users[line["sales_agent"]]["Id"]
    engaged, closed = line["engage_date"] or None, line["close_date"] or None
    created = engaged or loader.invent(key, "CreatedDate", _FIRST, "no engage date: the first day of the set")
    close = closed or loader.invent(key, "CloseDate", _LAST, "no close date: the last day of the set")
    values: dict[str, Any] = {
        "Name": loader.invent(
            key, "Name", f"{line['account'] or 'No account'} – {key}", "the source has no deal names"
        ),
        "Source_Id__c": key,
        "AccountId": loader.accounts.get(line["account"]),
        "OwnerId": owner,
        "Product__c": line["product"] or None,
        "Engage_Date__c": engaged,
        "CloseDate": close,
        "Amount": float(line["close_value"]) if line["close_value"] else None,
        "PushCount": 0,
        "CreatedById": owner,
        "LastModifiedById": owner,
    }
    first = "Engaging" if engaged else "Prospecting"
    row = _staged(
        loader, {**loader.org.make("Opportunity", CreatedDate=_at(created, 12), **values), "StageName": first}
    )
    histories = [snapshot(loader.org, None, row)]
    if stage != first:
        moved = _at(close, 18)
        later = {"StageName": stage, "LastModifiedDate": moved, "SystemModstamp": moved, "LastStageChangeDate": moved}
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
