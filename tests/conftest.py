"""Fixtures that more than one room uses: a real PostgreSQL, and an empty store on each database."""

import gc
import os

import psycopg
import pytest
from hypothesis import settings

from store import Store
from store.mirror_tables import metadata
from tests.support.postgres import postgres
from tests.support.stores import empty_store

settings.register_profile("same", derandomize=True, database=None, deadline=None, max_examples=40)
settings.register_profile("new", deadline=None)
# every run tries the same 40 cases; HYPOTHESIS_PROFILE=new looks for 100 others
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


def pytest_addoption(parser):
    parser.addoption("--every-crm", action="store_true", help="run the worker's tests on every CRM, not on one each")


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """What collecting makes lives as long as the process, so no garbage collection needs to look at it."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


def pytest_unconfigure():
    """Extension modules report a leak at exit for what stays frozen."""
    gc.unfreeze()


@pytest.fixture(scope="session")
def postgres_server():
    """URL of a running PostgreSQL, its database empty."""
    with postgres() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_store(postgres_server):
    """URL of a database of its own that has our tables."""
    with psycopg.connect(postgres_server, autocommit=True) as admin:
        admin.execute("CREATE DATABASE sluicegate")
    url = postgres_server.replace("/postgres?", "/sluicegate?")
    Store.open(url).close()
    return url


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request, tmp_path):
    """URL of an empty store with its tables made, once for each database."""
    if request.param == "sqlite":
        path = tmp_path / "store.db"
        empty_store(path).close()
        return f"sqlite:///{path}"
    url = request.getfixturevalue("postgres_store")
    with psycopg.connect(url) as emptied:  # much faster than a new database, or than TRUNCATE
        emptied.execute("".join(f"DELETE FROM {table};" for table in metadata.tables))
    return url


@pytest.fixture
def store(store_url):
    opened = Store.open(store_url)
    yield opened
    opened.close()
