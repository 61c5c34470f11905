"""Moves of close dates, by the local day of the deal's owner."""

from datetime import UTC, date, datetime

import polars as pl

from model.snapshot import DEALS, FIELD_CHANGES, OWNERS, Snapshot
from model.widening.date_moves import date_moves

LATE = datetime(2026, 7, 1, 3, tzinfo=UTC)  # still June in Phoenix


def snapshot(*changes):
    owners = [{"id": "u1", "zone": "America/Phoenix"}, {"id": "u2"}]
    deals = [{"key": 1, "owner_id": "u1"}, {"key": 2, "owner_id": "u2"}]
    return Snapshot(
        as_of=LATE,
        records=pl.DataFrame(deals, schema=DEALS),
        owners=pl.DataFrame(owners, schema=OWNERS),
        field_changes=pl.DataFrame(list(changes), schema=FIELD_CHANGES, orient="row"),
    )


def test_a_move_is_on_the_local_day_of_the_owner_else_of_the_connection():
    first, second = ((key, LATE, "close_date", '"2026-07-31"', '"2026-08-31"') for key in (1, 2))
    found = date_moves(snapshot(first, second), "UTC")
    moved = (date(2026, 7, 31), date(2026, 8, 31))
    assert found.rows() == [(1, date(2026, 6, 30), *moved), (2, date(2026, 7, 1), *moved)]


def test_a_date_that_was_blank_is_null_and_other_fields_are_left_out():
    moves = snapshot((1, LATE, "close_date", None, '"2026-08-31"'), (1, LATE, "amount", '"1"', '"2"'))
    assert date_moves(moves, "UTC").rows() == [(1, date(2026, 6, 30), None, date(2026, 8, 31))]
