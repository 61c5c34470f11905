"""One run per connection at a time: a lease with a fencing number, freed at once where its process is dead."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from model.errors import ConnectionBusy
from store import mirror_tables
from store.codec import instant
from store.database import Base
from store.fence import Lease, assert_held, is_dead, this_process

if TYPE_CHECKING:
    from datetime import datetime

table = mirror_tables.lease


class Leases(Base):
    """Taking, keeping and giving back a connection."""

    def lease(
        self, connection: str, holder: str, now: datetime, seconds: float = 60, process: str | None = None
    ) -> Lease:
        """Take the connection; raises ConnectionBusy while a living holder's time runs."""
        key = self.connection_key(connection)
        until = now + timedelta(seconds=seconds)
        with self.writing() as sql:
            row = sql.tx.execute(sa.select(table).where(table.c.connection == key).with_for_update()).one_or_none()
            if row and row.held and row.until > now and not is_dead(row.process):
                raise ConnectionBusy(
                    f"connection {connection!r} is held by {row.holder} since {row.since:%Y-%m-%d %H:%M:%S} UTC; "
                    f"its lease ends {row.until:%H:%M:%S} unless renewed: wait, or end that run"
                )
            fence = row.fence + 1 if row else 1
            values = (key, fence, holder, process or this_process(), instant(now), instant(until), 1)
            columns = ("connection", "fence", "holder", "process", "since", "until", "held")
            sql.upsert("lease", columns, [values], ["connection"])
            assert_held(sql.tx, Lease(connection, key, fence, holder, until))
        return Lease(connection, key, fence, holder, until)

    def renew(self, lease: Lease, now: datetime, seconds: float = 60) -> Lease:
        """Hold on for `seconds` more; raises ConnectionBusy where it was lost."""
        until = now + timedelta(seconds=seconds)
        with self.writing(lease) as sql:
            sql.tx.execute(sa.update(table).where(table.c.connection == lease.key).values(until=until))
        return replace(lease, until=until)

    def release(self, lease: Lease) -> None:
        """Give it back; nothing happens where it was lost."""
        with self.writing() as sql:
            mine = (table.c.connection == lease.key) & (table.c.fence == lease.fence)
            sql.tx.execute(sa.update(table).where(mine).values(held=False))
