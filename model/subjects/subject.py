"""`Subject`: what a policy may be about, with its records, facts and feeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from model.facts import Fact
    from model.records import ColumnType


@dataclass(frozen=True, eq=False)
class Subject:
    """One kind of record, or some of a kind.

    `table`: where its records are kept; subjects of one table are rows of one wide frame. `one` and `many`: the words
    for its records. `facts`: what its policies may name. `feeds`: those that
    facts need; `records_feed`: that of the records themselves, "" where they are always read. `columns`: those of a
    record, `dates` its instants by the local date made of each. `extra`: columns of the wide frame that are no facts.
    `only`: the yes/no fact that narrows the table to the subject, "" for all of it. `on_record`: processes hold its
    records, and flags go onto them. `judged`: policies about it are. `no_replay`: why a replay leaves its policies out,
    "" where it does not.
    """

    name: str
    table: str
    one: str
    many: str
    columns: Mapping[str, ColumnType]
    facts: Mapping[str, Fact]
    feeds: frozenset[str]
    dates: Mapping[str, str]
    records_feed: str = ""
    extra: tuple[str, ...] = ()
    only: str = ""
    on_record: bool = False
    judged: bool = True
    no_replay: str = ""
