"""How far a bulk load has come, as its own cursor holds it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

import orjson

from connectors.shared.pull.convert import instant

if TYPE_CHECKING:
    from datetime import datetime

    from model.sync import Cursor

PART: Final = 25_000
"""Rows that one call asks for. A part is held in memory as it came."""


@dataclass(frozen=True)
class Saved:
    """How far a bulk load has come.

    `since`: the instant before the job was made; `query`: a digest of what it was asked; `found`: it was found in the
    org's list, and its columns have not shown yet that it is ours; `locator`: the part that comes next; `most`: rows of
    a part; `done`: every row is kept, and the stream goes on from this instant.
    """

    since: str = ""
    query: str = ""
    job: str = ""
    found: bool = False
    locator: str = ""
    most: int = PART
    failed: int = 0
    done: str = ""

    @classmethod
    def parse(cls, cursor: Cursor | None) -> Saved:
        """From a cursor; nothing begun where there is none."""
        raw = orjson.loads(cursor.text) if cursor else {}
        return cls(**{one.name: raw[one.name] for one in fields(cls) if one.name in raw})

    @property
    def at(self) -> datetime | None:
        """`since`, as an instant."""
        return instant(self.since)
