"""Records at the door: what is kept of one does not depend on those that come with it."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, date, datetime
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.shared.pull.door import checked
from model.records import COLUMNS
from model.sync import Page

COLUMNS_OF_DEALS = {name: kind for name, kind in COLUMNS["opportunity"].items() if name not in ("id", "unread")}
ODD = dict.fromkeys(COLUMNS_OF_DEALS, object()) | {
    "id": "odd",
    "facts": {"size": object()},
    "ours": {"score": object()},
}
VALUES = {
    "text": st.text(max_size=9)
    | st.sampled_from([" edge ", "two\nlines", "half \ud800", "nul \0", "x" * 300])
    | st.just(7),
    "yes/no": st.booleans() | st.just(1),
    "whole": st.integers() | st.floats(),
    "real": st.floats() | st.integers(0, 2),
    "money": st.decimals() | st.decimals(-10, 10, places=2) | st.just(Decimal("1e-21")),
    "date": st.dates() | st.datetimes() | st.just(date(1699, 12, 31)),
    "instant": st.datetimes(timezones=st.just(UTC)) | st.datetimes() | st.just(datetime(4001, 1, 1, tzinfo=UTC)),
    "json": st.dictionaries(
        st.sampled_from("ab"), st.none() | st.text() | st.floats() | st.lists(st.text(), max_size=2)
    ),
}
DEALS = st.fixed_dictionaries(
    {"id": st.sampled_from(["006", "two words", " edge "])},
    optional={name: st.none() | VALUES[kind] for name, kind in COLUMNS_OF_DEALS.items()},
)


@settings(max_examples=60)
@given(DEALS)
def test_a_deal_is_read_the_same_way_beside_one_of_which_nothing_makes_sense(deal):
    alone = checked(Page({"opportunity": [deepcopy(deal)]})).records["opportunity"]
    beside = checked(Page({"opportunity": [deepcopy(deal), deepcopy(ODD)]})).records["opportunity"]
    assert [repr(sorted(record.items())) for record in alone] == [repr(sorted(beside[0].items()))]
