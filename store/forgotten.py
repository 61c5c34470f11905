"""People who were forgotten: their ids and names are known by keyed marks only, and read as a pseudonym.

The marks keep a person from coming back: a pull passes every record through `Marks`. A name is looked for by its words,
without case and with any signs between them. A single word is a whole value or nothing, unless it was given as a text.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from store.pseudonyms import forgotten, key_of, mark

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from model.records import Record
    from model.sync import Page
    from store.sql import Sql

PEOPLE: Final = frozenset({"owner_id", "contact_id", "actor_id", "created_by", "modified_by", "manager_id"})
"""Columns, in any table, that hold the id of a person."""
IN_JSON: Final = ("owner", "manager", "_id", "_by", "was")
"""Keys of JSON objects end in one of these where their value is the id of a person."""
BY_PARTS: Final = frozenset({"contact_role", "activity"})
"""Tables with ids that may be made of several, such as deal:contact."""
PLAIN: Final = frozenset({"id", "opportunity_id", "account_id", "lead_id", "merged_into"})
"""Columns of records that name no person and are no text."""
ON_RECORD: Final = frozenset({"ours", "sent"})
"""Columns with what stands on the CRM's record. Another word there lets the next run write the pseudonym over it."""
REMOVED: Final = "[removed]"
WORD: Final = re.compile(r"\w+")
TEXT, WHOLE, ID = "text", "whole", "id"


@dataclass(frozen=True)
class Term:
    """A text by marks: `first` of its first word, `mark` of all its words. `whole`: it must be the whole value."""

    first: str
    words: int
    mark: str
    pseudonym: str
    whole: bool


def words_of(text: str) -> list[str]:
    """The words of a text, without case."""
    return [word.casefold() for word in WORD.findall(unicodedata.normalize("NFC", text))]


@dataclass(frozen=True)
class Marks:
    """What is known of forgotten people on one connection."""

    key: bytes
    ids: Mapping[str, str]
    terms: tuple[Term, ...]
    _seen: dict[str, str | None] = field(default_factory=dict, compare=False)
    _firsts: dict[str, tuple[Term, ...]] = field(default_factory=dict, compare=False)

    def of_id(self, id_: object) -> str | None:
        """The pseudonym of a person with this id; None if the id is of nobody who was forgotten."""
        if not isinstance(id_, str):
            return None
        if id_ not in self._seen:
            self._seen[id_] = self.ids.get(mark(self.key, ID, id_))
        return self._seen[id_]

    def of_parts(self, id_: str) -> str:
        """An id of several parts, with pseudonyms for people in all but the first."""
        first, *rest = id_.split(":")
        return ":".join([first, *(self.of_id(part) or part for part in rest)])

    def text(self, text: str, word: str = "") -> str:
        """A text with pseudonyms, or with `word`, in the place of names."""
        plain = unicodedata.normalize("NFC", text)
        found = [(hit.start(), hit.end(), hit[0].casefold()) for hit in WORD.finditer(plain)]
        parts, done, n = [], 0, 0
        while n < len(found):
            term = next((t for t in self._of_first(found[n][2]) if self._fits(t, found, n)), None)
            if term is None:
                n += 1
                continue
            parts += [plain[done : found[n][0]], word or term.pseudonym]
            done, n = found[n + term.words - 1][1], n + term.words
        return "".join([*parts, plain[done:]]) if parts else text

    def _of_first(self, word: str) -> tuple[Term, ...]:
        if word not in self._firsts:
            first = mark(self.key, TEXT, word)
            some = [term for term in self.terms if term.first == first]
            self._firsts[word] = tuple(sorted(some, key=lambda term: -term.words))
        return self._firsts[word]

    def _fits(self, term: Term, found: list[tuple[int, int, str]], n: int) -> bool:
        words = [word for _, _, word in found[n : n + term.words]]
        if term.whole and len(found) != term.words:
            return False
        return len(words) == term.words and mark(self.key, TEXT, " ".join(words)) == term.mark

    def value(self, value: Any, key: str = "", word: str = "") -> Any:
        """A JSON value with pseudonyms; `key` is the name under which it stands."""
        if isinstance(value, str):
            known = self.of_id(value) if key.endswith(IN_JSON) else None
            return known or self.text(value, word)
        if isinstance(value, dict):
            return {self.text(name): self.value(one, name, word) for name, one in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(one, key, word) for one in value]
        return value

    def record(self, table: str, record: Record) -> Record:
        """A record of a pull, with pseudonyms."""
        if table == "owner":
            return self._owner(record)
        found = {}
        for name, value in record.items():
            if name in PEOPLE:
                found[name] = self.of_id(value) or value
            elif name == "id" and table in BY_PARTS:
                found[name] = self.of_parts(value)
            elif name in PLAIN:
                found[name] = value
            else:
                key = str(record.get("field", "")) if name in {"before", "after"} else name
                found[name] = self.value(value, key, REMOVED if name in ON_RECORD else "")
        return found

    def _owner(self, record: Record) -> Record:
        """The owner without what names the person; team, region and zone stay, because limits and KPIs need them."""
        manager = self.of_id(record.get("manager_id"))
        record = record | ({"manager_id": manager} if manager else {})
        if known := self.of_id(record["id"]):
            return record | {"id": known, "name": known, "username": None, "start_date": None}
        return record


def marks_of(sql: Sql, connection: int) -> Marks | None:
    """What a pull of a connection must not bring back; None where nobody was forgotten."""
    names = ("kind", "mark", "first", "words", "pseudonym")
    query = f"SELECT {', '.join(names)} FROM {forgotten.name} WHERE connection = ?"
    rows, key = sql.rows(query, connection), key_of(sql)
    if not rows or key is None:
        return None
    ids = {mark: pseudonym for kind, mark, _, _, pseudonym in rows if kind == ID}
    terms = (
        Term(first, words, mark, pseudonym, kind == WHOLE) for kind, mark, first, words, pseudonym in rows if first
    )
    return Marks(key, ids, tuple(terms))


def without_forgotten(sql: Sql, connection: int, page: Page) -> Page:
    """The page with pseudonyms for people who were forgotten."""
    marks = marks_of(sql, connection)
    if marks is None:
        return page
    records = {table: [marks.record(table, one) for one in some] for table, some in page.records.items()}
    aside = tuple(one for one in page.aside if one.table != "owner" or marks.of_id(one.id) is None)
    present = {
        table: frozenset(map(marks.of_parts, ids)) if table in BY_PARTS else ids for table, ids in page.present.items()
    }
    return replace(page, records=records, aside=aside, present=present)


def rows_of(key: bytes, pseudonym: str, ids: Iterable[str], texts: Iterable[str], names: Iterable[str]) -> list[Any]:
    """The rows that keep a person away: of ids, of texts to be found anywhere, and of names."""
    rows: list[tuple[str, str, str | None, int, str]] = [(ID, mark(key, ID, id_), None, 0, pseudonym) for id_ in ids]
    for given, anywhere in (*((text, True) for text in texts), *((name, False) for name in names)):
        if words := words_of(given):
            kind = TEXT if anywhere or len(words) > 1 else WHOLE
            rows.append((kind, mark(key, TEXT, " ".join(words)), mark(key, TEXT, words[0]), len(words), pseudonym))
    return rows
