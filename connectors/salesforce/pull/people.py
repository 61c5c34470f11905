"""Who is on a deal and who owns it: contact roles, users, accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connectors.salesforce.client import convert as to
from connectors.salesforce.client.faults import QuerySlow, Refused
from connectors.salesforce.client.windows import Place, literal
from connectors.salesforce.pull.streams import Row, Stream, simple
from connectors.shared.pull.rows import convert
from model.sync import Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.salesforce.client.client import Client
    from connectors.salesforce.client.schema import Schema
    from model.records import Record
    from model.sync import Cursor

_ROLE: Final = ("Id", "OpportunityId", "ContactId", "Role", "IsPrimary", "CreatedDate", "SystemModstamp", "IsDeleted")
_USER: Final = (
    "Id", "Name", "Username", "IsActive", "ManagerId", "Department", "TimeZoneSidKey", "SystemModstamp",
)  # fmt: skip


def role_stream(schema: Schema) -> Stream:
    """Contact roles of opportunities."""
    entity = "OpportunityContactRole"
    return Stream("contact_role", "contact_role", entity, lambda: simple(schema, entity, _ROLE, _role))


def user_stream(schema: Schema) -> Stream:
    """Users, the inactive ones too; they are never deleted."""
    return Stream("owner", "owner", "User", lambda: simple(schema, "User", _USER, _user), deleted=False)


def account_stream(schema: Schema) -> Stream:
    """Accounts by id; a pass reads those of the opportunities that changed."""
    fields = ("Id", "Name", "IsDeleted")
    return Stream("account", "account", "Account", lambda: simple(schema, "Account", fields, _account_now))


def _account_now(row: Row) -> Record:
    return _account(row, "deleted" if row.get("IsDeleted") else None)


def _role(row: Row) -> Record:
    return {
        "id": row["Id"],
        "opportunity_id": row["OpportunityId"],
        "contact_id": row.get("ContactId"),
        "role": to.text(row.get("Role")),
        "is_primary": to.yes_no(row.get("IsPrimary")),
        "created": to.instant(row.get("CreatedDate")),
        "gone": "deleted" if row.get("IsDeleted") else None,
    }


def _user(row: Row) -> Record:
    found: Record = {"id": row["Id"]}
    for column, field, how in (
        ("name", "Name", to.text),
        ("username", "Username", to.text),
        ("is_active", "IsActive", to.yes_no),
        ("manager_id", "ManagerId", to.text),
        ("team", "Department", to.text),
        ("zone", "TimeZoneSidKey", to.text),
    ):
        if field in row:
            found[column] = how(row[field])
    return found


def accounts(client: Client, schema: Schema, cursor: Cursor | None, *, full: bool) -> Iterator[Page]:
    """Accounts of the opportunities that changed since `cursor` (the opportunities' own), and accounts merged away."""
    entity = schema.entity("Account")
    if entity is None or "Name" not in entity.fields:
        return
    place = Place() if full or cursor is None else Place.parse(cursor.text)
    since = f" WHERE SystemModstamp >= {literal(place.at)}" if place.at else ""
    query = f"SELECT Id, Name FROM Account WHERE Id IN (SELECT AccountId FROM Opportunity{since})"
    yield from _accounts(client, query, None)
    if "MasterRecordId" in entity.fields:
        since = f" AND SystemModstamp >= {literal(place.at)}" if place.at else ""
        query = f"SELECT Id, Name FROM Account WHERE IsDeleted = true AND MasterRecordId != null{since}"
        yield from _accounts(client, query, "merged")


def _account(row: Row, gone: str | None) -> Record:
    return {"id": row["Id"], "name": to.text(row.get("Name")), "gone": gone}


def _accounts(client: Client, query: str, gone: str | None) -> Iterator[Page]:
    try:
        for rows in client.pages(query, deleted=gone is not None, exact=False):
            records, aside = convert("account", rows, lambda row: _account(row, gone), "Id")
            yield Page({"account": records}, aside=tuple(aside))
    except (Refused, QuerySlow):
        return  # accounts give names only; deals do without
