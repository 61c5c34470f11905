"""Migrations: up and down on both databases, by several processes at once, to exactly the declared tables."""

import subprocess
import sys

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from model.errors import SettingsProblem
from store import Occasion, Store, work_tables
from store.database import HEAD
from store.mirror_tables import metadata
from tests.store.fixtures import NOON


def tables(store):
    with store.database.reading() as sql:
        return set(sa.inspect(sql.tx).get_table_names()) - {"alembic_version"}


def test_migrations_make_the_declared_tables_and_take_them_away_again(store):
    assert tables(store) == set(metadata.tables)
    with store.database.reading() as sql:
        assert compare_metadata(MigrationContext.configure(sql.tx), work_tables.metadata) == []
    store.database.downgrade("0001")
    assert "run" not in tables(store)
    store.database.downgrade()
    assert tables(store) == set()
    store.database.upgrade()
    assert tables(store) == set(metadata.tables)


def test_a_store_from_before_the_schedule_keeps_its_runs_and_takes_jobs(store):
    run = store.runs.start("acme", NOON, "digest", "calibration", "run")
    store.database.downgrade("0063")
    assert "job" not in tables(store)
    store.database.upgrade()
    assert [row["id"] for row in store.runs.latest("acme")] == [run]
    assert store.jobs.begin(Occasion("acme", "incremental", NOON), NOON, 40).attempt == 1


def test_the_ends_of_runs_of_an_older_version_are_states_with_a_reason(store):
    ends = {
        "done": "done", "killed": "killed", "The CRM is away.": "stopped", "fault: the database was away (X)": "fault",
        "ended, but its end could not be noted": "lost",
    }  # fmt: skip
    runs = [store.runs.start("acme", NOON, "", "", "run") for _ in ends]
    store.database.downgrade("0064")
    with store.database.writing() as sql:
        sql.many("UPDATE run SET outcome = ? WHERE id = ?", list(zip(ends, runs, strict=True)))
    store.database.upgrade()
    for run, (outcome, state) in zip(runs, ends.items(), strict=True):
        row = store.runs.get(run)
        assert (row["state"], row["reason"] or row["state"]) == (state, outcome)


def test_the_newest_migration_is_the_one_that_opening_looks_for():
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "store:migrations")
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_processes_that_open_an_empty_store_at_once_take_turns(store):
    store.database.downgrade()
    url = store.database.engine.url.render_as_string(hide_password=False)
    code = f"from store import Store; print(sorted(Store.open({url!r}).mirror.cursors('acme')))"
    children = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) for _ in range(2)]
    assert [child.communicate()[0] for child in children] == [b"[]\n"] * 2
    assert tables(store) == set(metadata.tables)


def test_deals_lie_in_the_order_of_their_key_on_sqlite(tmp_path):
    store = Store.open(f"sqlite:///{tmp_path}/s.db")
    with store.database.reading() as sql:
        made = dict(sql.rows("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
    assert all("WITHOUT ROWID" in made[name] for name in ("stage_change", "activity", "contact_role"))
    store.close()


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite://", "sqlite:///:memory:"])
def test_another_database_is_refused_with_a_sentence(url):
    with pytest.raises(SettingsProblem, match=r"give sqlite:///FILE or postgresql://"):
        Store.open(url)
