"""Calls are counted by hour and step over 24 hours, by all processes together."""

from datetime import timedelta

from model.sync import Budget, Window
from store import Store
from tests.store.fixtures import DAY, NOON

HOUR = timedelta(hours=1)


def test_the_calls_of_24_hours_are_added_up_over_processes_and_the_end_of_a_day(store, store_url):
    other = Store.open(store_url)
    store.calls.note("acme", NOON - 13 * HOUR, "pull", 5)
    other.calls.note("acme", NOON, "pull", 2)
    other.calls.note("acme", NOON, "push", 1)
    other.close()
    assert store.calls.count("acme", NOON) == 8
    assert [(one.step, one.calls) for one in store.calls.of_day("acme", NOON)] == [
        ("pull", 5),
        ("pull", 2),
        ("push", 1),
    ]
    assert store.calls.count("acme", NOON + 12 * HOUR) == 3
    assert (store.calls.count("other", NOON), store.calls.count("acme", NOON + 2 * DAY)) == (0, 0)


def test_the_crms_limits_are_those_of_the_last_reply(store):
    assert store.calls.limits("acme") is None
    for used in (3, 4):
        store.calls.keep_limits("acme", NOON, Budget(used, 100, windows=(Window("calls in 10 seconds", 95),)))
    assert store.calls.limits("acme").budget == Budget(4, 100, windows=(Window("calls in 10 seconds", 95),))
    assert store.calls.limits("acme").at == NOON


def test_old_counts_are_dropped(store):
    store.calls.note("acme", NOON - 9 * DAY, "pull", 5)
    store.calls.note("acme", NOON, "pull", 5)
    assert store.retention.calls("acme", NOON - 8 * DAY) == 1
    assert store.calls.count("acme", NOON) == 5


def test_a_store_from_before_keeps_the_calls_of_today(store):
    store.database.downgrade("0067")
    with store.database.writing() as sql:
        sql.run("INSERT INTO connection (name) VALUES ('acme')")
        sql.run("INSERT INTO calls (connection, day, used) VALUES (1, ?, 7)", NOON.date().toordinal() - 719_163)
    store.database.upgrade()
    with store.database.reading() as sql:
        assert sql.rows("SELECT step, used FROM calls") == [("check", 7)]
