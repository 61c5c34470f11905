"""Records for the tests of the store, with everything a deal needs and nothing else."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa

from model.deal_keys import ALL_DEALS
from model.sync import Page
from store import TouchRule
from store.mirror_tables import metadata

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
NOBODY = TouchRule()


def deal(id_="d1", **changed):
    """An open deal, edited ten days before NOON."""
    return {
        "id": id_, "name": f"Deal {id_}", "pipeline": None, "record_type": None, "deal_type": None, "source": None,
        "stage_name": "Qualify", "is_closed": False, "is_won": False, "amount": Decimal("1250.50"), "currency": "EUR",
        "close_date": date(2026, 12, 1), "probability": 0.2, "forecast_category": "pipeline", "next_step": None,
        "owner_id": "u1", "account_id": "a1", "activity_hint": None, "created": NOON - 30 * DAY,
        "last_edit": NOON - 10 * DAY, "modified": NOON - 10 * DAY, "modified_by": "u1", "facts": {}, "ours": {},
        "unread": [], "gone": None,
    } | changed  # fmt: skip


def edited(at, id_="d1", **changed):
    """The same deal after an edit."""
    return deal(id_, last_edit=at, modified=at, **changed)


def activity(id_="t1", deal_id="d1", **changed):
    """A call that was made the day before NOON."""
    return {
        "id": id_, "opportunity_id": deal_id, "kind": "call", "state": "done", "at": NOON - DAY, "due": None,
        "created": NOON - DAY, "owner_id": "u1", "created_by": "u1", "bulk": False, "possible": False, "gone": None,
        "account_id": None, "contact_id": None,
    } | changed  # fmt: skip


def moved(id_, deal_id, at, stage):
    return {"id": id_, "opportunity_id": deal_id, "at": at, "stage_name": stage, "pipeline": None, "actor_id": "u1"}


def keep(store, at=NOON, *, cursor=None, present=None, whole=None, feeds=(), lease=None, **records):
    """Keep one page of `records` (table = [records])."""
    page = Page(records, cursor=cursor, present=present or {}, whole=whole or {}, feeds=frozenset(feeds))
    return store.mirror.keep_page("acme", page, at, at, lease=lease)


def snapshot(store, at=NOON, touch=NOBODY, keys=ALL_DEALS, claims=()):
    return store.history.snapshot("acme", at, touch=touch, keys=keys, claims=claims)


def rows(store, table, connection="acme", order="id", **where):
    """The rows of a table as plain values: what later screens will read and no command reads today."""
    columns = metadata.tables[table].c
    query = sa.select(metadata.tables[table]).where(columns.connection == store.database.connection_key(connection))
    query = query.where(*(columns[name] == value for name, value in where.items())).order_by(columns[order])
    with store.database.reading() as sql:
        return [dict(row) for row in sql.tx.execute(query).mappings()]


def record(store, id_, connection="acme"):
    """A deal's row."""
    return next(iter(rows(store, "opportunity", connection, id=id_)), None)


def only(frame):
    """The one row of a frame."""
    (row,) = frame.to_dicts()
    return row
