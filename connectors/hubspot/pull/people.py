"""Who owns deals and who is on them: owners, contact roles, accounts."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from connectors.hubspot.client import convert as to
from connectors.hubspot.client.windows import batch, following, results

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from connectors.hubspot.client.client import Client
    from connectors.hubspot.pull.links import Link
    from connectors.hubspot.settings import HubspotSettings
    from model.records import Record

_PAGE: Final = 100


def owners(client: Client) -> tuple[list[Record], dict[str, str]]:
    """Owners, the deactivated ones too, and user id → owner id: the two ids are never the same."""
    records: dict[str, Record] = {}
    users: dict[str, str] = {}
    for gone in (True, False):
        for raw in _pages(client, archived=gone):
            record = _owner(raw, active=not (gone or raw.get("archived")))
            records[record["id"]] = record
            user = raw.get("userId") or raw.get("userIdIncludingInactive")
            if user:
                users[str(user)] = record["id"]
    return list(records.values()), users


def _pages(client: Client, *, archived: bool) -> Iterator[dict[str, Any]]:
    ask, after = client.api("crm.owners.owners_api").get_page, ""
    while True:
        given: dict[str, Any] = {"after": after} if after else {}
        body = client.call(ask, limit=_PAGE, archived=archived, **given)
        yield from results(body, "owners")
        after = following(body)
        if not after:
            return


def _owner(raw: Mapping[str, Any], *, active: bool) -> Record:
    teams = raw.get("teams") or ()
    primary = next((team for team in teams if team.get("primary")), teams[0] if teams else {})
    name = " ".join(part for part in (raw.get("firstName"), raw.get("lastName")) if part)
    return {
        "id": str(raw["id"]),
        "name": to.text(name) or to.text(raw.get("email")),
        "username": to.text(raw.get("email")),
        "is_active": active,
        "team": to.text(primary.get("name")),
    }


def integrations(settings: HubspotSettings) -> list[Record]:
    """Apps that the settings list by number, as owners; the owner's id identifies their activities."""
    numbers = [listed for listed in settings.integration_users if listed.isdigit()]
    return [{"id": f"integration:{one}", "name": None, "username": one, "is_active": True} for one in numbers]


def roles(found: Mapping[str, list[Link]]) -> list[Record]:
    """Contact roles of deals: one for each own label of a contact, one without role where it has none."""
    records: list[Record] = []
    for deal, links in found.items():
        for link in links:
            for place, label in enumerate(link.labels or (None,)):
                records.append(
                    {
                        "id": f"{deal}:{link.id}:{place}" if place else f"{deal}:{link.id}",
                        "opportunity_id": deal,
                        "contact_id": link.id,
                        "role": to.text(label),
                        "is_primary": link.primary,
                        "created": None,
                        "gone": None,
                    }
                )
    return records


def account_of(links: Iterable[Link]) -> str | None:
    """A deal's primary company, else the first one."""
    found = sorted(links, key=lambda link: (not link.primary, int(link.id)))
    return found[0].id if found else None


def accounts(client: Client, ids: list[str]) -> list[Record]:
    """These companies with their names."""
    rows = chain.from_iterable(batch(client, "companies", ids, ["name"]))
    return [{"id": row["id"], "name": to.text(row["properties"].get("name")), "gone": None} for row in rows]
