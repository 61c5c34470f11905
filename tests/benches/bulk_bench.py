"""A first load of 50,000 deals page by page and by query jobs: calls against the least possible, CPU a 100,000 rows."""

from __future__ import annotations

from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from connectors.salesforce.pull.bulk_saved import PART
from tests.benches.measure import Row, peak_mb, took
from tests.benches.org import NAME, served
from tests.benches.pull_bench import OBJECTS
from worker.usecases.steps import pull_only

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.benches.measure import Took
    from tests.benches.org import Server

PAGE = 2_000
PAGED = "OpportunityHistory"
"""What is never read by a job."""
JOB = 4
"""Calls of a job beside its parts: the first page that says how many rows there are, make, look, delete."""
NEVER = 1_000_000_000


def run(share: float, *, times: int, folder: str) -> list[Row]:
    """Turn and turn about, so that both meet the same server in the same mood."""
    with served(int(50_000 * share)) as server:
        rows = counts(server)
        found = {above: [load(server, folder, above) for _ in range(times)] for above in (NEVER, 0)}
    by_pages = sum(max(1, ceil(n / PAGE)) for n in rows.values())
    by_jobs = sum(
        max(1, ceil(n / PAGE)) if name == PAGED else JOB + ceil(n / PART) if n else 1 for name, n in rows.items()
    )
    total = sum(rows.values())
    ratio = least(took for took, _ in found[0]) / least(took for took, _ in found[NEVER])
    return [
        *report("page by page", found[NEVER], by_pages, total),
        *report("by query jobs", found[0], by_jobs, total),
        Row("CPU by query jobs, of that page by page", f"{ratio:.2f} ×", "< 1.3 ×", ratio < 1.3),
        Row("peak memory of both", f"{peak_mb()} MB", "< 250 MB", peak_mb() < 250),
        Row(f"  ({', '.join(f'{n:,} {name}' for name, n in rows.items())})", ""),
    ]


def counts(server: Server) -> dict[str, int]:
    """The rows of each large object."""
    sf = server.bare()
    where = {"Task": " WHERE What.Type = 'Opportunity'", "Event": " WHERE What.Type = 'Opportunity'"}
    return {
        name: sf.query(f"SELECT COUNT() FROM {name}{where.get(name, '')}", include_deleted=True)["totalSize"]
        for name in OBJECTS
    }


def load(server: Server, folder: str, above: int) -> tuple[Took, int]:
    """One load into a store of its own: seconds and calls."""
    with TemporaryDirectory(dir=folder) as one, took() as loaded:
        services = server.services(Path(one), bulk_above=above)
        pull_only(services, NAME)
        services.store.close()
    return loaded, services.connect(NAME).calls


def least(all_: Iterable[Took]) -> float:
    return min(one.cpu for one in all_)


def report(how: str, found: list[tuple[Took, int]], fewest: int, rows: int) -> list[Row]:
    """Calls and CPU of one way."""
    calls, cpu = found[0][1], least(took for took, _ in found) / rows * 100_000
    return [
        Row(f"{how}: calls for {rows:,} rows and what every pull asks; the rows alone need {fewest}", f"{calls}"),
        Row(f"{how}: CPU seconds a 100,000 rows, the least of {len(found)}", f"{cpu:.2f}"),
    ]
