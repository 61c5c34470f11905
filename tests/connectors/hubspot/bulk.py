"""`python -m tests.connectors.hubspot.bulk --deals 25000`: one bulk edit of all deals, past the search cap.

All deals get one identical timestamp, the search index lags, and the changes are pulled into a store. Prints what
was read and how many calls it took; ends with 1 where a deal was missed or read twice.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.hubspot import Settings
from sandbox.hubspot.events import bulk_edit
from store import Store, TouchRule
from tests.connectors.hubspot.portal import REP, PortalDriver, open_for_business

if TYPE_CHECKING:
    from model.sync import Page

NAME = "acme"


@dataclass(frozen=True)
class BulkPortal:
    """What the pulls after the bulk edit brought."""

    deals: int
    seen_at_once: int
    read: int
    twice: int
    kept: int
    searches: int
    batches: int
    others: int

    @property
    def whole(self) -> bool:
        """Each deal was read, none twice, and the store has what was written."""
        return self.read == self.kept == self.deals and not self.twice


def bulk(deals: int, folder: Path, settings: Settings) -> BulkPortal:
    """Make `deals`, pull them, edit all at one instant, pull while the index lags and again when it has caught up."""
    store = Store.open(f"sqlite:///{folder / 'bulk.db'}")
    with open_for_business(settings) as hub:
        made = {hub.deal(f"Deal {n}") for n in range(deals)}
        hub.later(hours=1)
        _pull(hub, store)
        hub.later(hours=1)
        bulk_edit(hub.portal, REP, {"hs_next_step": "Call"})
        early = _pull(hub, store)
        hub.later(seconds=settings.index_lag + 1)
        before = len(hub.portal.calls)
        counts = Counter(one["id"] for page in _pull(hub, store) for one in page.records.get("opportunity", ()))
        paths = [call["path"] for call in hub.portal.calls[before:]]
        stored = store.history.snapshot(NAME, hub.portal.clock.now(), touch=TouchRule()).deals
    searches = sum(path.endswith("deals/search") for path in paths)
    batches = sum(path.endswith("deals/batch/read") for path in paths)
    return BulkPortal(
        deals=deals,
        seen_at_once=len({one["id"] for page in early for one in page.records.get("opportunity", ())}),
        read=len(made & counts.keys()),
        twice=sum(count > 1 for count in counts.values()),
        kept=stored.filter(stored["next_step"] == "Call").height,
        searches=searches,
        batches=batches,
        others=len(paths) - searches - batches,
    )


def _pull(hub: PortalDriver, store: Store) -> list[Page]:
    """Pages of a pull, each kept with its cursor."""
    now, pages = hub.portal.clock.now, []
    for page in hub.connector().pull(store.mirror.cursors(NAME)):
        store.mirror.keep_page(NAME, page, seen_at=now(), as_of=now())
        pages.append(page)
    return pages


def main() -> int:
    """The full size, from the command line."""
    asked = argparse.ArgumentParser(prog="python -m tests.connectors.hubspot.bulk", description=__doc__)
    asked.add_argument("--deals", type=int, default=25_000)
    asked.add_argument("--lag", type=float, default=45.0, help="seconds that the search index is behind")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="sluicegate-bulk-") as folder:
        found = bulk(given.deals, Path(folder), Settings(index_lag=given.lag))
    sys.stdout.write(
        f"{found.deals} deals changed at one instant; {found.seen_at_once} were read while the index lagged.\n"
        f"Then {found.read} were read, {found.twice} of them twice; the store has the change on {found.kept}.\n"
        f"Calls: {found.searches} searches, {found.batches} batch reads with history, {found.others} others.\n"
    )
    return int(not found.whole)


if __name__ == "__main__":
    sys.exit(main())
