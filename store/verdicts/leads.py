"""The list of leads that people read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

from model import subjects
from store.codec import instant_of
from store.sql_parts import OWNERS
from store.verdicts.deal_list import flags_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from store.database import Database

LIST: Final = f"""
    SELECT l.key, l.id, l.name, l.company, l.source, l.status, coalesce(u.name, l.owner_id), l.is_converted, l.created
    FROM lead l LEFT JOIN {OWNERS} u ON u.connection = l.connection AND u.id = l.owner_id
    WHERE l.connection = ? AND l.first_seen IS NOT NULL AND l.gone IS NULL ORDER BY l.key"""
LISTED: Final = ("key", "id", "name", "company", "source", "status", "owner", "is_converted", "created")


@dataclass(frozen=True)
class Leads:
    """Leads and their findings, for people."""

    database: Database

    def all(self, connection: str) -> list[dict[str, Any]]:
        """Every lead that is not gone: {key, id, name, company, source, status, owner, is_converted, created, broken,
        unknown}; the last two are the JSON objects of the findings.
        """
        key = self.database.connection_key(connection)
        with self.database.reading() as sql:
            found = flags_of(sql, key, subjects.LEADS.table)
            return [_listed(row, found.get(row[0], ())) for row in sql.rows(LIST, key)]


def _listed(row: tuple[Any, ...], findings: Iterable[tuple[str, str]]) -> dict[str, Any]:
    lead = dict(zip(LISTED, row, strict=True))
    created = None if lead["created"] is None else instant_of(lead["created"])
    converted = None if lead["is_converted"] is None else bool(lead["is_converted"])
    found: dict[str, list[Any]] = {"broken": [], "unknown": []}
    for status, flag in findings:
        found[status].append(orjson.loads(flag))
    return {**lead, "created": created, "is_converted": converted, **found}
