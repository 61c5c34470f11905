"""A fresh org as its admin would set it up: stages, currencies, profiles and the users every org has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.salesforce.org import Org, Settings
from sandbox.salesforce.records.activities import DONE
from sandbox.salesforce.schema.fields import parse_field

if TYPE_CHECKING:
    from sandbox.salesforce.clock import Clock
    from sandbox.salesforce.records.table import Row

ADMIN, SYNC = "admin@acme.example", "svc@acme.example"
STAGES: list[tuple[str, bool, bool, int, str]] = [
    ("Prospecting", False, False, 10, "Pipeline"),
    ("Qualification", False, False, 10, "Pipeline"),
    ("Needs Analysis", False, False, 20, "Pipeline"),
    ("Value Proposition", False, False, 50, "Pipeline"),
    ("Id. Decision Makers", False, False, 60, "Pipeline"),
    ("Perception Analysis", False, False, 70, "Pipeline"),
    ("Proposal/Price Quote", False, False, 75, "Pipeline"),
    ("Negotiation/Review", False, False, 90, "Pipeline"),
    ("Closed Won", True, True, 100, "Closed"),
    ("Closed Lost", True, False, 0, "Omitted"),
]
RATES = {"USD": (1.0, 2), "EUR": (0.92, 2), "JPY": (149.5, 0)}
_EVERY_RIGHT = (
    "ApiEnabled", "ModifyAllData", "ViewAllData", "ViewSetup", "CustomizeApplication", "ModifyMetadata", "ManageUsers",
    "AssignPermissionSets", "ManageProfilesPermissionsets", "EditTask",
)  # fmt: skip
PROFILES: dict[str, tuple[str, ...]] = {
    "System Administrator": _EVERY_RIGHT,
    "Integration User": ("ApiEnabled", "ViewAllData"),
    "Sales Manager": ("ApiEnabled", "ViewAllData", "EditTask"),
    "Standard User": ("ApiEnabled", "EditTask"),
}


def new_org(
    settings: Settings | None = None,
    clock: Clock | None = None,
    stages: list[tuple[str, bool, bool, int, str]] = STAGES,
) -> Org:
    """An org with an admin and an integration user, and no business rows yet."""
    org = Org(settings, clock)
    set_stages(org, stages)
    _task_statuses(org)
    for name, rights in PROFILES.items():
        add_profile(org, name, rights)
    if org.settings.multi_currency:
        _currencies(org)
    add_user(org, ADMIN, "Alex", "Admin", "System Administrator")
    add_user(org, SYNC, "Sync", "Service", "Integration User")
    return org


def set_stages(org: Org, stages: list[tuple[str, bool, bool, int, str]]) -> None:
    """The stage picklist: name, closed, won, probability, forecast category."""
    for order, (name, closed, won, probability, category) in enumerate(stages, 1):
        org.add(
            "OpportunityStage",
            MasterLabel=name,
            ApiName=name,
            IsActive=True,
            SortOrder=order,
            IsClosed=closed,
            IsWon=won,
            DefaultProbability=float(probability),
            ForecastCategoryName=category,
            ForecastCategory=category.replace("Commit", "Forecast").replace(" ", ""),
        )


def _task_statuses(org: Org) -> None:
    for order, name in enumerate(org.objects["Task"].fields["Status"].picklist, 1):
        first, closed = order == 1, name == DONE
        org.add("TaskStatus", MasterLabel=name, ApiName=name, SortOrder=order, IsDefault=first, IsClosed=closed)


def _currencies(org: Org) -> None:
    """Rates are units of a currency for one unit of the corporate one."""
    corporate = org.settings.currency
    rates = {corporate: (1.0, 2)} | RATES
    for code, (rate, places) in rates.items():
        own = {"ConversionRate": rate / rates[corporate][0], "IsCorporate": code == corporate}
        values = {"IsoCode": code, "DecimalPlaces": places, **own}
        org.add("CurrencyType", IsActive=True, **values)


def add_profile(org: Org, name: str, rights: tuple[str, ...]) -> Row:
    """A profile and the permission set that it owns."""
    profile = org.add("Profile", Name=name, UserType="Standard")
    held = {f"Permissions{right}": True for right in rights}
    owned = {"IsOwnedByProfile": True, "ProfileId": profile["Id"], "Type": "Profile", "IsCustom": True}
    org.add("PermissionSet", Name=f"X{profile['Id']}", Label=name, **owned, **held)
    return profile


def profile_set(org: Org, name: str) -> str:
    """The id of the permission set that a profile owns."""
    return next(str(s["Id"]) for s in org.tables["PermissionSet"].rows.values() if s["Label"] == name)


def add_user(
    org: Org, username: str, first: str | None, last: str, profile: str, *, active: bool = True, **values: Any
) -> Row:
    """A user with a login; an inactive one has a login that is refused."""
    owned = next(
        s for s in org.tables["PermissionSet"].rows.values() if s["Label"] == profile and s["IsOwnedByProfile"]
    )
    name = " ".join(part for part in (first, last) if part)
    common = {
        "Email": username,
        "Alias": last[:8].lower(),
        "UserType": "Standard",
        "TimeZoneSidKey": "America/New_York",
        "LocaleSidKey": "en_US",
        "LanguageLocaleKey": "en_US",
        "DefaultCurrencyIsoCode": org.settings.currency,
    }
    person = {"Username": username, "FirstName": first, "LastName": last, "Name": name}
    row = org.add("User", **{**common, **values}, **person, IsActive=active, ProfileId=owned["ProfileId"])
    org.add("PermissionSetAssignment", AssigneeId=row["Id"], PermissionSetId=owned["Id"], IsActive=True)
    org.logins.add(row["Id"], username)
    return row


def add_record_type(org: Org, entity: str, name: str) -> str:
    """A record type, and with the first one the field that objects without record types do not have."""
    if "RecordTypeId" not in org.objects[entity].fields:
        org.add_field(entity, parse_field("RecordTypeId reference(RecordType)"))
    developer_name = name.replace(" ", "_")
    row = org.add("RecordType", Name=name, DeveloperName=developer_name, SobjectType=entity, IsActive=True)
    return str(row["Id"])


def add_custom_field(org: Org, entity: str, text: str) -> None:
    """A custom field of the customer's own, from its text form, that every profile sees and edits."""
    made = parse_field(text)
    org.add_field(entity, made)
    for name in PROFILES:
        org.grant(profile_set(org, name), entity, made.name)
