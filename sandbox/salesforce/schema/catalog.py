"""The standard objects, as far as a pipeline needs them."""

from __future__ import annotations

from sandbox.salesforce.schema.fields import ObjectType, parse_field
from sandbox.salesforce.schema.standard import ACCOUNTS, ACTIVITIES, DEALS, LEADS, MONEY
from sandbox.salesforce.schema.standard_setup import SETUP, TOOLING

_AUDIT = """
Id id ro
IsDeleted boolean ro
CreatedDate datetime ro
CreatedById reference(User) ro
LastModifiedDate datetime ro
LastModifiedById reference(User) ro
SystemModstamp datetime ro
"""
_AUDITED = frozenset(line.split()[0] for line in _AUDIT.split("\n") if line)
_HISTORY = {
    "OpportunityFieldHistory": {"LastModifiedDate", "LastModifiedById", "SystemModstamp"},
    "OpportunityHistory": {"LastModifiedDate", "LastModifiedById"},
}
_CHILDREN = {
    "Opportunity": {
        "OpportunityContactRoles": ("OpportunityContactRole", "OpportunityId"),
        "OpportunityHistories": ("OpportunityHistory", "OpportunityId"),
        "Histories": ("OpportunityFieldHistory", "OpportunityId"),
        "Tasks": ("Task", "WhatId"),
        "Events": ("Event", "WhatId"),
        "ProcessInstances": ("ProcessInstance", "TargetObjectId"),
    },
    "Account": {"Opportunities": ("Opportunity", "AccountId"), "Contacts": ("Contact", "AccountId")},
    "Lead": {"Tasks": ("Task", "WhoId"), "Events": ("Event", "WhoId")},
    "Contact": {"OpportunityContactRoles": ("OpportunityContactRole", "ContactId")},
    "PermissionSet": {
        "FieldPerms": ("FieldPermissions", "ParentId"),
        "ObjectPerms": ("ObjectPermissions", "ParentId"),
        "Assignments": ("PermissionSetAssignment", "PermissionSetId"),
        "SetupEntityAccessItems": ("SetupEntityAccess", "ParentId"),
    },
}
MULTI_CURRENCY = frozenset({"CurrencyType", "DatedConversionRate"})
_MONEY_ROWS = frozenset(
    {"Opportunity", "OpportunityHistory", "OpportunityContactRole", "Account", "Contact", "Task", "Event"}
)
_TRACKED = {"Opportunity": {"StageName", "Amount", "CloseDate", "OwnerId", "NextStep"}}


def standard_objects(*, multi_currency: bool, currency: str = "USD") -> dict[str, ObjectType]:
    """A fresh set of object types; currency fields and objects are there only with multi-currency on."""
    found: dict[str, ObjectType] = {}
    for text in (DEALS, ACCOUNTS, LEADS, ACTIVITIES, MONEY, SETUP, TOOLING):
        for block in text.strip().split("\n\n"):
            made = _object(block, setup=text is SETUP, tooling=text is TOOLING)
            if multi_currency and made.name in _MONEY_ROWS:
                made.add(parse_field(f"CurrencyIsoCode picklist(USD|EUR|JPY|GBP) restricted default={currency}"))
            if multi_currency or made.name not in MULTI_CURRENCY:
                found[made.name] = made
    return found


def _object(block: str, *, setup: bool, tooling: bool) -> ObjectType:
    head, *lines = block.split("\n")
    name, prefix, *flags = head.split()
    made = ObjectType(name, prefix, writable="ro" not in flags, setup=setup, tooling=tooling)
    for line in _AUDIT.strip().split("\n"):
        if line.split()[0] not in _HISTORY.get(name, set()):
            made.add(parse_field(line))
    for line in lines:
        made.add(parse_field(line))
    made.children = dict(_CHILDREN.get(name, {}))
    made.tracked = set(_TRACKED.get(name, set()))
    return made


def is_audit(field: str) -> bool:
    """Whether the server itself fills this field."""
    return field in _AUDITED
