"""The list of leads that people read."""

from __future__ import annotations

from typing import Any, Final

import orjson

from model import subjects
from store.codec import instant_of
from store.database import Base
from store.verdicts.explain import flags_of

LIST: Final = """
    SELECT l.key, l.id, l.name, l.company, l.source, l.status, coalesce(u.name, l.owner_id), l.is_converted, l.created
    FROM lead l LEFT JOIN owner u ON u.connection = l.connection AND u.id = l.owner_id
    WHERE l.connection = ? AND l.first_seen IS NOT NULL AND l.gone IS NULL ORDER BY l.key"""
LISTED: Final = ("key", "id", "name", "company", "source", "status", "owner", "is_converted", "created")


class Leads(Base):
    """Leads and what was found of them."""

    def leads(self, connection: str) -> list[dict[str, Any]]:
        """Every lead that is not gone: {key, id, name, company, source, status, owner, is_converted, created, broken,
        unknown}; the last two are the JSON objects of the findings.
        """
        key = self.connection_key(connection)
        with self.reading() as sql:
            found = flags_of(sql, key, subjects.LEADS.table)
            return [_listed(row, found.get(row[0], [])) for row in sql.rows(LIST, key)]


def _listed(row: tuple[Any, ...], found: list[tuple[str, str]]) -> dict[str, Any]:
    lead = dict(zip(LISTED, row, strict=True))
    created = None if lead["created"] is None else instant_of(lead["created"])
    converted = None if lead["is_converted"] is None else bool(lead["is_converted"])
    told = {status: [orjson.loads(flag) for said, flag in found if said == status] for status in ("broken", "unknown")}
    return {**lead, "created": created, "is_converted": converted, **told}
