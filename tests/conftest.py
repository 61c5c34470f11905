"""Fixtures that more than one room uses: a real PostgreSQL, and an empty store on each database."""

import itertools

import psycopg
import pytest

from store import Store
from tests.support.postgres import postgres

NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_server():
    """URL of a running PostgreSQL."""
    with postgres() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_template(postgres_server):
    """Name of a database that has our tables and nothing in them: copying it takes some 30 ms."""
    Store.open(new_database(postgres_server, "sluicegate_template")).close()
    return "sluicegate_template"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory):
    path = tmp_path_factory.mktemp("template") / "store.db"
    Store.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request, tmp_path):
    """URL of an empty store with its tables made, once for each database."""
    if request.param == "sqlite":
        path = tmp_path / "store.db"
        path.write_bytes(request.getfixturevalue("sqlite_template").read_bytes())
        return f"sqlite:///{path}"
    server, template = request.getfixturevalue("postgres_server"), request.getfixturevalue("postgres_template")
    return new_database(server, f"sluicegate_{next(NUMBERS)}", template)


@pytest.fixture
def store(store_url):
    opened = Store.open(store_url)
    yield opened
    opened.close()


def new_database(server, name, template="template0"):
    """URL of a new database on a server."""
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    return server.replace("/postgres?", f"/{name}?")
