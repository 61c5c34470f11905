"""Rows to the JSON of a query reply: flat fields, parents, child lists."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeAlias

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.soql.parse import malformed
from sandbox.salesforce.soql.tree import Call, Path, Query

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.salesforce.records.table import Row
    from sandbox.salesforce.soql.resolve import Scope

Json: TypeAlias = dict[str, Any]
Child: TypeAlias = "Callable[[Query, Row], Json | None]"
_FEW = 200


def shaper(scope: Scope, query: Query, version: str, child: Child) -> Callable[[Row], Json]:
    """A function from row to record; `child` answers a sub-query for one parent row."""
    paths = _expanded(scope, query)
    build = _tree(scope, [p.parts for p in paths], version)
    calls = [_convert(scope, i) for i in query.items if isinstance(i, Call) and i.name in _SCALAR]
    subs = [i for i in query.items if isinstance(i, Query)]
    if not calls and not subs:
        return build

    def record(row: Row) -> Json:
        made = build(row)
        made.update((name, read(row)) for name, read in calls)
        made.update((sub.entity, child(sub, row)) for sub in subs)
        return made

    return record


_SCALAR = frozenset({"convertcurrency", "tolabel", "format"})


def _expanded(scope: Scope, query: Query) -> list[Path]:
    paths: list[Path] = []
    for item in query.items:
        if isinstance(item, Path):
            paths.append(item)
        elif isinstance(item, Call) and item.name == "fields":
            if query.limit is None or query.limit > _FEW:
                raise malformed("The SOQL FIELDS function must have a LIMIT of at most 200")
            paths += [Path((n,)) for n in scope.org.access.fields(scope.user_id, scope.entity)]
    seen = [p.text.lower() for p in paths]
    twice = next((t for t in seen if seen.count(t) > 1), None) if len(set(seen)) < len(seen) else None
    if twice:
        raise malformed(f"duplicate field selected: {twice}")
    return paths


def _tree(scope: Scope, paths: list[tuple[str, ...]], version: str) -> Callable[[Row], Json]:
    """A builder for one level: its flat fields, and a builder for each parent."""
    flat: list[str] = []
    parents: dict[str, list[tuple[str, ...]]] = {}
    for parts in paths:
        found = scope.resolve(Path(parts))
        tail = parts[len(parts) - 1 - len(found.hops) :] if found.hops else parts[-1:]
        if found.hops:
            relation = found.hops[0].relationship or ""
            parents.setdefault(relation, []).append(tail[1:])
        else:
            flat.append(found.field.name)
    head = _flat(scope.entity.name, tuple(flat), version)
    tails = [(name, _parent(scope, name, inner, version)) for name, inner in parents.items()]
    if not tails:
        return head

    def build(row: Row) -> Json:
        made = head(row)
        for name, parent in tails:
            made[name] = parent(row)
        return made

    return build


def _flat(kind: str, names: tuple[str, ...], version: str) -> Callable[[Row], Json]:
    base = f"/services/data/v{version}/sobjects/{kind}/"
    if len(names) < 2:  # noqa: PLR2004 - itemgetter of one name gives no tuple
        return lambda row: {"attributes": {"type": kind, "url": base + row["Id"]}, **{n: row[n] for n in names}}
    columns, get = ("attributes", *names), itemgetter(*names)
    return lambda row: dict(zip(columns, ({"type": kind, "url": base + row["Id"]}, *get(row)), strict=True))


def _parent(scope: Scope, relation: str, paths: list[tuple[str, ...]], version: str) -> Callable[[Row], Json | None]:
    from sandbox.salesforce.soql.resolve import Scope as Inner

    link = scope.entity.parent(relation)
    if link is None:
        raise malformed(f"unknown relationship {relation}")
    if len(link.refers_to) > 1 or link.refers_to[0] not in scope.org.objects:
        return _loose(scope, relation, paths)
    target = scope.org.objects[link.refers_to[0]]
    build = _tree(Inner(scope.org, scope.user_id, target), paths, version)
    table, key = scope.org.tables[target.name], link.name

    def parent(row: Row) -> Json | None:
        found = table.rows.get(row[key] or "")
        return None if found is None else build(found)

    return parent


def _loose(scope: Scope, relation: str, paths: list[tuple[str, ...]]) -> Callable[[Row], Json | None]:
    """A parent that may be of several kinds, or of a kind that this org does not hold."""
    reads = [(parts[-1], scope.resolve(Path((relation, *parts)))) for parts in paths]
    key = reads[0][1].hops[0].name

    def parent(row: Row) -> Json | None:
        if not row[key]:
            return None
        return {"attributes": {"type": "Name", "url": ""}, **{r.field.name: r.read(row) for _, r in reads}}

    return parent


def _convert(scope: Scope, call: Call) -> tuple[str, Callable[[Row], Any]]:
    """`convertCurrency(f)`: into the currency of the calling user."""
    if call.path is None:
        raise malformed(f"{call.name} needs a field")
    found = scope.resolve(call.path)
    name = call.alias or found.field.name
    if call.name != "convertcurrency":
        return name, found.read
    if found.field.type != "currency" or "CurrencyType" not in scope.org.tables:
        raise ApiError("INVALID_FIELD", f"convertCurrency is not allowed on {call.path.text}")
    rates = {c["IsoCode"]: c["ConversionRate"] for c in scope.org.tables["CurrencyType"].alive()}
    own = scope.org.tables["User"].rows[scope.user_id]["DefaultCurrencyIsoCode"]

    def read(row: Row) -> Any:
        value = found.read(row)
        return None if value is None else round(value / rates.get(row["CurrencyIsoCode"], 1) * rates.get(own, 1), 2)

    return name, read
