"""Pulling and keeping 50,000 deals with three histories, beside httpx and json reading them and dropping them."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Self

import httpx

from connectors.shared.client.http_session import Wire
from tests.benches.measure import Row, peak_mb, took
from tests.benches.portal import NAME, served
from worker.usecases.steps import pull_only

if TYPE_CHECKING:
    from tests.benches.portal import Server

DEALS = "/crm/v3/objects/deals"
HISTORIES = ("dealstage", "closedate", "amount")
PROPERTIES = (
    "dealname", "pipeline", "dealstage", "amount", "closedate", "createdate", "hubspot_owner_id", "hs_next_step",
    "deal_currency_code", "hs_is_closed", "hs_is_closed_won", "hs_lastmodifieddate", "notes_last_updated", "dealtype",
)  # fmt: skip


def run(share: float, *, times: int, folder: str) -> list[Row]:
    """Turn and turn about, so that both meet the same server in the same mood; activities are left out of both."""
    deals = int(50_000 * share)
    with served(deals) as server:
        pulls, bares, read, records, calls = [], [], 0, 0, 0
        for _ in range(times):
            with TemporaryDirectory(dir=folder) as one, took() as pulled:
                services = server.services(Path(one))
                with counted() as heard:
                    records = pull_only(services, NAME).records
                calls = heard.count(DEALS)
                services.store.close()
            with took() as bare:
                read = thrown_away(server)
            pulls.append(pulled)
            bares.append(bare)
    ratio = median(p.wall for p in pulls) / median(b.wall for b in bares)
    pull, bare = (sorted(all_, key=lambda t: t.wall)[times // 2] for all_ in (pulls, bares))
    most = read // 50 + 10
    return [
        Row(f"httpx and json, {read:,} deals with three histories, median of {times}", f"{bare.wall:.2f} s",
            cpu=bare.cpu),
        Row(f"pull and keep {records:,} records into SQLite, median of {times}", f"{pull.wall:.2f} s", cpu=pull.cpu),
        Row("ratio", f"{ratio:.2f} ×", "< 3 ×", ratio < 3),
        Row("calls for the deals", f"{calls:,}", f"<= {most:,}", calls <= most),
        Row("peak memory of both", f"{peak_mb()} MB", "< 250 MB", peak_mb() < 250),
    ]  # fmt: skip


class counted(list[str]):  # noqa: N801 - used as a block
    """The paths of the calls that our connectors send while the block runs."""

    def __enter__(self) -> Self:
        plain = self._plain = Wire.send

        def listening(wire: Wire, request: Any, **how: Any) -> Any:
            self.append(request.path_url.partition("?")[0])
            return plain(wire, request, **how)

        Wire.send = listening  # type: ignore[method-assign]
        return self

    def __exit__(self, *_: object) -> None:
        Wire.send = self._plain  # type: ignore[method-assign]


def thrown_away(server: Server) -> int:
    """How many deals a plain client lists, 50 a page."""
    asked: dict[str, str] = {"limit": "50", "properties": ",".join(PROPERTIES)}
    asked["propertiesWithHistory"] = ",".join(HISTORIES)
    found, after = 0, ""
    with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {server.token}"}, timeout=60) as client:
        while True:
            reply = client.get(DEALS, params=asked | ({"after": after} if after else {}))
            page = json.loads(reply.content)
            found += len(page["results"])
            if "paging" not in page:
                return found
            after = page["paging"]["next"]["after"]
