"""Members of dimensions as numbers: groups come out as they went in, in the order of their names, blanks last."""

import polars as pl

from kpis.members import GROUP, Members

ROWS = pl.DataFrame({"team": ["x", None, "b", "x"], "is_open": [True, None, False, True], "region": [None] * 4})


def grouped(rows, dims):
    members = Members()
    numbered = rows.hstack(members.numbers(rows, dims))
    found = numbered.lazy().group_by(members.group(dims)).agg(pl.len()).sort(GROUP)
    return members, found.with_columns(members.of(pl.col(GROUP), dims)).collect()


def test_groups_by_a_text_and_a_yes_or_no_come_out_in_order_with_blanks_last():
    _, found = grouped(ROWS, ["is_open", "team"])
    assert found.select("is_open", "team", "len").rows() == [(False, "b", 1), (True, "x", 2), (None, None, 1)]


def test_a_dimension_in_which_all_rows_are_alike_is_known_without_a_query():
    members, _ = grouped(ROWS.cast({"region": pl.String}), ["region", "team"])
    assert members.alike == {"region": None}
