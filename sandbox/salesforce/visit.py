"""A rep's visit: the org read by simple-salesforce as somebody who holds one permission set and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceError

from sandbox.salesforce.setup import ADMIN

if TYPE_CHECKING:
    from sandbox.salesforce.api.logins import Login
    from sandbox.salesforce.serving import Running

SET = "Sluicegate_Reader"
PREFIX = "Sluicegate_"
PAUSE = ("Sluicegate_Pause_Until__c", "Sluicegate_Pause_Reason__c")
VERSION = "62.0"


def client(running: Running, login: Login) -> Salesforce:
    """simple-salesforce as one user; its own logins go to salesforce.com, so the token is fetched here."""
    session = requests.Session()
    session.verify, session.trust_env = running.ca_file, False
    asked = {"grant_type": "client_credentials", "client_id": login.client_id, "client_secret": login.client_secret}
    token = session.post(f"{running.url}/services/oauth2/token", data=asked, timeout=30).json()
    return Salesforce(
        instance_url=token["instance_url"], session_id=token["access_token"], session=session, version=VERSION
    )


def visit_as_rep(running: Running) -> dict[str, Any]:
    """Give a rep the Reader set, as an admin would, and say what they see and may edit on a flagged deal of theirs."""
    admin = client(running, running.login(ADMIN))
    rep = _a_rep(running, admin)
    (found,) = admin.query(f"SELECT Id FROM PermissionSet WHERE Name = '{SET}'")["records"]
    admin.restful(
        "sobjects/PermissionSetAssignment",
        method="POST",
        json={"AssigneeId": rep.user_id, "PermissionSetId": found["Id"]},
    )
    return _seen(client(running, rep), rep)


def _a_rep(running: Running, admin: Salesforce) -> Login:
    """The active owner of the most open deals."""
    query = (
        "SELECT OwnerId, COUNT(Id) deals FROM Opportunity WHERE IsClosed = false AND Owner.IsActive = true"
        " GROUP BY OwnerId ORDER BY COUNT(Id) DESC LIMIT 1"
    )
    (busiest,) = admin.query(query)["records"]
    return next(login for login in running.org.logins.all if login.user_id == busiest["OwnerId"])


def _seen(rep: Salesforce, login: Login) -> dict[str, Any]:
    described = rep.restful("sobjects/Opportunity/describe") or {"fields": []}
    fields = [field["name"] for field in described["fields"] if field["name"].startswith(PREFIX)]
    query = (
        f"SELECT Id, Name, {', '.join(fields)} FROM Opportunity WHERE {PREFIX}Flag_Count__c > 0"
        f" AND OwnerId = '{login.user_id}' ORDER BY {PREFIX}Flag_Count__c DESC NULLS LAST LIMIT 1"
    )
    (record,) = rep.query(query)["records"]
    may = {name: _may_edit(rep, record["Id"], name, record[name]) for name in fields}
    shown = {"Name": record["Name"], **{name: record[name] for name in fields if name not in PAUSE}}
    return {
        "user": login.username,
        "record": shown,
        "may_edit": sorted(name for name, allowed in may.items() if allowed),
        "refused": sorted(name for name, allowed in may.items() if not allowed),
    }


def _may_edit(rep: Salesforce, record: str, name: str, value: Any) -> bool:
    """Whether an edit that changes nothing is let through."""
    try:
        rep.restful(f"sobjects/Opportunity/{record}", method="PATCH", json={name: value})
    except SalesforceError:
        return False
    return True
