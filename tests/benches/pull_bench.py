"""Pulling and keeping 50,000 deals with history, tasks and events, beside reading the same rows and dropping them."""

from __future__ import annotations

import re
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from connectors.salesforce.client.client import Client
from tests.benches.measure import Row, peak_mb, took
from tests.benches.org import NAME, served
from worker.usecases.steps import pull_only

if TYPE_CHECKING:
    from simple_salesforce.api import Salesforce

    from tests.benches.org import Server

QUERY = re.compile(r"(SELECT .* FROM (\w+)( WHERE .*?)?) ORDER BY")
OBJECTS = ("Opportunity", "OpportunityHistory", "OpportunityFieldHistory", "OpportunityContactRole", "Task", "Event")


def run(share: float, *, times: int, folder: str) -> list[Row]:
    """Turn and turn about, so that both meet the same server in the same mood."""
    deals = int(50_000 * share)
    with served(deals) as server:
        selects = asked(server, folder)
        pulls, bares, counts = [], [], []
        for _ in range(times):
            with TemporaryDirectory(dir=folder) as one, took() as pulled:
                services = server.services(Path(one))
                records = pull_only(services, NAME).records
                services.store.close()
            with took() as bare:
                counts = [thrown_away(server.bare(), select) for select in selects.values()]
            pulls.append(pulled)
            bares.append(bare)
    ratio = median(p.wall for p in pulls) / median(b.wall for b in bares)
    text = ", ".join(f"{n:,} {entity}" for n, entity in zip(counts, selects, strict=True))
    pull, bare = (sorted(all_, key=lambda t: t.wall)[times // 2] for all_ in (pulls, bares))
    return [
        Row(f"bare query_all_iter of {sum(counts):,} rows, median of {times}", f"{bare.wall:.2f} s", cpu=bare.cpu),
        Row(f"pull and keep {records:,} records into SQLite, median of {times}", f"{pull.wall:.2f} s", cpu=pull.cpu),
        Row("ratio", f"{ratio:.2f} ×", "< 2.5 ×", ratio < 2.5),
        Row("peak memory of both", f"{peak_mb()} MB", "< 250 MB", peak_mb() < 250),
        Row(f"  ({text})", ""),
    ]


def asked(server: Server, folder: str) -> dict[str, str]:
    """Each object's query as a pull asks it, heard while one runs."""
    heard: dict[str, str] = {}
    plain = Client.pages

    def listening(self: Client, soql: str, **how: Any) -> Any:
        found = QUERY.match(soql)
        if found and found[2] in OBJECTS:
            heard.setdefault(found[2], found[1])  # the first window is open at both ends
        return plain(self, soql, **how)

    Client.pages = listening  # type: ignore[method-assign]
    try:
        with TemporaryDirectory(dir=folder) as one:
            for _page in server.connector(Path(one)).pull({}):
                if len(heard) == len(OBJECTS):
                    break
    finally:
        Client.pages = plain  # type: ignore[method-assign]
    return heard


def thrown_away(sf: Salesforce, select: str) -> int:
    """Rows of a query, read as simple-salesforce gives them."""
    return sum(1 for _ in sf.query_all_iter(select, include_deleted=True))
