"""Deals with children that no stamp announces. They are noted until the children were read again, also after a kill."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import orjson

from store.codec import json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from store.mirror.field_changes import Row
    from store.sql import Sql

STREAM: Final = "children"
"""The cursor that holds their ids."""
NOTED: Final = "SELECT text FROM cursor WHERE connection = ? AND stream = ?"


def note(sql: Sql, connection: int, ids: Iterable[str]) -> None:
    """Add deals to those noted, in the transaction of the page that brought them."""
    _keep(sql, connection, _noted(sql, connection).union(ids))


def forget(sql: Sql, connection: int, ids: Iterable[str]) -> None:
    """Take deals away from those noted."""
    _keep(sql, connection, _noted(sql, connection).difference(ids))


def _noted(sql: Sql, connection: int) -> set[str]:
    return {id_ for (text,) in sql.rows(NOTED, connection, STREAM) for id_ in orjson.loads(text)}


def _keep(sql: Sql, connection: int, ids: set[str]) -> None:
    row = (connection, STREAM, json(sorted(ids)))
    sql.upsert("cursor", ("connection", "stream", "text"), [row], ("connection", "stream"))


def feeds_read_at(sql: Sql, connection: int) -> int | None:
    """When the feeds were last read to their end; None before the first time."""
    (oldest,) = sql.rows("SELECT min(read_at) FROM feed WHERE connection = ?", connection)[0]
    return None if oldest is None else int(oldest)


def to_read_again(id_: str, old: Row | None, row: Row, known_since: int | None) -> Iterator[str]:
    """The deal with children that no stamp announces: it came back, has another account, or took in a merged deal.

    A deal that is older than the last reading and was not known then had children that were not read, either.
    """
    if row["gone"] == "merged" and row["merged_into"] and (old is None or old["gone"] != "merged"):
        yield row["merged_into"]
    if row["gone"]:
        return
    if old is None:
        late = known_since is not None and row["created"] is not None and row["created"] < known_since
    else:
        late = bool(old["gone"]) or old["account_id"] != row["account_id"]
    if late:
        yield id_
