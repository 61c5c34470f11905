"""What was kept of a deal that cannot be read any more, and what an older version kept."""

from __future__ import annotations

import copy

import pytest

from model.errors import RetryLater
from sandbox.web import Reply
from store.mirror_tables import STORED
from tests.worker.governed import NAME, with_connector

pytestmark = pytest.mark.every_crm


def stored(team, deal):
    with team.services.store.database.reading() as sql:
        return sql.rows("SELECT amount, unread FROM opportunity WHERE id = ?", deal)[0]


def rows_of(team, table):
    """Every stored row of a table by its id, but for when it was read."""
    columns = ["id", *(f'"{column}"' for column in STORED[table] if column not in {"id", "seen_at"})]
    with team.services.store.database.reading() as sql:
        return {row[0]: row for row in sql.rows(f'SELECT {", ".join(columns)} FROM "{table}"')}


def set_aside(team, table, ids):
    database = team.services.store.database
    with database.writing() as sql:
        rows = [(database.connection_key(NAME), table, one, "odd", 0) for one in ids]
        sql.many("INSERT INTO aside (connection, table_name, id, reason, seen_at) VALUES (?, ?, ?, ?, ?)", rows)


def nameless(deal):
    """A twist: the deal comes without its id."""

    def rows(body):
        for value in body.values() if isinstance(body, dict) else body if isinstance(body, list) else ():
            yield from rows(value)
        if isinstance(body, dict) and deal in {body.get("id"), body.get("Id")} and body.keys() & {"properties", "Name"}:
            yield body

    def twist(_asked, reply):
        body = copy.deepcopy(reply.body)
        for row in rows(body):
            row["id" if "id" in row else "Id"] = None
        return Reply(body, reply.status, reply.headers, reply.kind)

    return twist


@pytest.mark.parametrize("table", ["activity", "contact_role", "stage_change", "field_change", "account", "owner"])
def test_a_record_of_any_table_that_was_set_aside_is_read_again_by_its_id(team, table):
    deal = team.deal("Acme", amount=500)
    team.driver.call(deal)
    team.driver.contact(deal, "Champion")
    team.later(hours=1)
    team.edit(deal, stage=team.driver.second_stage, amount=700)
    team.run()
    team.later(days=1)
    team.run()  # from here on no run reads them again by itself
    before = rows_of(team, table)
    set_aside(team, table, before)
    with team.services.store.database.writing() as sql:
        sql.run(f'DELETE FROM "{table}"')
    team.later(days=1)
    team.run()
    assert rows_of(team, table) == before
    assert team.services.store.mirror.set_aside(NAME) == {}


def test_what_was_set_aside_and_is_gone_by_now_is_forgotten(team):
    gone = {"salesforce": "00T000000000001AAA", "hubspot": "call:999"}[team.driver.kind]
    deal = team.deal("Acme", amount=500)
    team.driver.call(deal)
    team.run()
    set_aside(team, "activity", [gone])
    assert team.run().exit_code == 0
    assert team.services.store.mirror.set_aside(NAME) == {}


class OddById:
    """A door to a CRM that cannot give what was set aside."""

    def __init__(self, door):
        self.door = door

    def __getattr__(self, name):
        return getattr(self.door, name)

    def again(self, _aside):
        raise RetryLater("the reply makes no sense")
        yield


def test_what_cannot_be_read_again_is_reported_and_stops_no_run(team):
    deal = team.deal("Acme", amount=500)
    team.run()
    team.later(hours=1)
    team.run()  # from here on no run reads the deal again by itself
    set_aside(team, "opportunity", [deal])
    team.later(hours=1)
    report = with_connector(team, OddById(team.services.connect(NAME))).run()
    assert (report.exit_code, report.stopped) == (1, "")
    assert [one["reason"] for one in report.aside] == ["it could not be read again: the reply makes no sense"]
    assert team.run().exit_code == 0


def test_a_deal_that_comes_without_its_id_is_not_taken_for_gone_by_a_full_run(team):
    deal = team.deal("Acme", amount=500)
    team.deal("Other", amount=500)
    team.run()
    team.driver.faults.twist = nameless(deal)
    report = team.run(full=True)
    assert [one["table"] for one in report.aside] == ["opportunity"]
    assert team.verdict(deal)["name"] == "Acme"


def test_a_deal_that_cannot_be_read_back_is_written_by_the_next_run(team):
    deal = team.deal("Acme")
    team.driver.fault("drop_after", "push")
    push = team.driver.pushes

    def once_pushed(asked, reply):
        return nameless(deal)(asked, reply) if any(call["path"].endswith(push) for call in team.driver.calls) else reply

    team.driver.faults.twist = once_pushed
    report = team.run()
    assert (report.outcomes["gone"], report.outcomes["retry_later"]) == (0, 1)
    team.driver.faults.twist = None
    team.later(hours=1)
    assert team.run().exit_code == 0
    assert "no-amount" in team.shown(deal)


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
    assert team.services.store.mirror.set_aside(NAME) == {}


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
