"""`connection check` in sentences: what works, what is missing, what is dormant, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connectors.hubspot.client.faults import Refused
from connectors.hubspot.pull import deals
from connectors.hubspot.push import our_fields
from connectors.hubspot.setup import describe, sample
from connectors.hubspot.setup.fields import SETUP_SCOPE, SYNC_SCOPES
from connectors.shared.setup import remarks
from connectors.shared.setup.remarks import Seen
from model.sync import Remark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from connectors.hubspot.client.client import Client
    from connectors.hubspot.client.schema import Schema
    from connectors.hubspot.settings import HubspotSettings

_TIERS: Final = {
    250_000: "Free or Starter",
    625_000: "Professional",
    650_000: "Professional",
    1_000_000: "Enterprise",
}
"""Calls a day of all private apps → the account's tier."""
_VISITS: Final = "hs_v2_date_entered_current_stage"


def check(client: Client, schema: Schema, settings: HubspotSettings, now: datetime) -> list[Remark]:
    """Everything worth knowing before a run; raises AccessRefused, RetryLater, BudgetSpent."""
    first = [*_login(client, settings, now), *_scopes(client)]
    if not schema.fields():
        return [*first, Remark("missing", schema.no_deals)]
    parts: tuple[Callable[[], Iterator[Remark]], ...] = (
        lambda: _own_fields(schema, settings),
        lambda: _facts(client, schema, settings),
        lambda: _feeds(client, schema, settings),
        lambda: _open_deals(client, schema),
        lambda: _tier(client, schema),
        lambda: _budget(client, settings),
    )
    return [*first, *(remark for part in parts for remark in part())]


def _login(client: Client, settings: HubspotSettings, now: datetime) -> Iterator[Remark]:
    account, flow = client.account, settings.auth.replace("_", " ")
    where = f"portal {account.portal} ({account.zone.key}, {account.currency or 'no currency told'})"
    yield Remark("ok", f"Connected to {where} by {flow}.")
    if not account.described:
        yield Remark(
            "warning",
            f"HubSpot does not describe the account to our app: close dates are read in {account.zone.key}, the "
            "connection's timezone, and amounts without a currency are in the connection's currency.",
        )
    yield from remarks.skew(client.now(), now, "HubSpot")


def _scopes(client: Client) -> Iterator[Remark]:
    try:
        held = set(client.token_info().get("scopes") or ())
    except Refused:
        held = set()
    if not held:
        yield Remark("note", "HubSpot does not say which scopes our token has; what it refuses is told by name.")
        return
    for scope, use in SYNC_SCOPES.items():
        if scope not in held:
            yield Remark("missing", f"Our app lacks the scope {scope}, which {use}; add it and sign in again.")
    if held >= SYNC_SCOPES.keys():
        yield Remark("ok", f"Our app has the {len(SYNC_SCOPES)} scopes that it needs.")
    if SETUP_SCOPE in held:
        yield Remark("note", f"Our app also has {SETUP_SCOPE}, which only provision needs; take it away.")


def _own_fields(schema: Schema, settings: HubspotSettings) -> Iterator[Remark]:
    writable = our_fields.writable(schema, settings)
    seen = {
        name: Seen(field.type, our_fields.rule(name, field).type, name in writable)
        for name, field in our_fields.readable(schema, settings).items()
    }
    yield from remarks.own_fields(settings, seen, "its value is read only in HubSpot, so map another under writes")


def _facts(client: Client, schema: Schema, settings: HubspotSettings) -> Iterator[Remark]:
    read = [*deals.columns(schema, settings, client.account.zone), *deals.mapped_facts(schema, settings)]
    optional = (*deals.OPTIONAL, "activity_hint")
    yield from remarks.fields_of_facts(read, settings.fields, optional, lambda _path: schema.fields() or ())
    yield from remarks.mapped_facts(describe.known_facts(client, schema, settings))


def _feeds(client: Client, schema: Schema, settings: HubspotSettings) -> Iterator[Remark]:
    yield from remarks.feeds(describe.feeds(client, schema, settings), "give our app the scopes named above")


def _open_deals(client: Client, schema: Schema) -> Iterator[Remark]:
    """What a look at the open deals shows: owners who left, and deals that another CRM has, too."""
    try:
        seen = sample.open_deals(client, schema)
        left = sample.former_owners(client)
    except Refused:
        return
    found = seen.by_owner(left)
    if found:
        yield Remark(
            "warning",
            f"{sum(found.values())} of {seen.phrase} belong to deactivated owners: {remarks.few(_counted(found))}. "
            "Give them to somebody: nobody is told of their flags.",
        )
    for name, count in seen.linked().items():
        yield from remarks.twins("a Salesforce opportunity", name, count, seen.phrase)


def _counted(found: dict[str, int]) -> list[str]:
    return [f"{name} ({count})" for name, count in sorted(found.items(), key=lambda one: (-one[1], one[0]))]


def _tier(client: Client, schema: Schema) -> Iterator[Remark]:
    window, allowed = client.window, client.budget().allowed
    tier = _TIERS.get(allowed or 0)
    suffix = f", as {tier} accounts have" if tier else ""
    if window and allowed:
        yield Remark("ok", f"HubSpot takes {window} calls in ten seconds and {allowed} a day{suffix}.")
    elif window:
        yield Remark("ok", f"HubSpot takes {window} calls of our app in ten seconds; of the day it tells nothing.")
    if schema.field(_VISITS) is None:
        yield Remark(
            "note",
            "This account keeps no dates of stages (Professional and above do): the history of the stage is all there "
            "is, and it keeps few versions.",
        )


def _budget(client: Client, settings: HubspotSettings) -> Iterator[Remark]:
    unsaid = "HubSpot does not say how many calls are left today."
    used, allowed = sample.usage(client) or (None, None)
    yield remarks.budget(used, allowed, settings.budget_share, "the account", unsaid)
