"""What becomes of leads behind the API: converted into account, contact and opportunity, merged, put into a queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.salesforce.events import create_as, row_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.salesforce.org import Org

CONVERTED = "Closed - Converted"
_LOGGED = ("Task", "Event")


def convert_lead(org: Org, user: str, lead: str) -> dict[str, str]:
    """Make an account, a contact and an opportunity of a lead, to which what was logged goes; their ids."""
    with org.lock:
        row = row_of(org, "Lead", lead)
        account = create_as(org, user, "Account", {"Name": row["Company"]})
        person = {"FirstName": row["FirstName"], "LastName": row["LastName"], "AccountId": account}
        contact = create_as(org, user, "Contact", person)
        deal = {"Name": row["Company"], "StageName": "Prospecting", "CloseDate": org.clock.today().isoformat()}
        made = create_as(org, user, "Opportunity", {**deal, "AccountId": account})
        stamp = org.clock.stamp()
        ended = {
            "IsConverted": True, "Status": CONVERTED, "ConvertedDate": stamp[:10], "ConvertedAccountId": account,
            "ConvertedContactId": contact, "ConvertedOpportunityId": made, "SystemModstamp": stamp,
            "LastModifiedDate": stamp,
        }  # fmt: skip
        org.tables["Lead"].put({**row, **ended})
        for entity in _LOGGED:
            for logged in org.tables[entity].where("WhoId", row["Id"]):
                moved = {"WhoId": contact, "WhatId": made, "SystemModstamp": stamp}
                org.tables[entity].put({**logged, **moved})
    return {"account": account, "contact": contact, "opportunity": made}


def merge_leads(org: Org, winner: str, losers: Sequence[str]) -> None:
    """Losers go into the bin and point to the winner, which takes what was logged on them."""
    with org.lock:
        best, stamp = row_of(org, "Lead", winner)["Id"], org.clock.stamp()
        for loser in losers:
            row = row_of(org, "Lead", loser)
            for entity in _LOGGED:
                for logged in org.tables[entity].where("WhoId", row["Id"]):
                    org.tables[entity].put({**logged, "WhoId": best, "SystemModstamp": stamp})
            org.tables["Lead"].put({**row, "IsDeleted": True, "MasterRecordId": best, "SystemModstamp": stamp})


def add_queue(org: Org, name: str) -> str:
    """A queue that can own leads."""
    return str(org.add("Group", Name=name, DeveloperName=name.replace(" ", "_"), Type="Queue")["Id"])
