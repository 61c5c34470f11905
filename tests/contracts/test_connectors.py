"""What holds for every connector, whatever its CRM: connectors/protocol.py, sentence by sentence.

A new connector adds one house below: a folder or server with three deals, and how a person edits one there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from connectors.tables.connector import TablesConnector
from model.facts import FACTS
from model.records import COLUMNS
from model.sync import OUR_FIELDS, Patch
from tests.connectors.tables.fixtures import ReportFolder
from tests.crm_drivers import CRM_DRIVERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from connectors.protocol import Connector
    from model.sync import Page
    from tests.crm_drivers.driver import CrmDriver

NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
REPORT = "opportunity_id,name,owner,deal_stage,close_date,amount\n{}"
KINDS: dict[str, Callable[[Any], bool]] = {
    "text": lambda value: isinstance(value, str) and value == value.strip() and value != "",
    "yes/no": lambda value: isinstance(value, bool),
    "whole": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "real": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "money": lambda value: isinstance(value, Decimal),
    "date": lambda value: isinstance(value, date) and not isinstance(value, datetime),
    "instant": lambda value: isinstance(value, datetime) and value.utcoffset() == timedelta(),
    "json": lambda value: orjson.loads(orjson.dumps(value)) == value,
}


@dataclass
class House:
    """One CRM with three deals in it; `rename` is what a person does there."""

    crm: Connector
    deals: list[str]
    rename: Callable[[str, str], None]


def crm(kind: str) -> Callable[[Any], Iterator[House]]:
    def made(_) -> Iterator[House]:
        with CRM_DRIVERS[kind]() as driver:
            deals = [driver.deal(f"Deal {n}", amount=100.5 * n, next_step=" ") for n in range(3)]
            driver.contact(deals[0], "Other")
            driver.call(deals[0])
            driver.clock.forward(timedelta(hours=2))
            driver.edit(deals[1], stage=driver.second_stage, amount=7)
            driver.clock.forward(timedelta(minutes=1))
            yield House(driver.connector(), deals, rename(driver))

    made.__name__ = kind
    return made


def rename(driver: CrmDriver) -> Callable[[str, str], None]:
    def renamed(deal: str, name: str) -> None:
        driver.edit(deal, name=name)
        driver.clock.forward(timedelta(minutes=1))

    return renamed


def tables(folder) -> Iterator[House]:
    reports = ReportFolder(folder)
    rows = {f"D{n}": f"Deal {n}" for n in range(3)}

    def text() -> str:
        return REPORT.format("".join(f"{key},{name},Bo,Prospecting,2026-12-31,10.50\n" for key, name in rows.items()))

    def rename(deal: str, name: str) -> None:
        rows[deal] = name
        reports.file("deals.csv", text())

    crm = reports.open(text())
    assert isinstance(crm, TablesConnector)
    yield House(crm, list(rows), rename)


@pytest.fixture(params=[*map(crm, CRM_DRIVERS), tables], ids=lambda make: make.__name__)
def house(request, tmp_path) -> Iterator[House]:
    yield from request.param(tmp_path)


def deals_of(pages: Iterable[Page]) -> dict[str, dict[str, Any]]:
    return {deal["id"]: deal for page in pages for deal in page.records.get("opportunity", ())}


def cursors_of(pages: Iterable[Page]):
    return {page.cursor.stream: page.cursor for page in pages if page.cursor}


def test_it_describes_itself_in_our_words(house: House):
    found = house.crm.describe()
    assert {"name", "stage_name", "is_open", "amount"} <= found.mapped
    assert found.mapped <= set(FACTS)
    assert set(found.writes) == set(OUR_FIELDS)


def test_every_value_has_the_type_of_its_column(house: House):
    for page in house.crm.pull({}, full=True):
        for table, records in page.records.items():
            for record in records:
                assert record["id"]
                for name, value in record.items():
                    assert value is None or KINDS[COLUMNS[table][name]](value), (table, name, value)


def test_all_deals_come_and_a_full_pass_says_which_are_there(house: House):
    pages = list(house.crm.pull({}, full=True))
    present = frozenset().union(*(page.present.get("opportunity", ()) for page in pages))
    assert set(deals_of(pages)) == present == set(house.deals)


def test_a_pull_from_its_own_cursors_brings_nothing_that_differs(house: House):
    first = list(house.crm.pull({}))
    again = deals_of(house.crm.pull(cursors_of(first)))
    assert again == {deal: record for deal, record in deals_of(first).items() if deal in again}


def test_an_edit_is_found_by_the_next_pull(house: House):
    first = list(house.crm.pull({}))
    house.rename(house.deals[1], "Renamed")
    assert deals_of(house.crm.pull(cursors_of(first)))[house.deals[1]]["name"] == "Renamed"


def test_a_deal_read_alone_says_what_the_pull_says(house: House):
    """A column that is left out was not read: history may be a pull's alone."""
    pulled, read = deals_of(house.crm.pull({})), deals_of([house.crm.read(house.deals[:2])])
    assert list(read) == house.deals[:2]
    for deal, record in read.items():
        assert record.items() <= pulled[deal].items()
        assert {"name", "stage_name", "amount", "owner_id", "ours", "unread"} <= record.keys()


def test_an_unknown_deal_has_vanished_and_cannot_be_written(house: House):
    for nobody in (house.deals[0][:-2] + "ZZ", house.deals[0][:-2] + "99"):
        told_as_gone(house, nobody)


def told_as_gone(house: House, nobody: str):
    assert house.crm.read([nobody]).records["opportunity"] == [{"id": nobody, "gone": "vanished"}]
    assert [outcome.kind for outcome in house.crm.push([Patch(nobody, {"score": 1})])] == ["gone"]


def test_what_is_written_is_read_back_and_may_be_sent_again(house: House):
    wanted = {"score": 70, "top_flag": "No touch", "flagged_since": date(2026, 11, 3), "gate": "ready"}
    patches = [Patch(deal, wanted) for deal in reversed(house.deals)]
    for _ in range(2):
        outcomes = house.crm.push(patches)
        assert [(o.id, o.kind) for o in outcomes] == [(deal, "written") for deal in reversed(house.deals)]
    assert house.crm.push([Patch(house.deals[0], {"top_flag": None})])[0].kind == "written"
    own = deals_of([house.crm.read(house.deals)])[house.deals[0]]["ours"]
    assert (own["score"], own["top_flag"], str(own["flagged_since"])) == (70, None, "2026-11-03")


def test_nothing_but_our_fields_is_ever_written(house: House):
    before = deals_of([house.crm.read(house.deals)])
    for name in ("name", "Name", "pause_reason", "amount"):
        try:
            house.crm.push([Patch(house.deals[0], {name: "hijacked"})])
        except ValueError as error:
            assert name in str(error)  # noqa: PT017 - either is right: refused, or left out
    after = deals_of([house.crm.read(house.deals)])
    for deal in house.deals:
        assert {**before[deal], "ours": None} == {**after[deal], "ours": None}
        assert "hijacked" not in str(after[deal])


def test_check_speaks_in_sentences(house: House):
    for remark in house.crm.check(NOW):
        assert remark.level in {"ok", "note", "warning", "missing"}
        assert remark.text.rstrip()[-1] in ".:;)"
