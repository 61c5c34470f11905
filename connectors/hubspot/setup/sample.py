"""Looks that `check` takes at a portal: the newest open deals, who left, and the day's calls."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from connectors.hubspot.client.faults import Refused
from connectors.hubspot.client.schema import DEALS
from connectors.hubspot.client.windows import following, records, results
from connectors.shared.client.paging import Paging

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from connectors.hubspot.client.client import Client
    from connectors.hubspot.client.schema import Schema

PAGE: Final = 200
MOST: Final = 2000
_OWNER: Final = "hubspot_owner_id"
_TWIN: Final = re.compile(r"salesforce_?(opportunity_?)?id|(salesforce|sfdc|sf)_?opp(ortunity)?_?id")
"""Names of properties that hold the id of a Salesforce opportunity, HubSpot's own and people's."""


@dataclass(frozen=True)
class OpenDeals:
    """Open deals, the last changed first; `total`: how many there are, seen or not."""

    rows: tuple[Mapping[str, Any], ...]
    total: int
    twins: tuple[str, ...]

    @property
    def phrase(self) -> str:
        """The deals in words."""
        some = f"the {len(self.rows)} open deals that changed last"
        return some if self.total > len(self.rows) else f"{self.total} open deals"

    def by_owner(self, names: Mapping[str, str]) -> dict[str, int]:
        """Name → how many deals, for the owners in `names` (id → name)."""
        return dict(Counter(names[owner] for row in self.rows if (owner := str(row.get(_OWNER) or "")) in names))

    def linked(self) -> dict[str, int]:
        """Property → how many deals carry another CRM's id in it."""
        found = {name: sum(bool(row.get(name)) for row in self.rows) for name in self.twins}
        return {name: count for name, count in found.items() if count}


def open_deals(client: Client, schema: Schema) -> OpenDeals:
    """At most 2,000 open deals, in ten searches; raises Refused."""
    twins = tuple(name for name in schema.fields() or {} if _TWIN.search(name))
    request = {
        "filterGroups": [{"filters": [{"propertyName": "hs_is_closed", "operator": "EQ", "value": "false"}]}],
        "sorts": [{"propertyName": "hs_lastmodifieddate", "direction": "DESCENDING"}],
    }
    rows, total = newest(client, request, [_OWNER, *twins], MOST)
    return OpenDeals(tuple(rows), total, twins)


def newest(
    client: Client, request: Mapping[str, Any], names: Iterable[str], most: int
) -> tuple[list[dict[str, Any]], int]:
    """Properties of the first `most` deals of a search, and how many it finds in all."""
    rows: list[dict[str, Any]] = []
    total, after = 0, "0"
    for _ in range(0, most, PAGE):
        page = client.search(DEALS, {**request, "properties": list(names), "limit": PAGE, "after": after})
        rows += [row["properties"] for row in records(client, page, DEALS)]
        total, after = int(page.get("total") or 0), following(page)
        if not after:
            break
    return rows, max(total, len(rows))


def former_owners(client: Client) -> dict[str, str]:
    """Owners who were deactivated: id → name; raises Refused."""
    ask = client.api("crm.owners.owners_api").get_page
    found: dict[str, str] = {}
    after, paging = "", Paging("owners")
    while True:
        given: dict[str, Any] = {"after": after} if after else {}
        page = client.call(ask, archived=True, limit=100, **given)
        rows = client.with_ids(results(page, "owners"), "owner", "id")
        found |= {row["id"]: _name(row) for row in rows}
        after = following(page)
        if not after:
            return found
        paging.check(after, len(rows))


def _name(row: Mapping[str, Any]) -> str:
    full = " ".join(part for part in (row.get("firstName"), row.get("lastName")) if part)
    return full or str(row.get("email") or row["id"])


def usage(client: Client) -> tuple[int, int] | None:
    """Calls of all private apps today, and how many they may make; None if HubSpot does not give them."""
    try:
        rows = (client.rest("/account-info/v3/api-usage/daily/private-apps") or {}).get("results") or []
    except Refused:
        return None
    limit = next((row for row in rows if row.get("usageLimit")), None)
    return (int(limit.get("currentUsage") or 0), int(limit["usageLimit"])) if limit else None
