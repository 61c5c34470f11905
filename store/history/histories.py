"""The store's door to stories."""

from __future__ import annotations

from typing import TYPE_CHECKING

from store.codec import instant, instant_of
from store.database import Base
from store.history.builder import Teller
from store.history.queries import ALL_KEYS
from store.history.raw import read, read_some

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import polars as pl

    from model.sync import FieldHistory
    from store.history.builder import Turns
    from store.history.raw import Raw
    from store.history.touches import TouchRule


class Stories(Base):
    """What a replay reads."""

    def feeds(self, connection: str) -> dict[str, datetime]:
        """When each feed was last read in full."""
        with self.reading() as sql:
            query = "SELECT name, read_at FROM feed WHERE connection = ?"
            return {name: instant_of(at) for name, at in sql.rows(query, self.connection_key(connection))}

    def recorded_since(self, connection: str) -> datetime | None:
        """When the connection's first deal was first seen; None where there is none."""
        with self.reading() as sql:
            query = "SELECT min(first_seen) FROM opportunity WHERE connection = ?"
            (found,) = sql.rows(query, self.connection_key(connection))[0]
        return None if found is None else instant_of(found)

    def recorded(
        self, connection: str, keys: pl.Series, as_of: datetime, *, touch: TouchRule,
        fields: FieldHistory | None = None,
    ) -> Raw:  # fmt: skip
        """Everything recorded of some deals until `as_of`."""
        key = self.connection_key(connection)
        with self.reading() as sql:
            return read_some(sql, key, instant(as_of), touch, keys, fields)

    def teller(
        self, connection: str, instants: Sequence[datetime], *, touch: TouchRule, turns: Turns,
        keys: tuple[int, int] | None = None, fields: FieldHistory | None = None, lean: bool = False,
    ) -> Teller:  # fmt: skip
        """Reads what is known of deals that lived on these days (rising instants); `lean`: for `logged` alone."""
        key, first, last = self.connection_key(connection), instant(instants[0]), instant(instants[-1])
        with self.reading() as sql:
            raw = read(sql, key, first, last, touch, keys or ALL_KEYS, fields, lean=lean)
            return Teller(raw, tuple(instants), turns)
