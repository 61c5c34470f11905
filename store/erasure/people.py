"""Forgetting a person: every table is searched for the ids and names, and a pseudonym takes their place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson
import sqlalchemy as sa

from store.codec import instant
from store.forgotten import BY_PARTS, ON_RECORD, PEOPLE, REMOVED, marks_of, rows_of
from store.mirror_tables import metadata
from store.pseudonyms import made_key, mark, shred

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from store.database import Database
    from store.fence import Lease
    from store.forgotten import Marks
    from store.sql import Sql

PREFIX: Final = "forgotten-"
"""Every pseudonym of a person begins so."""
UNTOUCHED: Final = frozenset({"forgotten", "lease", "cursor", "job"})
"""Tables without a word about people; a cursor's text is the CRM's own."""
KEEP: Final = ("connection", "kind", "mark", "first", "words", "pseudonym", "at")
OTHERS: Final = {"policy_set": "1 = 1", "connection": "key = {key}"}
"""Tables without a column `connection`, and the rows that are searched. Policy files may be shared by connections."""
ODD: Final = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True)
class Person:
    """A person to be forgotten.

    `ids` and `names` are those that the store knows, `texts` what was given to be found anywhere. `name` is the
    stable text of which the pseudonym is made.
    """

    kind: str
    name: str
    ids: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()


@dataclass(frozen=True)
class People:
    """Owners and contacts that were forgotten."""

    database: Database

    def forget(self, connection: str, person: Person, at: datetime, lease: Lease) -> tuple[str, dict[str, int]]:
        """The pseudonym, and table → number of changed rows. The next pull reads the person as the pseudonym, too."""
        key = self.database.connection_key(connection)
        with self.database.writing(lease) as sql:
            secret = made_key(shred(sql))
            pseudonym = f"{PREFIX}{mark(secret, person.kind, connection, person.name)}"
            rows = rows_of(secret, pseudonym, person.ids, person.texts, person.names)
            sql.upsert("forgotten", KEEP, [(key, *row, instant(at)) for row in rows], ("connection", "kind", "mark"))
            marks = marks_of(sql, key)
            assert marks is not None  # noqa: S101 - rows were just kept
            walk = Walk(sql, key, marks, person)
            changed = {table.name: walk.table(table) for table in metadata.sorted_tables}
            changed["aside"] += walk.drop_aside()
            sql.run("DELETE FROM judging WHERE connection = ?", key)  # the next run judges every deal
        self.database.empty_log()
        return pseudonym, {table: n for table, n in sorted(changed.items()) if n}

    def leads(self, connection: str) -> list[tuple[str, str | None]]:
        """Name and mapped facts, as JSON, of every lead with a name."""
        query = "SELECT name, facts FROM lead WHERE connection = ? AND name IS NOT NULL"
        with self.database.reading() as sql:
            return [(name, facts) for name, facts in sql.rows(query, self.database.connection_key(connection))]

    def marks(self, connection: str) -> Marks | None:
        """What a pull must not bring back; None where nobody was forgotten."""
        with self.database.reading() as sql:
            return marks_of(sql, self.database.connection_key(connection))


@dataclass(frozen=True)
class Walk:
    """One search through the tables of a connection."""

    sql: Sql
    connection: int
    marks: Marks
    person: Person

    def table(self, table: sa.Table) -> int:
        """Replace what names the person; returns the number of changed rows."""
        where = OTHERS.get(table.name, "connection = {key}" if "connection" in table.c else "")
        if not where or table.name in UNTOUCHED:
            return 0
        where, changed = where.format(key=self.connection), set[Any]()
        columns = [column.name for column in table.c if is_text(column) and not column.primary_key]
        keys = [column.name for column in table.primary_key]
        found = self._ids(table, columns, where) if self.person.ids else iter(())
        texts = [column for column in columns if column not in PEOPLE and table.name != "owner"]
        for row in [*found, *self._texts(table, texts, where)]:
            changed |= self._change(table, keys, row)
        return len(changed)

    def drop_aside(self) -> int:
        """Delete records of the person that were set aside: the CRM does not know the pseudonym."""
        known = self.sql.rows("SELECT table_name, id FROM aside WHERE connection = ?", self.connection)
        mine = [(self.connection, table, id_) for table, id_ in known if self.marks.of_parts(f":{id_}") != f":{id_}"]
        self.sql.many("DELETE FROM aside WHERE connection = ? AND table_name = ? AND id = ?", mine)
        return len(mine)

    def _ids(self, table: sa.Table, columns: list[str], where: str) -> Iterator[dict[str, Any]]:
        """Rows with an id of the person in a column of people, in the row's own id, or in JSON."""
        people = [column for column in columns if column in PEOPLE]
        if table.name == "owner" or table.name in BY_PARTS:
            people.append("id")
        for id_ in self.person.ids:
            exact = [f'"{column}" = ?' for column in people if column != "id" or table.name == "owner"]
            like = ["id LIKE ?"] if "id" in people and table.name in BY_PARTS else []
            if exact or like:
                given = [*([id_] * len(exact)), *([f"%:{id_}%"] * len(like))]
                yield from self._rows(table, f"{where} AND ({' OR '.join([*exact, *like])})", given)
        inside = [column for column in columns if column not in PEOPLE and table.name != "owner"]
        if inside:
            yield from self._like(table, inside, [*(f'%"{id_}"%' for id_ in self.person.ids), *self.person.ids], where)

    def _texts(self, table: sa.Table, columns: list[str], where: str) -> Iterator[dict[str, Any]]:
        """Rows in which a name or text may stand: this finds too many, and the marks decide."""
        given = [f"%{ODD.sub('%', text)}%" for text in (*self.person.names, *self.person.texts)]
        if columns and given:
            yield from self._like(table, columns, given, where)

    def _like(
        self, table: sa.Table, columns: list[str], patterns: Sequence[str], where: str
    ) -> Iterator[dict[str, Any]]:
        like = "ILIKE" if self.sql.postgres else "LIKE"
        tests = [f'"{column}" {like} ?' for column in columns for _ in patterns]
        yield from self._rows(table, f"{where} AND ({' OR '.join(tests)})", [*patterns] * len(columns))

    def _rows(self, table: sa.Table, where: str, given: Sequence[str]) -> Iterator[dict[str, Any]]:
        names = [column.name for column in table.c]
        quoted = ", ".join(f'"{name}"' for name in names)
        for row in self.sql.rows(f'SELECT {quoted} FROM "{table.name}" WHERE {where}', *given):
            yield dict(zip(names, row, strict=True))

    def _change(self, table: sa.Table, keys: list[str], row: dict[str, Any]) -> set[Any]:
        """Write a row anew where anything in it changes; returns its old key, as a set of one or none."""
        new = self.marks_row(table.name, row)
        changed = {name: value for name, value in new.items() if value != row[name]}
        if not changed:
            return set()
        put, mine = (", ".join(f'"{n}" = ?' for n in changed), " AND ".join(f'"{n}" = ?' for n in keys))
        old = tuple(row[name] for name in keys)
        self.sql.run(f'UPDATE "{table.name}" SET {put} WHERE {mine}', *changed.values(), *old)
        return {old}

    def marks_row(self, table: str, row: dict[str, Any]) -> dict[str, Any]:
        """The row with pseudonyms."""
        if table == "owner":
            return {**row, **self.marks.record(table, row)}
        new = dict(row)
        for name, value in row.items():
            if not isinstance(value, str):
                continue
            if name in PEOPLE:
                new[name] = self.marks.of_id(value) or value
            elif name == "id" and table in BY_PARTS:
                new[name] = self.marks.of_parts(value)
            elif name not in {"id", "deal", "digest"}:
                under = str(row.get("field", "")) if name in {"before", "after"} else name
                new[name] = self._text(value, under, REMOVED if name in ON_RECORD else "")
        return new

    def _text(self, value: str, key: str, word: str) -> str:
        """A stored text; JSON is searched value by value."""
        if value[:1] in {"{", "[", '"'}:
            try:
                read = orjson.loads(value)
            except orjson.JSONDecodeError:
                return str(self.marks.value(value, key, word))
            new = self.marks.value(read, key, word)
            return value if new == read else orjson.dumps(new).decode()
        return str(self.marks.value(value, key, word))


def is_text(column: sa.Column[Any]) -> bool:
    """Whether a column holds texts, JSON included."""
    stored = getattr(column.type, "impl_instance", column.type)
    return isinstance(stored, sa.String) and type(column.type).__name__ != "Money"
