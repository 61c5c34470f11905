"""Opportunities: what the stage sets, what is counted, and the two histories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.salesforce.org import Org
    from sandbox.salesforce.records.table import Row

_CATEGORY = {label: label for label in ("Omitted", "Pipeline", "Closed")} | {
    "Best Case": "BestCase",
    "Commit": "Forecast",
}
SNAPSHOT = ("StageName", "Amount", "CloseDate", "Probability", "ForecastCategory")
_KINDS = {"currency": "Currency", "date": "DateOnly", "percent": "Percent", "picklist": "DynamicEnum"}
_LOOKUPS = {"OwnerId": "User", "RecordTypeId": "RecordType"}
CHILDREN = (("Task", "WhatId"), ("Event", "WhatId"), ("OpportunityContactRole", "OpportunityId"))


def before(org: Org, old: Row | None, new: Row, given: set[str]) -> Row:
    """Stage defaults and derived fields."""
    row = dict(new)
    moved = old is None or old["StageName"] != row["StageName"]
    if moved:
        _take_stage(org, row, given)
    derive(row)
    if old is None:
        row["PushCount"] = 0
    elif moved:
        row["LastStageChangeDate"] = row["LastModifiedDate"]
    if old and row["CloseDate"][:7] > old["CloseDate"][:7]:
        row["PushCount"] = (old["PushCount"] or 0) + 1
    return row


def after(org: Org, old: Row | None, new: Row) -> None:
    """Write the histories: a snapshot row and field history rows on change."""
    if old is None or any(old[f] != new[f] for f in SNAPSHOT):
        _snapshot(org, old, new)
    _field_history(org, old, new)


def _take_stage(org: Org, row: Row, given: set[str]) -> None:
    stages = org.tables["OpportunityStage"].where("MasterLabel", row["StageName"])
    if not stages:
        row.update(IsClosed=False, IsWon=False)
        return
    stage = stages[0]
    row.update(IsClosed=stage["IsClosed"], IsWon=stage["IsWon"])
    if "Probability" not in given:
        row["Probability"] = stage["DefaultProbability"]
    if "ForecastCategoryName" not in given:
        row["ForecastCategoryName"] = stage["ForecastCategoryName"]


def derive(row: Row) -> None:
    """Fill what is worked out from other fields of an opportunity."""
    amount, likely = row["Amount"], row["Probability"]
    month = int(row["CloseDate"][5:7])
    row["ForecastCategory"] = _CATEGORY.get(row["ForecastCategoryName"] or "")
    row["ExpectedRevenue"] = None if amount is None else round(amount * (likely or 0) / 100, 2)
    row["FiscalYear"], row["FiscalQuarter"] = int(row["CloseDate"][:4]), (month + 2) // 3
    row["Fiscal"] = f"{row['FiscalYear']} {row['FiscalQuarter']}"


def snapshot(org: Org, old: Row | None, new: Row) -> Row:
    """The OpportunityHistory row for a change, not yet in its table."""
    values: dict[str, Any] = {f: new[f] for f in (*SNAPSHOT, "ExpectedRevenue")}
    if old:
        values |= {"PrevAmount": old["Amount"], "PrevCloseDate": old["CloseDate"]}
    if "CurrencyIsoCode" in new:
        values["CurrencyIsoCode"] = new["CurrencyIsoCode"]
    audit = {"CreatedDate": new["LastModifiedDate"], "CreatedById": new["LastModifiedById"]}
    return org.make("OpportunityHistory", **values, **audit, OpportunityId=new["Id"])


def _snapshot(org: Org, old: Row | None, new: Row) -> None:
    row = snapshot(org, old, new)
    table = org.tables["OpportunityHistory"]
    _supersede(org, new)
    table.put(row)
    changes = {}
    if old and old["Amount"] != new["Amount"]:
        changes["LastAmountChangedHistoryId"] = row["Id"]
    if old and old["CloseDate"] != new["CloseDate"]:
        changes["LastCloseDateChangedHistoryId"] = row["Id"]
    if changes:
        org.tables["Opportunity"].put({**org.tables["Opportunity"].rows[new["Id"]], **changes})


def _supersede(org: Org, new: Row) -> None:
    """The row before moves its stamp to the moment the next one takes its place."""
    earlier = org.tables["OpportunityHistory"].where("OpportunityId", new["Id"])
    if earlier:
        last = max(earlier, key=lambda r: (r["CreatedDate"], r["Id"]))
        org.tables["OpportunityHistory"].put({**last, "SystemModstamp": new["LastModifiedDate"]})


def _field_history(org: Org, old: Row | None, new: Row) -> None:
    audit = {"OpportunityId": new["Id"], "CreatedDate": new["LastModifiedDate"], "CreatedById": new["LastModifiedById"]}
    table = org.tables["OpportunityFieldHistory"]
    if old is None:
        table.put(org.make("OpportunityFieldHistory", **audit, Field="created", DataType="Text"))
        return
    entity = org.objects["Opportunity"]
    for name in sorted(entity.tracked):
        if name in entity.fields and old[name] != new[name]:
            for before, after, kind in _versions(org, name, old[name], new[name]):
                values = {"Field": name.removesuffix("Id") if name in _LOOKUPS else name, "DataType": kind}
                table.put(org.make("OpportunityFieldHistory", **audit, **values, OldValue=before, NewValue=after))


def _versions(org: Org, name: str, before: Any, after: Any) -> list[tuple[Any, Any, str]]:
    """Lookups give two rows, names and ids; long texts only say that they changed."""
    kind = org.objects["Opportunity"].fields[name]
    if kind.type == "textarea":
        return [(None, None, "TextArea")]
    if name not in _LOOKUPS:
        return [(before, after, _KINDS.get(kind.type, "Text"))]
    rows = org.tables[_LOOKUPS[name]].rows
    names = {row_id: rows[row_id]["Name"] for row_id in (before, after) if row_id in rows}
    return [(names.get(before), names.get(after), "Text"), (before, after, "EntityId")]
