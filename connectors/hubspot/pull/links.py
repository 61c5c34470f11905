"""Which records belong together: associations v4, 1,000 a call, with their labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from connectors.hubspot.client.windows import chunks, following, found_of
from connectors.shared.client.paging import Paging
from connectors.shared.pull import plausible
from connectors.shared.pull.plausible import NONSENSE
from model.sync import SetAside

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.hubspot.client.client import Client

MOST: Final = 1000
_PRIMARY: Final = "Primary"


class Link(NamedTuple):
    """The other record; the customer's own labels, and whether HubSpot calls it the primary one."""

    id: str
    labels: tuple[str, ...] = ()
    primary: bool = False


def read(client: Client, kind: str, other: str, ids: list[str]) -> dict[str, list[Link]]:
    """Id → its associated records of type `other`; a record without any is left out, which is no fault."""
    found: dict[str, list[Link]] = {}
    ask = client.api("crm.associations.v4.batch_api").get_page
    for some in chunks(ids, MOST):
        wanted: list[dict[str, str]] = [{"id": one} for one in some]
        paging = Paging(f"associations of {kind} with {other}")
        while wanted:
            body = client.call(ask, kind, other, {"inputs": wanted})
            wanted = []
            for row in client.only_records(found_of(body, f"associations of {kind} with {other}"), kind):
                try:
                    wanted += _take(row, found)
                except NONSENSE as error:
                    client.misfits.append(SetAside(kind, "", f"an association with {other} makes no sense: {error}"))
            paging.check(str(wanted), 1)
    return found


def _take(row: Mapping[str, Any], found: dict[str, list[Link]]) -> list[dict[str, str]]:
    """Note one record's page; what to ask for to get its next one."""
    here = plausible.identifier(row["from"]["id"])
    found.setdefault(here, []).extend([_link(one) for one in row.get("to") or ()])
    after = following(row)
    return [{"id": here, "after": after}] if after else []


def _link(one: Mapping[str, Any]) -> Link:
    types = one.get("associationTypes") or ()
    labels = [str(kind["label"]) for kind in types if kind.get("label")]
    if not labels:
        return Link(plausible.identifier(one["toObjectId"]))
    own = tuple(sorted({label for label in labels if label != _PRIMARY}))
    return Link(plausible.identifier(one["toObjectId"]), own, _PRIMARY in labels)
