"""What is known of a connection at one instant and over many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from model.deal_keys import ALL_DEALS, DealKeys
from model.snapshot import CRM_STAGES, RATES
from model.subjects import LEADS, OPPORTUNITIES
from store.codec import instant, instant_of
from store.history.builder import HistoryBuilder
from store.history.leads import read_leads
from store.history.logged import logged
from store.history.queries import owners, reach, small_table
from store.history.raw import read, read_some
from store.history.snapshot import feeds_of, read_snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import polars as pl

    from model.snapshot import Snapshot
    from model.subjects import Subject
    from model.sync import FieldHistory
    from store.database import Database
    from store.history.builder import UnrecordedChanges
    from store.history.raw import Raw
    from store.history.touches import TouchRule


@dataclass(frozen=True)
class History:
    """The store's reads for judging, measuring and replays."""

    database: Database

    def snapshot(
        self,
        connection: str,
        as_of: datetime,
        *,
        touch: TouchRule,
        keys: DealKeys = ALL_DEALS,
        claims: Sequence[str] = (),
        fields: FieldHistory | None = None,
        subject: Subject = OPPORTUNITIES,
    ) -> Snapshot:
        """What was known and true at `as_of`; `keys`: of which deals.

        `claims`: the facts by which processes claim deals; their changes are given. `fields`: the CRM's field history.
        Records of a `subject` other than deals come all at once.
        """
        with self.database.reading() as sql:
            key = self.database.connection_key(connection)
            if subject is LEADS:
                return read_leads(sql, key, as_of, touch)
            return read_snapshot(sql, key, as_of, touch, keys, claims, fields)

    def logged(self, connection: str, as_of: datetime, touch: TouchRule) -> pl.DataFrame:
        """Every touch that was known and had happened at `as_of`, on a deal or not (LOGGED)."""
        with self.database.reading() as sql:
            return logged(sql, self.database.connection_key(connection), instant(as_of), touch)

    def slices(self, connection: str, size: int) -> list[DealKeys]:
        """Ranges of keys with at most `size` deals each; together they hold every deal."""
        query = (
            "SELECT min(key), max(key) FROM (SELECT key, (row_number() OVER (ORDER BY key) - 1) / ? AS part"
            " FROM opportunity WHERE connection = ? AND first_seen IS NOT NULL) p GROUP BY part ORDER BY 1"
        )
        with self.database.reading() as sql:
            return [
                DealKeys(low, high) for low, high in sql.rows(query, size, self.database.connection_key(connection))
            ]

    def feeds(self, connection: str) -> dict[str, datetime]:
        """When each feed was last read in full."""
        with self.database.reading() as sql:
            return feeds_of(sql, self.database.connection_key(connection))

    def owners(self, connection: str) -> pl.DataFrame:
        """OWNERS of model/snapshot.py: everybody who owns or owned something."""
        with self.database.reading() as sql:
            return owners(sql, self.database.connection_key(connection))

    def shared(self, connection: str, fields: FieldHistory | None) -> dict[str, Any]:
        """What the verdict on any deal may depend on, by name: small tables, feeds, how far history reaches."""
        key = self.database.connection_key(connection)
        with self.database.reading() as sql:
            return {
                "owners": owners(sql, key).rows(),
                "stages": small_table(sql, key, "crm_stage", CRM_STAGES).rows(),
                "rates": small_table(sql, key, "rate", RATES).rows(),
                "feeds": sorted(feeds_of(sql, key)),
                "history": sorted(reach(sql, key, fields).oldest.items()),
            }

    def recorded_since(self, connection: str) -> datetime | None:
        """When the connection's first deal was first seen; None where there is none."""
        with self.database.reading() as sql:
            query = "SELECT min(first_seen) FROM opportunity WHERE connection = ?"
            (found,) = sql.rows(query, self.database.connection_key(connection))[0]
        return None if found is None else instant_of(found)

    def gone_between(self, connection: str, after: datetime, until: datetime) -> int:
        """How many deals that existed at one instant were deleted or merged by a later one."""
        query = (
            "SELECT count(*) FROM opportunity WHERE connection = ? AND first_seen IS NOT NULL AND gone IS NOT NULL"
            " AND (created IS NULL OR created <= ?) AND gone_at > ? AND gone_at <= ?"
        )
        since, to = instant(after), instant(until)
        with self.database.reading() as sql:
            (found,) = sql.rows(query, self.database.connection_key(connection), since, since, to)[0]
        return int(found)

    def recorded(
        self, connection: str, keys: pl.Series, as_of: datetime, *, touch: TouchRule,
        fields: FieldHistory | None = None,
    ) -> Raw:  # fmt: skip
        """Everything recorded of some deals until `as_of`."""
        key = self.database.connection_key(connection)
        with self.database.reading() as sql:
            return read_some(sql, key, instant(as_of), touch, keys, fields)

    def builder(
        self, connection: str, instants: Sequence[datetime], *, touch: TouchRule, unrecorded: UnrecordedChanges,
        keys: DealKeys = ALL_DEALS, fields: FieldHistory | None = None, lean: bool = False,
    ) -> HistoryBuilder:  # fmt: skip
        """Read deals that existed on these days (ascending instants). `lean`: for `logged` only."""
        key, first, last = self.database.connection_key(connection), instant(instants[0]), instant(instants[-1])
        with self.database.reading() as sql:
            raw = read(sql, key, first, last, touch, keys, fields, lean=lean)
            return HistoryBuilder(raw, tuple(instants), unrecorded)
