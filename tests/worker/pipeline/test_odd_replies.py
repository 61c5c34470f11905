"""What was kept of a deal that cannot be read any more, and what an older version kept."""

from __future__ import annotations

import pytest

from tests.worker.governed import NAME


def stored(team, deal):
    with team.services.store.database.reading() as sql:
        return sql.rows("SELECT amount, unread FROM opportunity WHERE id = ?", deal)[0]


def test_a_deal_that_was_set_aside_is_read_again_by_its_id(team):
    deal = team.deal("Acme", amount=500)
    team.run()
    lost = (
        f"INSERT INTO aside (connection, table_name, id, reason, seen_at) VALUES (?, 'opportunity', '{deal}', 'x', 0)"
    )
    database = team.services.store.database
    with database.writing() as sql:
        sql.run(lost, database.connection_key(NAME))
        sql.run("UPDATE opportunity SET amount = NULL")
    team.run()
    assert stored(team, deal)[0] == "500"
    assert team.services.store.mirror.set_aside(NAME) == []


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "1" + "0" * 40])
def test_an_amount_that_an_older_version_kept_breaks_no_later_run(team, amount):
    deal = team.deal("Acme", amount=500)
    team.run()
    team.later(hours=1)
    team.run()  # from here on no run reads the deal again by itself
    before = stored(team, deal)
    assert before in {("500", ""), ("500", ";source;")}  # not every portal has a source
    database = team.services.store.database
    with database.writing() as sql:
        sql.run("UPDATE opportunity SET amount = ?", amount)
    database.downgrade("0050")
    database.upgrade()
    assert team.run().stopped == ""
    assert stored(team, deal) == (None, f";amount{before[1] or ';'}")
