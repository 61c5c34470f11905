"""A visit by the vendor's own client library: our properties on a flagged deal, read back through it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import hubspot

if TYPE_CHECKING:
    from sandbox.hubspot.serving import Running

PREFIX: Final = "sluicegate_"
PAUSE: Final = ("sluicegate_pause_until", "sluicegate_pause_reason")
COUNT: Final = "sluicegate_flag_count"
_TIMEOUT = (5, 30)


def visit(running: Running) -> dict[str, Any]:
    """What the deal with the most flags shows of us, with its owner's mail address and the history of one property."""
    client = hubspot.Client.create(access_token=running.token, host=running.url)
    known = client.crm.properties.core_api.get_all("deals", _request_timeout=_TIMEOUT).results
    own_names = sorted(one.name for one in known if one.name.startswith(PREFIX))
    deal = _most_flagged(client, own_names)
    shown = {
        "dealname": deal.properties["dealname"],
        **{n: deal.properties.get(n) for n in own_names if n not in PAUSE},
    }
    written = client.crm.deals.basic_api.get_by_id(deal.id, properties_with_history=[COUNT], _request_timeout=_TIMEOUT)
    newest = written.properties_with_history[COUNT][0]
    return {
        "id": deal.id,
        "owner": _owner(client, deal.properties.get("hubspot_owner_id")),
        "record": shown,
        "written_by": {"type": newest.source_type, "app": newest.source_id, "value": newest.value},
    }


def _most_flagged(client: Any, own_names: list[str]) -> Any:
    """By search, as a person's view of the records would find it; raises LookupError."""
    asked = {
        "filterGroups": [{"filters": [{"propertyName": COUNT, "operator": "GT", "value": "0"}]}],
        "sorts": [{"propertyName": COUNT, "direction": "DESCENDING"}],
        "properties": ["dealname", "hubspot_owner_id", *own_names],
        "limit": 1,
    }
    found = client.crm.deals.search_api.do_search(asked, _request_timeout=_TIMEOUT).results
    if not found:
        raise LookupError("No deal shows a flag; was anything written, and has the search index seen it?")
    return found[0]


def _owner(client: Any, key: str | None) -> str | None:
    """The mail address of an owner, active or not."""
    for archived in (False, True):
        page = client.crm.owners.owners_api.get_page(archived=archived, limit=500, _request_timeout=_TIMEOUT)
        for owner in page.results:
            if owner.id == key:
                return str(owner.email)
    return None
