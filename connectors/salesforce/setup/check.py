"""`connection check` in sentences: what works, what is missing, what is dormant, what to do."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from connectors.salesforce.client.faults import Refused
from connectors.salesforce.client.windows import chunks, id_list
from connectors.salesforce.pull import opportunities as deals
from connectors.salesforce.push import our_fields
from connectors.salesforce.setup import describe, fields
from connectors.shared.setup import remarks
from connectors.shared.setup.remarks import Seen
from model.sync import Remark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from connectors.salesforce.client.client import Client
    from connectors.salesforce.client.schema import Schema
    from connectors.salesforce.settings import SalesforceSettings

_TWIN: Final = re.compile("hubspot_?(deal_?)?(record_?)?id", re.IGNORECASE)
"""Names of fields that hold the id of a HubSpot deal."""


def check(client: Client, schema: Schema, settings: SalesforceSettings, now: datetime) -> list[Remark]:
    """Everything worth knowing before a run; raises AccessRefused, RetryLater, BudgetSpent."""
    parts: tuple[Callable[[], Iterator[Remark]], ...] = (
        lambda: _login(client, settings, now),
        lambda: _own_fields(schema, settings),
        lambda: _facts(client, schema, settings),
        lambda: _feeds(client, schema, settings),
        lambda: _exemption(client),
        lambda: _rules(client),
        lambda: _blind_owners(client, schema, settings),
        lambda: _twins(client, schema),
        lambda: _budget(client, settings),
    )
    return [remark for part in parts for remark in part()]


def _login(client: Client, settings: SalesforceSettings, now: datetime) -> Iterator[Remark]:
    user = client.rows(f"SELECT Name, Username FROM User WHERE Id = '{client.user_id}'") if client.user_id else []
    who = f"{user[0]['Name']} ({user[0]['Username']})" if user else "a user that the login does not name"
    flow = settings.auth.replace("_", " ")
    yield Remark("ok", f"Logged in as {who} by {flow}, API version {settings.api_version}.")
    yield from remarks.skew(client.now(), now, "Salesforce")


def _own_fields(schema: Schema, settings: SalesforceSettings) -> Iterator[Remark]:
    writable = our_fields.writable(schema, settings)
    seen = {
        name: Seen(field.type, our_fields.rule(field).type, name in writable)
        for name, field in our_fields.readable(schema, settings).items()
    }
    return remarks.own_fields(settings, seen, f"assign {fields.SYNC_LABEL}")


def _facts(client: Client, schema: Schema, settings: SalesforceSettings) -> Iterator[Remark]:
    read = [*deals.columns(schema, settings), *deals.mapped_facts(schema, settings)]
    optional = ("currency", "activity_hint")
    meant = partial(schema.similar_fields, deals.ENTITY)
    yield from remarks.fields_of_facts(read, settings.fields, optional, meant)
    still = [mapped.path for mapped in read if mapped.field and mapped.field.moves_no_stamp]
    if still:
        yield Remark(
            "note",
            f"Formulas and fields of parents do not mark a deal as changed, so {', '.join(still)} "
            "may be up to a day old: the nightly full pass reads them again.",
        )
    yield from remarks.mapped_facts(describe.known_facts(client, schema, settings))


def _feeds(client: Client, schema: Schema, settings: SalesforceSettings) -> Iterator[Remark]:
    yield from remarks.feeds(describe.feeds(client, schema, settings), "give our user the objects' Read permission")
    if schema.entity("OpportunityStage") is None:
        yield Remark("missing", "The org's stages cannot be read; give our user access to OpportunityStage.")
    if schema.entity("OpportunityFieldHistory") is None:
        yield Remark("note", "Field history cannot be read: former owners and next steps are known from now on only.")


def _exemption(client: Client) -> Iterator[Remark]:
    mine = f"SELECT PermissionSetId FROM PermissionSetAssignment WHERE AssigneeId = '{client.user_id}'"
    named = f"SELECT Id FROM CustomPermission WHERE DeveloperName = '{fields.EXEMPT}'"
    try:
        ids = [str(row["Id"]) for row in client.rows(named)]
        where = f"SetupEntityId IN ({id_list(ids)}) AND ParentId IN ({mine})"
        held = bool(ids) and bool(client.rows(f"SELECT Id FROM SetupEntityAccess WHERE {where}"))
    except Refused:
        yield Remark("note", f"Whether our user holds {fields.EXEMPT} cannot be told without View Setup.")
        return
    if held:
        yield Remark("ok", f"Our user holds {fields.EXEMPT}: validation rules can leave its writes alone.")
    else:
        todo = "run `connection provision` if validation rules refuse it."
        yield Remark("note", f"Our user does not hold {fields.EXEMPT}; {todo}")


def _rules(client: Client) -> Iterator[Remark]:
    soql = "SELECT Id, ValidationName FROM ValidationRule WHERE EntityDefinitionId = 'Opportunity' AND Active = true"
    try:
        reply = client.rest(f"tooling/query?q={quote(soql)}")
    except Refused:
        yield Remark("note", "The org's validation rules cannot be listed with our user's rights.")
        return
    names = [str(row["ValidationName"]) for row in (reply or {}).get("records", ())]
    if names:
        yield Remark(
            "note",
            f"{len(names)} validation rules are active on Opportunity ({remarks.few(names)}): each may refuse our "
            f"writes, unless it asks NOT($Permission.{fields.EXEMPT}).",
        )


def _blind_owners(client: Client, schema: Schema, settings: SalesforceSettings) -> Iterator[Remark]:
    """Active owners of open deals with a profile and permission sets that hide some or all of our fields."""
    seen = sorted(field.path for field in our_fields.readable(schema, settings).values())
    if not seen:
        return
    try:
        owners = _owners(client)
        sighted = _sighted(client, seen)
    except Refused:
        yield Remark("note", "Who of the owners sees our fields cannot be told without View Setup.")
        return
    without_access = sorted(name for key, name in owners.items() if key not in sighted)
    if without_access:
        yield Remark(
            "warning",
            f"{len(without_access)} of {len(owners)} active owners of open deals cannot see all our fields: "
            f"{remarks.few(without_access)}. Assign them {fields.READER_LABEL}.",
        )
    else:
        yield Remark("ok", f"All {len(owners)} active owners of open deals can see our fields.")


def _owners(client: Client) -> dict[str, str]:
    """By id; a grouped query would be refused where over 2,000 people own deals."""
    owning = "SELECT OwnerId FROM Opportunity WHERE IsClosed = false"
    rows = client.rows(f"SELECT Id, Name FROM User WHERE IsActive = true AND Id IN ({owning})")
    return {str(row["Id"]): str(row["Name"]) for row in rows}


def _sighted(client: Client, seen: list[str]) -> set[str]:
    """Users who may read all our fields by one permission set or several."""
    listed = ", ".join(f"'Opportunity.{path}'" for path in seen)
    shown = "SELECT ParentId, Field FROM FieldPermissions WHERE SobjectType = 'Opportunity' AND PermissionsRead = true"
    by_set: dict[str, set[str]] = {}
    for row in client.rows(f"{shown} AND Field IN ({listed})"):
        by_set.setdefault(str(row["ParentId"]), set()).add(str(row["Field"]))
    by_user: dict[str, set[str]] = {}
    for some in chunks(list(by_set)):
        for row in _assigned(client, some):
            by_user.setdefault(str(row["AssigneeId"]), set()).update(by_set[str(row["PermissionSetId"])])
    return {user for user, shown_fields in by_user.items() if len(shown_fields) == len(seen)}


def _assigned(client: Client, sets: list[str]) -> list[dict[str, Any]]:
    query = (
        f"SELECT AssigneeId, PermissionSetId FROM PermissionSetAssignment WHERE PermissionSetId IN ({id_list(sets)})"
    )
    return client.rows(query)


def _twins(client: Client, schema: Schema) -> Iterator[Remark]:
    """Open deals that carry the id of a HubSpot deal."""
    entity = schema.entity(deals.ENTITY)
    names = [name for name, field in entity.fields.items() if _TWIN.search(name) and field.filterable] if entity else []
    where = f"FROM {deals.ENTITY} WHERE IsClosed = false"
    for name in names:
        linked = client.rows(f"SELECT COUNT(Id) n {where} AND {name} != null")[0]["n"]
        if linked:
            every = client.rows(f"SELECT COUNT(Id) n {where}")[0]["n"]
            yield from remarks.twins("a HubSpot deal", name, int(linked), f"{int(every)} open deals")


def _budget(client: Client, settings: SalesforceSettings) -> Iterator[Remark]:
    budget, no_budget = client.budget(), "Salesforce does not say how many calls are left."
    yield remarks.budget(budget.used, budget.allowed, settings.budget_share, "the org", no_budget)
