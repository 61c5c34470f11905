"""A connection is removed from every table of the schema, whatever tables there will be."""

import pytest
import sqlalchemy as sa

from model.errors import ConnectionBusy, SettingsProblem
from store.mirror_tables import metadata
from tests.store.fixtures import DAY, NOON

OF_CONNECTION = [table for table in metadata.sorted_tables if "connection" in table.c]
OTHERS = {"connection", "policy_set", "secret_key", "removed_connection", "process"}
"""Tables without a column `connection`. A new one belongs here only if a removal empties it, or it names nobody."""


def row_of(table, key, name, number):
    """A row with the connection's name in every text."""
    is_text = {c.name: isinstance(getattr(c.type, "impl_instance", c.type), sa.String) for c in table.c}
    return {column: f"{name}-secret" if text else number for column, text in is_text.items()} | {"connection": key}


def fill(store, name, number):
    """A row of this connection in every table, and policy files that it alone worked by."""
    key = store.database.connection_key(name)
    with store.database.writing() as sql:
        for table in OF_CONNECTION:
            row = row_of(table, key, name, number)
            columns = ", ".join(f'"{column}"' for column in row)
            sql.run(f'INSERT INTO "{table.name}" ({columns}) VALUES ({", ".join("?" * len(row))})', *row.values())
        for digest in (f"{name}-secret", f"kpis:{key}:{name}"):
            sql.run("INSERT INTO policy_set (digest, files, kept_at) VALUES (?, ?, 1)", digest, f"{name}-secret")
        sql.run("UPDATE lease SET held = 0, process = 'host boot 1 1'")


def cells(store, name):
    """Table → every cell with the name in it."""
    with store.database.reading() as sql:
        rows = {t.name: sql.rows(f'SELECT * FROM "{t.name}"') for t in metadata.sorted_tables}
    found = {table: [cell for row in some for cell in row if name in str(cell)] for table, some in rows.items()}
    return {table: some for table, some in found.items() if some}


@pytest.fixture
def filled(store):
    fill(store, "acme", 1)
    fill(store, "other", 2)
    return store


def remove(store, name="acme"):
    return store.removal.remove(name, NOON, store.runs.lease(name, "a removal", NOON, 600))


def test_no_table_has_a_row_of_a_removed_connection_and_no_other_connection_misses_one(filled):
    others, counted, key = cells(filled, "other"), filled.removal.rows("acme"), filled.database.connection_key("acme")
    assert set(counted) == {table.name for table in OF_CONNECTION} | {"policy_set"}
    assert remove(filled) == sum(counted.values())
    assert cells(filled, "acme") == {}
    assert cells(filled, "other") == others
    with filled.database.reading() as sql:
        left = {t.name: sql.rows(f'SELECT * FROM "{t.name}" WHERE connection = ?', key) for t in OF_CONNECTION}
    assert left == {t.name: [] for t in OF_CONNECTION}


def test_each_table_is_of_a_connection_or_known_to_name_none():
    assert {table.name for table in metadata.sorted_tables} - {table.name for table in OF_CONNECTION} == OTHERS


def test_policy_files_that_another_connection_worked_by_stay_until_that_is_removed_too(filled):
    with filled.database.writing() as sql:
        sql.run("UPDATE run SET policy_digest = 'other-secret'")
    remove(filled)
    assert cells(filled, "other-secret")["policy_set"]
    remove(filled, "other")
    with filled.database.reading() as sql:
        assert sql.rows("SELECT * FROM policy_set") == []


def test_a_removed_name_is_refused_until_it_is_allowed_and_begins_with_nothing(filled):
    remove(filled)
    with pytest.raises(SettingsProblem, match="connection resume acme"):
        filled.runs.lease("acme", "a run", NOON)
    assert filled.jobs.first_seen("acme", "incremental", NOON, NOON, ended=False) is False
    assert "acme" not in filled.removal.names()
    filled.removal.allow("acme")
    assert filled.jobs.first_seen("acme", "incremental", NOON, NOON, ended=False) is True
    assert filled.removal.rows("acme") == {"job": 1}


def test_a_process_that_knew_the_connection_writes_no_row_for_it_afterwards(filled, store_url):
    from store import Store

    other = Store.open(store_url)
    assert other.mirror.cursors("acme")
    remove(filled)
    with pytest.raises(SettingsProblem):
        other.runs.lease("acme", "a run", NOON)
    assert other.jobs.all().keys() == {("other", "other-secret")}
    assert other.jobs.first_seen("acme", "incremental", NOON, NOON, ended=False) is False
    other.close()


def test_a_removal_that_lost_its_lease_stops_and_can_be_given_again(filled):
    lease = filled.runs.lease("acme", "a removal", NOON, 1)
    filled.runs.lease("acme", "another", NOON + DAY, 1)
    with pytest.raises(ConnectionBusy):
        filled.removal.remove("acme", NOON, lease)
    filled.removal.remove("acme", NOON, filled.runs.lease("acme", "a removal", NOON + 2 * DAY, 1))
    assert cells(filled, "acme") == {}


def test_a_removed_name_is_nowhere_in_the_file_of_a_sqlite_store(tmp_path):
    from tests.support.stores import empty_store

    store = empty_store(tmp_path / "s.db")
    fill(store, "acme", 1)
    remove(store)
    assert not [path.name for path in tmp_path.iterdir() if b"acme" in path.read_bytes()]
    store.close()
