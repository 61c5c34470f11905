"""What was last told of the evidence at stage entry, for the KPIs that rest on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from store import work_tables
from store.codec import instant, json
from store.database import Base

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

table = work_tables.stage_evidence


class Evidence(Base):
    """One answer a connection."""

    def keep_evidence(self, connection: str, as_of: datetime, told: Mapping[str, Any]) -> None:
        """Remember an answer in place of the one before."""
        row = (self.connection_key(connection), instant(as_of), json(dict(told)))
        with self.writing() as sql:
            sql.upsert("stage_evidence", ("connection", "as_of", "told"), [row], ("connection",))

    def evidence(self, connection: str) -> dict[str, Any] | None:
        """The last answer, None where there was none yet."""
        query = sa.select(table.c.told).where(table.c.connection == self.connection_key(connection))
        with self.reading() as sql:
            return sql.tx.execute(query).scalar()
