"""Who owns deals and who is on them: owners, contact roles, accounts."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from connectors.hubspot.client import convert as to
from connectors.hubspot.client.windows import batch, following, numerical, results
from connectors.shared.client.paging import Paging
from connectors.shared.pull.rows import convert, legible

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
            record = legible(raw, _former if gone else _owner, "id")
            if record is None:
                continue
            records[record["id"]] = record
            user = raw.get("userId") or raw.get("userIdIncludingInactive")
            if user:
                users[str(user)] = record["id"]
    return list(records.values()), users


def _pages(client: Client, *, archived: bool) -> Iterator[dict[str, Any]]:
    ask, after, paging = client.api("crm.owners.owners_api").get_page, "", Paging("owners")
    while True:
        given: dict[str, Any] = {"after": after} if after else {}
        body = client.call(ask, limit=_PAGE, archived=archived, **given)
        found = client.with_ids(results(body, "owners"), "owner", "id")
        yield from found
        after = following(body)
        if not after:
            return
        paging.check(after, len(found))


def _former(raw: Mapping[str, Any]) -> Record:
    """An owner who was deactivated."""
    return _owner(raw) | {"is_active": False}


def _owner(raw: Mapping[str, Any]) -> Record:
    teams = raw.get("teams") or ()
    primary = next((team for team in teams if team.get("primary")), teams[0] if teams else {})
    name = " ".join(part for part in (raw.get("firstName"), raw.get("lastName")) if part)
    return {
        "id": str(raw["id"]),
        "name": to.text(name) or to.text(raw.get("email")),
        "username": to.text(raw.get("email")),
        "is_active": not raw.get("archived"),
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
    found = sorted(links, key=lambda link: (not link.primary, numerical(link.id)))
    return found[0].id if found else None


def accounts(client: Client, ids: list[str]) -> list[Record]:
    """These companies with their names."""
    rows = chain.from_iterable(batch(client, "companies", ids, ["name"]))
    return convert("account", rows, _account, "id")[0]


def _account(row: dict[str, Any]) -> Record:
    return {"id": row["id"], "name": to.text(row["properties"].get("name")), "gone": None}
