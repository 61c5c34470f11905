"""Associations as v3 shows and takes them, with records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.hubspot.errors import invalid
from sandbox.hubspot.records import engagements
from sandbox.hubspot.schema.definitions import ENGAGEMENTS, kind_of, single

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.hubspot.api.call import Call
    from sandbox.hubspot.associations.links import LinkType
    from sandbox.hubspot.portal import Portal
    from sandbox.hubspot.records.table import Record

_MOST = 100


def associated(call: Call, kind: str, record: Record, names: list[str]) -> dict[str, Any]:
    """`associations` of a record: an id once for each type that it has; nothing where none was asked for.

    How many are given before the rest comes in pages is a guess.
    """
    found: dict[str, Any] = {}
    for name in names:
        other = kind_of(name)
        results = v3_links(call.portal, kind, record.id, other)
        if results:
            found[other] = {"results": results[:_MOST]} | _more(call, kind, record, other, results)
    return {"associations": found} if found else {}


def _more(call: Call, kind: str, record: Record, other: str, results: list[dict[str, Any]]) -> dict[str, Any]:
    if len(results) <= _MOST:
        return {}
    after = results[_MOST]["id"]
    link = f"{call.asked.base}/crm/v4/objects/{kind}/{record.id}/associations/{other}?after={after}"
    return {"paging": {"next": {"after": after, "link": link}}}


def v3_links(portal: Portal, kind: str, number: int, other: str) -> list[dict[str, Any]]:
    """What of the other type belongs to a record: an id once for each type of association."""
    pairs = portal.links.of(kind, number, other)
    return [
        {"id": str(n), "type": v3_name(portal, kind, other, t)} for n, types in pairs.items() for t in sorted(types)
    ]


def v3_name(portal: Portal, kind: str, other: str, number: int) -> str:
    """How v3 calls a type: `deal_to_company`, and `deal_to_company_unlabeled` where there is a primary one."""
    known = portal.links.type_of(kind, other, number)
    plain = f"{_short(kind)}_to_{_short(other)}"
    if known is None or known.label == "Primary":
        return plain
    if known.label is None:
        has_primary = any(t.label == "Primary" for t in portal.links.types[kind, other])
        return f"{plain}_unlabeled" if has_primary else plain
    return known.name


def _short(kind: str) -> str:
    return "meeting" if kind == "meetings" else single(kind)


def link_new(call: Call, kind: str, given: list[Any]) -> Callable[[Record], None]:
    """What a create call wants to associate, checked; call it with the record once it exists."""
    wanted = [_wanted(call.portal, kind, each) for each in given]

    def put(record: Record) -> None:
        for other, number, types in wanted:
            associate(call.portal, kind, record.id, other, number, types=types)

    return put


def _wanted(portal: Portal, kind: str, given: Any) -> tuple[str, int, list[LinkType]]:
    try:
        target, numbers = given["to"]["id"], [int(t["associationTypeId"]) for t in given["types"]]
    except (KeyError, TypeError, ValueError) as error:
        raise invalid("Invalid input JSON: an association needs `to` with an id, and `types`") from error
    for (one, other), types in portal.links.types.items():
        chosen = [t for t in types if t.number in numbers]
        if one == kind and chosen:
            record = portal.shelves[other].find(target)
            if record is None or record.archived_at is not None:
                raise invalid(f"One or more associations are not valid: {single(other)} {target} does not exist")
            return other, record.id, chosen
    raise invalid(f"One or more association types are not valid: {numbers}")


def associate(portal: Portal, kind: str, a: int, other: str, b: int, *, types: list[LinkType]) -> None:
    """Associate two records; roll-ups and counts follow."""
    portal.links.put(kind, a, other, b, types)
    portal.webhooks.associated(kind, a, other, b, removed=False)
    follow(portal, kind, a, other, b)


def part(portal: Portal, kind: str, a: int, other: str, b: int, *, types: list[LinkType] | None = None) -> None:
    """Part two records; roll-ups and counts follow."""
    portal.links.cut(kind, a, other, b, types)
    portal.webhooks.associated(kind, a, other, b, removed=True)
    follow(portal, kind, a, other, b)


def follow(portal: Portal, kind: str, a: int, other: str, b: int) -> None:
    """What a deal, contact or company shows of its associations."""
    for one, number, two in ((kind, a, other), (other, b, kind)):
        record = portal.shelves[one].rows[number]
        if two in ENGAGEMENTS and one in engagements.PARENTS:
            engagements.roll_up(portal, one, record, portal.clock.ms())
        elif one == "deals" and two in {"contacts", "companies"}:
            count(portal, record)


def count(portal: Portal, deal: Record, at: int | None = None) -> None:
    """A deal's count of contacts and its primary company."""
    contacts = portal.links.of("deals", deal.id, "contacts")
    companies = portal.links.of("deals", deal.id, "companies")
    primary = next((str(n) for n, numbers in companies.items() if 5 in numbers), "")  # noqa: PLR2004 - Primary
    values = {"num_associated_contacts": str(len(contacts)), "hs_primary_associated_company": primary}
    portal.calculate("deals", deal, {n: v for n, v in values.items() if v or deal.props.get(n)}, at)
