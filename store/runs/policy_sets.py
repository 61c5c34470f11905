"""The text of the policy files that were in force."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from store import work_tables
from store.codec import clean, instant, json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from store.database import Database

policy_sets, runs = work_tables.policy_set, work_tables.run
KPIS = "kpis:"
"""Starts the digest of files that were kept for the KPIs in them; the key of the connection follows."""


@dataclass(frozen=True)
class PolicySets:
    """Policy files by the digest of their set."""

    database: Database

    def keep(self, digest: str, files: Mapping[str, str], at: datetime) -> None:
        """Keep the policy files that are in force from now on; the files of a known digest stay as they are."""
        with self.database.writing() as sql:
            sql.run(
                "INSERT INTO policy_set (digest, files, kept_at) VALUES (?, ?, ?)"
                " ON CONFLICT (digest) DO UPDATE SET kept_at = excluded.kept_at",
                *clean((digest, json(dict(files)), instant(at))),
            )

    def keep_kpis(self, connection: str, digest: str, files: Mapping[str, str], at: datetime) -> None:
        """Keep the files with the KPIs that are in force on a connection from now on."""
        self.keep(f"{self._of_kpis(connection)}{digest}", files, at)

    def _of_kpis(self, connection: str) -> str:
        return f"{KPIS}{self.database.connection_key(connection)}:"

    def files(self, digest: str) -> dict[str, str] | None:
        """The files of a digest by name; None if it is unknown."""
        query = sa.select(policy_sets.c.files).where(policy_sets.c.digest == digest)
        with self.database.reading() as sql:
            return sql.tx.execute(query).scalar()

    def latest(self, connection: str) -> dict[str, str] | None:
        """The files by which a run of this connection last worked, by name; None if there are none.

        Another connection may have accepted newer files that are wrong for this CRM.
        """
        mine = runs.c.connection == self.database.connection_key(connection)
        query = sa.select(policy_sets.c.files).join(runs, runs.c.policy_digest == policy_sets.c.digest).where(mine)
        with self.database.reading() as sql:
            return sql.tx.execute(query.order_by(runs.c.id.desc()).limit(1)).scalar()

    def latest_kpis(self, connection: str) -> dict[str, str] | None:
        """The files whose KPIs were last in force on a connection, by name; None if there are none."""
        mine = policy_sets.c.digest.startswith(self._of_kpis(connection), autoescape=True)
        query = sa.select(policy_sets.c.files).where(mine).order_by(policy_sets.c.kept_at.desc()).limit(1)
        with self.database.reading() as sql:
            return sql.tx.execute(query).scalar()
