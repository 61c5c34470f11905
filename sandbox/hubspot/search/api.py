"""POST /crm/v3/objects/X/search: filters, one sort, pages by offset, and what the index has seen by now."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Any, Final

import orjson

from sandbox.hubspot.api.call import Call, Reply, whole
from sandbox.hubspot.errors import invalid
from sandbox.hubspot.records.shown import View
from sandbox.hubspot.schema.definitions import Property, kind_of
from sandbox.hubspot.search.filters import sort_key, test_of

if TYPE_CHECKING:
    from sandbox.hubspot.portal import Portal
    from sandbox.hubspot.search.index import Index

PAGE, MOST = 10, 200
GROUPS, FILTERS, ALL_FILTERS, QUERY = 5, 6, 18, 3_000
_TEXTS: Final = {
    "deals": ("dealname", "pipeline", "dealstage", "description", "dealtype"),
    "contacts": ("firstname", "lastname", "email", "phone", "company"),
    "companies": ("name", "domain", "phone"),
}
_ID = "hs_object_id"


def search(call: Call, name: str) -> Reply:
    """A page of what matches; `total` may be more than can be paged through."""
    kind, body, portal = kind_of(name), call.json(), call.portal
    limit = whole("limit", body.get("limit") or PAGE, MOST)
    start = _offset(body.get("after"), limit, portal.settings.search_cap)
    index = portal.indexes[kind]
    index.refresh(portal.shelves[kind], portal.clock.ms())
    ids = _sorted(portal, kind, index, body)
    shown = View(portal, kind, list(body.get("properties") or []))
    rows = portal.shelves[kind].rows
    results = [shown.of(rows[i], index.seen[i]) for i in ids[start : start + limit]]
    answer: dict[str, Any] = {"total": len(ids), "results": results}
    if start + limit < len(ids):
        after = str(start + limit)
        answer["paging"] = {"next": {"after": after, "link": f"?after={after}"}}
    return Reply(answer)


def _offset(after: Any, limit: int, cap: int) -> int:
    if after in (None, ""):
        return 0
    text = str(after)
    if not text.isdigit():
        raise invalid(f"Invalid after: {after}. It must be the offset that the last page gave.")
    if int(text) + limit > cap:
        fault = f"The search cannot page beyond {cap} results: after {text} with a limit of {limit}"
        raise invalid("There was a problem with the request.", errors=[{"message": fault}])
    return int(text)


def _groups(body: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """The filters, group by group; raises the 400 where there are too many."""
    groups = body.get("filterGroups") or ([{"filters": body["filters"]}] if body.get("filters") else [])
    found = [list(group.get("filters") or []) for group in groups]
    if len(found) > GROUPS:
        raise invalid(f"The maximum number of filterGroups is {GROUPS}. Received {len(found)}.")
    if any(len(filters) > FILTERS for filters in found):
        raise invalid(f"The maximum number of filters in a filterGroup is {FILTERS}.")
    if sum(map(len, found)) > ALL_FILTERS:
        raise invalid(f"The maximum number of filters in a search is {ALL_FILTERS}.")
    return found


def _sorted(portal: Portal, kind: str, index: Index, body: dict[str, Any]) -> list[int]:
    query = str(body.get("query") or "")
    if len(query) > QUERY:
        raise invalid(f"The query may have {QUERY} characters at most.")
    groups = _groups(body)
    parts = [_matching(portal, kind, index, filters, query) for filters in groups or [[]]]
    ids = parts[0] if len(parts) == 1 else sorted(set().union(*parts))
    name, down = _sort(portal, kind, body.get("sorts") or [])
    if name in {None, _ID}:
        return ids[::-1] if down else ids
    question = orjson.dumps([groups, query, name, down])
    return index.once(question, lambda: _ordered(portal, kind, index, ids, str(name), down=down))


def _sort(portal: Portal, kind: str, sorts: list[Any]) -> tuple[str | None, bool]:
    if len(sorts) > 1:
        raise invalid("Only one sort is supported per request")
    if not sorts:
        return None, False
    one = sorts[0]
    if isinstance(one, str):
        one = {"propertyName": one.lstrip("-"), "direction": "DESCENDING" if one.startswith("-") else "ASCENDING"}
    _known(portal, kind, one.get("propertyName"))
    if one.get("direction", "ASCENDING") not in {"ASCENDING", "DESCENDING"}:
        raise invalid(f"Invalid sort direction {one['direction']}")
    return str(one["propertyName"]), one.get("direction") == "DESCENDING"


def _known(portal: Portal, kind: str, name: Any) -> Property:
    found = portal.active(kind, str(name))
    if found is None:
        raise invalid(f"There was a problem with the request. Property {name} does not exist")
    return found


def _ordered(portal: Portal, kind: str, index: Index, ids: list[int], name: str, *, down: bool) -> list[int]:
    """By value, then by id; what has no value comes last."""
    key = sort_key(_known(portal, kind, name))
    valued = [i for i in ids if index.seen[i].get(name)]
    valued.sort(key=lambda i: key(index.seen[i][name]), reverse=down)
    return valued + [i for i in ids if not index.seen[i].get(name)]


def _matching(portal: Portal, kind: str, index: Index, filters: list[dict[str, Any]], query: str) -> list[int]:
    """Sorted ids that pass all filters. Bounds on the id cut a list that is kept between calls."""
    bounds = [f for f in filters if f.get("propertyName") == _ID and f.get("operator") in {"GT", "GTE", "LT", "LTE"}]
    ids = _passing(portal, kind, index, [f for f in filters if f not in bounds], query)
    low, high = 0, len(ids)
    for bound in bounds:
        value, operator = _number(bound.get("value")), bound["operator"]
        place = (bisect_right if operator in {"GT", "LTE"} else bisect_left)(ids, value)
        low, high = (max(low, place), high) if operator in {"GT", "GTE"} else (low, min(high, place))
    return ids[low:high]


def _number(value: Any) -> int:
    if not str(value).isdigit():
        raise invalid(f"{value} is not a valid number for property {_ID}")
    return int(value)


def _passing(portal: Portal, kind: str, index: Index, filters: list[dict[str, Any]], query: str) -> list[int]:
    tests = [(str(f.get("propertyName")), test_of(_known(portal, kind, f.get("propertyName")), f)) for f in filters]
    if not tests and not query:
        return index.ids
    texts, seen = _TEXTS.get(kind, ()), index.seen

    def look() -> list[int]:
        return [
            number
            for number in index.ids
            if all(test(seen[number].get(name, "")) for name, test in tests)
            and (not query or _says(seen[number], texts, query))
        ]

    return index.once(orjson.dumps([filters, query]), look)


def _says(props: dict[str, str], texts: tuple[str, ...], query: str) -> bool:
    words = " ".join(props.get(name, "") for name in texts).lower()
    return all(word in words for word in query.lower().split())
