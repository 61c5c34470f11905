"""A next step that says nothing of its own deal: several of an owner's deals have it, or it is older than the stage."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.widening.copied_next_steps import SHARED, STEPS, copied, shared
from tests.model.build import at, history, snapshot, wide

TEXT = "Send the offer"


def copied_by_deal(*deals, changes=()):
    """What the fact says of each deal, in order."""
    rows = [{"key": n, "id": f"d{n}", "next_step": TEXT} | deal for n, deal in enumerate(deals, start=1)]
    frame = wide(snapshot(rows, changes or [row for n in range(1, 4) for row in history(n, CREATED)])).frame
    known = pl.col("next_step_copied__known")
    return (
        frame.select(pl.when(known).then("next_step_copied").cast(pl.String).fill_null("unknown")).to_series().to_list()
    )


CREATED = ("2026-10-01T12:00", "Discovery")
MOVED = (CREATED, ("2026-10-20T12:00", "Proposal"))


def test_a_text_on_two_open_deals_of_one_owner_is_copied_on_both():
    assert copied_by_deal({}, {}, {"next_step": "Call Ann"}) == ["true", "true", "false"]


def test_case_and_spaces_make_no_text_of_its_own():
    assert copied_by_deal({}, {"next_step": "  send   THE offer "}) == ["true", "true"]


@pytest.mark.parametrize(
    "other",
    [{"owner_id": "u2"}, {"is_closed": True}, {"next_step": "tbd"}, {"next_step": None}, {"owner_id": None},
     {"unread": ";next_step;"}],
    ids=["another owner", "closed", "filler", "blank", "nobody's", "unread"],
)  # fmt: skip
def test_what_does_not_make_a_copy(other):
    assert copied_by_deal({}, other)[0] == "false"


def test_filler_and_blanks_are_not_copied_but_nothing():
    assert copied_by_deal({"next_step": "tbd"}, {"next_step": " TBD"}, {"next_step": None}) == ["false"] * 3


def test_a_text_brought_along_from_the_stage_before_is_copied_until_it_is_written_anew():
    deal = {"stage_name": "Proposal"}
    moves = history(1, *MOVED)
    assert copied_by_deal(deal | {"next_step_changed": at("2026-10-10")}, changes=moves) == ["true"]
    assert copied_by_deal(deal | {"next_step_changed": at("2026-10-20")}, changes=moves) == ["false"], (
        "on the day of the move"
    )
    assert copied_by_deal(deal | {"next_step_changed": None}, changes=moves) == ["unknown"]
    assert copied_by_deal(deal | {"next_step_changed": None}, deal, changes=moves + history(2, *MOVED)) == [
        "true",
        "true",
    ]


def test_a_text_that_cannot_be_read_is_unknown():
    assert copied_by_deal({"unread": ";next_step;"}) == ["unknown"]


STRETCH = st.tuples(st.integers(0, 3), st.sampled_from(["a", "b", "tbd"]), st.sampled_from(["u1", "u2", None]),
                    st.integers(0, 5), st.integers(1, 4))  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.lists(STRETCH, max_size=12))
def test_many_days_at_once_are_each_day_in_turn(drawn):
    rows, busy = [], {}
    for deal, text, owner, first, length in drawn:
        day = max(first, busy.get(deal, 0))
        busy[deal] = day + length
        rows.append((owner, text, deal, day, day + length))
    written = pl.DataFrame(rows, {"owner_id": pl.String, "next_step": pl.String, **SHARED}, orient="row")
    found = shared(written, ["tbd"])
    assert found.schema == SHARED
    assert found.is_sorted("deal")
    own = {(deal, day) for deal, first, until in found.rows() for day in range(first, until)}
    alone = set()
    for day in range(max(busy.values(), default=0)):
        today = written.filter((pl.col("day") <= day) & (pl.col("until") > day))
        steps = today.select("owner_id", "next_step", key="deal").select(STEPS.names()).drop_nulls()
        alone |= {(deal, day) for deal in copied(steps, ["tbd"])}
    assert own == alone
