"""A person is forgotten in every table of the schema, whatever tables there will be, on both databases."""

import pytest
import sqlalchemy as sa

from model.sync import Page, SetAside
from store import Person
from store.forgotten import PEOPLE, Marks, Term, words_of
from store.mirror_tables import metadata
from store.pseudonyms import mark
from tests.store.fixtures import NOON, activity, deal, keep, rows

JANE = Person("contact", "p-1", ("p-1",), ("Jane Doe",), ("jane@buyer.example",))
NOBODY = {"owner", "lease", "cursor", "job", "forgotten", "secret_key", "removed_connection", "process"}
"""Tables in which texts are not searched: owners are known by id, and the others never name anybody."""
OF_RECORDS = {"account_id", "lead_id"}
"""Columns that end like those of people and hold ids of records."""


def is_text(column):
    return isinstance(getattr(column.type, "impl_instance", column.type), sa.String) and not column.primary_key


def fill(store, text, json):
    """A row in every table, with the person's id where people stand, and the person's name in every other text."""
    key = store.database.connection_key("acme")
    with store.database.writing() as sql:
        for table in metadata.sorted_tables:
            if table.name in NOBODY or table.name == "connection":
                continue
            row = {column.name: value_of(column, text, json) for column in table.c}
            row |= {"connection": key} if "connection" in table.c else {}
            columns = ", ".join(f'"{name}"' for name in row)
            sql.run(f'INSERT INTO "{table.name}" ({columns}) VALUES ({", ".join("?" * len(row))})', *row.values())
        sql.run("UPDATE connection SET description = ?, paused = ? WHERE key = ?", json, text, key)


def value_of(column, text, json):
    if column.name in PEOPLE:
        return "p-1"
    if column.name in {"id", "deal"} and is_text(column):
        return "x1"
    if not is_text(column):
        stored = getattr(column.type, "impl_instance", column.type)
        return "x1" if isinstance(stored, sa.String) else 1
    if type(column.type).__name__ == "Money":
        return "1"
    return json if type(column.type).__name__ in {"Json", "Packed"} else text


def named(store):
    """The places where the person stands."""
    with store.database.reading() as sql:
        return {
            f"{table.name}.{column.name}"
            for table in metadata.sorted_tables
            for row in sql.rows(f'SELECT * FROM "{table.name}"')
            for column, cell in zip(table.c, row, strict=True)
            if any(text in str(cell).lower() for text in ("jane", "p-1", "buyer.example")) and column.name != "mark"
        }


@pytest.mark.parametrize("text", ["Ask JANE  DOE (Jane@Buyer.example)", '{"why": "Jane Doe", "owner_id": "p-1"}'])
def test_no_column_of_any_table_names_a_forgotten_person(store, text):
    fill(store, text, '{"$a": ["by Jane Doe"], "moved_by": "p-1", "Jane Doe": {"owner": "p-1"}}')
    tables = {place.split(".")[0] for place in named(store)}
    assert {table.name for table in metadata.sorted_tables if any(map(is_text, table.c))} - NOBODY == tables
    lease = store.runs.lease("acme", "a person", NOON, 600)
    pseudonym, changed = store.people.forget("acme", JANE, NOON, lease)
    assert named(store) == set()
    assert tables == set(changed)
    assert pseudonym.startswith("forgotten-")


def test_each_column_that_looks_like_a_persons_is_known_to_be_one_or_not():
    columns = {column.name for table in metadata.sorted_tables for column in table.c}
    assert {name for name in columns if name.endswith(("_id", "_by"))} - PEOPLE == OF_RECORDS


def test_a_page_brings_a_forgotten_person_back_as_the_pseudonym_and_other_people_as_they_are(store):
    keep(store, opportunity=[deal()], activity=[activity(contact_id="p-1")])
    lease = store.runs.lease("acme", "a person", NOON, 600)
    pseudonym, _ = store.people.forget("acme", JANE, NOON, lease)
    page = {
        "opportunity": [deal(next_step="Meet Jane Doe and Joan Roe", owner_id="p-1", facts={"champion": "jane doe"})],
        "activity": [activity(contact_id="p-1"), activity("t2", contact_id="p-2")],
    }
    store.mirror.keep_page("acme", Page(page, cursor=None, present={}), NOON, NOON)
    (step, owner, facts) = (rows(store, "opportunity")[0][name] for name in ("next_step", "owner_id", "facts"))
    assert (step, owner, facts) == (f"Meet {pseudonym} and Joan Roe", pseudonym, {"champion": pseudonym})
    assert [row["contact_id"] for row in rows(store, "activity")] == [pseudonym, "p-2"]


def test_what_was_set_aside_of_a_forgotten_person_is_not_asked_for_again(store):
    aside = tuple(SetAside("contact_role", id_, "odd") for id_ in ("d1:p-1", "d1:p-2", "p-1"))
    store.mirror.keep_page("acme", Page({}, None, aside), NOON, NOON)
    store.people.forget("acme", JANE, NOON, store.runs.lease("acme", "a person", NOON, 600))
    assert store.mirror.set_aside("acme") == {"contact_role": ["d1:p-2"]}


def test_another_connection_keeps_its_people(store):
    store.mirror.keep_page(
        "other", Page({"opportunity": [deal(next_step="Jane Doe")]}, cursor=None, present={}), NOON, NOON
    )
    store.people.forget("acme", JANE, NOON, store.runs.lease("acme", "a person", NOON, 600))
    assert rows(store, "opportunity", "other")[0]["next_step"] == "Jane Doe"


def test_the_same_person_has_the_same_pseudonym_and_nobody_can_guess_it_without_the_key(store):
    lease = store.runs.lease("acme", "a person", NOON, 600)
    first, _ = store.people.forget("acme", JANE, NOON, lease)
    assert store.people.forget("acme", JANE, NOON, lease)[0] == first
    assert "p-1" not in first


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("Jane Doe", "jane doe called", True),
        ("Jane Doe", "Jane, Doe & Co", True),
        ("Jane Doe", "Mary-Jane Doerr", False),
        ("Zoë Müller", "ZOË MÜLLER", True),
        ("Zoe\u0308 Müller", "Zoë Müller", True),
        ("O'Brien", "an O'Brien deal", True),
        ("Sales", "Sales", True),
        ("Sales", "Sales call", False),
    ],
)
def test_a_name_is_found_by_its_words_and_a_single_word_only_as_a_whole_value(name, text, found):
    key, words = b"k", words_of(name)
    term = Term(mark(key, "text", words[0]), len(words), mark(key, "text", " ".join(words)), "X", len(words) == 1)
    assert ("X" in Marks(key, {}, (term,)).text(text)) is found
