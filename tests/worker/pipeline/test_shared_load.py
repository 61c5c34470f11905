"""A large first load is read in shares, by whoever is there, and leaves what one reader would have left."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from store import Store
from tests.support.stores import empty_store
from tests.worker.governed import NAME, governed, with_connector
from worker.pipeline.joining.join import join
from worker.pipeline.run import pull_into
from worker.pipeline.running import counted, leased, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.worker.governed import Governed
    from worker.pipeline.report import Report
    from worker.wiring import Services

FEW = 30
TABLES = ("opportunity", "activity", "stage_change", "field_change", "contact_role", "account", "owner", "crm_stage")
OF_THE_STORE = {"key", "connection", "first_seen", "seen_at", "read_at"}


@dataclass
class Reading:
    """A connector that lets something happen at the n-th page of shares."""

    connector: Any
    happens: Callable[[int], None] = lambda _n: None
    read: int = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connector, name)

    @property
    def sharing(self) -> Reading:
        return self

    def plan(self, cursors: Any) -> Any:
        return self.connector.sharing.plan(cursors)

    def split(self, text: str) -> Any:
        return self.connector.sharing.split(text)

    def pages(self, text: str, after: str) -> Iterator[Any]:
        for page in self.connector.sharing.pages(text, after):
            self.happens(self.read)
            self.read += 1
            yield page


@pytest.fixture
def team(tmp_path):
    with governed(tmp_path, "hubspot") as opened:
        opened.seed(30)
        yield opened


def sharing(team: Governed, happens: Callable[[int], None] = lambda _n: None) -> Reading:
    return Reading(team.driver.connector(budget_share=1.0, share_from=FEW), happens)


def mirrored(store: Store) -> dict[str, list[dict[str, Any]]]:
    """What the store keeps of the CRM, without its own keys and stamps."""
    found = {}
    with store.database.reading() as sql:
        for table in TABLES:
            rows = sql.tx.exec_driver_sql(f"SELECT * FROM {table} ORDER BY id").mappings()
            found[table] = [{k: v for k, v in row.items() if k not in OF_THE_STORE} for row in rows]
    return found


def load(services: Services) -> Report:
    """A run that only reads."""
    with (
        leased(services, NAME, services.clock()) as session,
        running(session, "pull") as (_, report),
        counted(session, report),
    ):
        pull_into(session, report, full=False)
    return report


def read_at_once(team: Governed, connector: Any) -> Store:
    """Another store, filled by one reader."""
    store = empty_store(team.services.settings.home / "alone.db")
    load(replace(team.services, store=store, connect=lambda _name: connector))
    return store


def test_shares_leave_what_one_reader_leaves_whoever_reads_them(team):
    helper = sharing(team)
    store = Store.open(f"sqlite:///{team.services.settings.home}/sluicegate.db")
    other = replace(team.services, store=store, connect=lambda _name: helper)
    now = team.driver.clock.now()

    def is_joined(n: int) -> None:
        if n == 1:
            run_id = int(team.services.store.runs.latest(NAME, 1)[0]["id"])
            lease, _ = team.services.store.runs.joinable(run_id, now)
            team.services.store.runs.renew(lease, team.driver.clock.now())
            join(other, NAME, run_id)

    own = sharing(team, is_joined)
    report = load(with_connector(team, own).services)
    assert own.read > 1
    assert helper.read > 1
    assert report.calls == own.calls + helper.calls
    team.driver.clock.set(now)
    alone = read_at_once(team, team.driver.connector(budget_share=1.0))
    assert mirrored(team.services.store) == mirrored(alone)
    store.close()
    alone.close()


def test_a_killed_load_goes_on_where_it_was(team):
    def dies(n: int) -> None:
        if n == 3:
            raise KeyboardInterrupt

    first = sharing(team, dies)
    with pytest.raises(KeyboardInterrupt):
        load(with_connector(team, first).services)
    second, whole = sharing(team), sharing(team)
    load(with_connector(team, second).services)
    alone = read_at_once(team, whole)
    assert 0 < second.read <= whole.read + 1 - first.read
    assert mirrored(team.services.store) == mirrored(alone)
    alone.close()


def test_what_changes_while_shares_are_read_is_read_by_the_next_run(team):
    some = min(team.theirs())

    def is_edited(n: int) -> None:
        if n == 2:
            team.later(minutes=1)
            team.edit(some, amount=4711)

    connector = sharing(team, is_edited)
    load(with_connector(team, connector).services)
    assert connector.read > 2
    team.later(minutes=5)  # HubSpot's search is some moments behind
    load(team.services)
    found = next(row for row in mirrored(team.services.store)["opportunity"] if row["id"] == some)
    assert "4711" in str(found["amount"])


def test_a_small_portal_and_a_later_run_plan_no_shares(team):
    asked = team.driver.connector(budget_share=1.0)
    assert asked.sharing.plan({}) == []
    team.run()
    team.later(hours=1)
    connector = sharing(team)
    before = connector.calls
    assert connector.sharing.plan(team.services.store.mirror.cursors(NAME)) == []
    assert connector.calls == before
