"""Writing back our properties: batches of at most 100, one outcome a record."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

from connectors.hubspot.client import answers, windows
from connectors.hubspot.client.answers import ABSENT, FIELD, LOCKED, UNSAID, WRITTEN, Result, Sent
from connectors.hubspot.client.client import Client
from connectors.hubspot.client.schema import DEALS, Schema
from connectors.hubspot.push import our_fields
from connectors.hubspot.push.batches import Batches
from connectors.hubspot.settings import HubspotSettings
from connectors.shared.push import write_guard
from connectors.shared.push.push import CrmPush
from model.sync import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connectors.hubspot.client.schema import CrmField
    from model.sync import Patch

BATCH: Final = 100
_LOCK_TRIES: Final = 3
_LOCK_WAIT: Final = 2.0
"""Seconds that HubSpot asks for before a locked record is tried again."""
_UNSAID: Final = Result(UNSAID, "HubSpot's answer leaves the deal out, although it is there and unchanged")


class Push(CrmPush[Client, Schema, HubspotSettings, Result]):
    """Sends batches."""

    most = BATCH

    def _writable(self) -> dict[str, CrmField]:
        return our_fields.writable(self._schema, self._settings)

    def _value(self, value: Any) -> str:
        return text(value)

    def _settle(self, sent: Sent) -> dict[str, Result]:
        """Send; then again without properties that may not be written, what was locked, what the answer left out."""
        batches = Batches(self._client)
        results = batches.send(sent) if sent else {}
        results |= self._without_properties(batches, sent, results)
        results |= self._unlocked(batches, sent, results)
        return results | self._left_out(batches, sent, results)

    def _without_properties(self, batches: Batches, sent: Sent, results: Mapping[str, Result]) -> dict[str, Result]:
        """Describe again and leave out what may no longer be written; a deal without anything left stays refused."""
        failed = {deal: result.names for deal, result in results.items() if result.code in FIELD}
        return batches.send(rest) if (rest := self._still_writable(sent, failed)) else {}

    def _unlocked(self, batches: Batches, sent: Sent, results: Mapping[str, Result]) -> dict[str, Result]:
        """Locked records again, a little later, a few times."""
        again: dict[str, Result] = {}
        for _ in range(_LOCK_TRIES):
            locked = {deal: sent[deal] for deal, result in {**results, **again}.items() if result.code == LOCKED}
            if not locked:
                break
            self._sleep(self._jitter(_LOCK_WAIT, 2 * _LOCK_WAIT))
            again |= batches.send(locked)
        return again

    def _left_out(self, batches: Batches, sent: Sent, results: Mapping[str, Result]) -> dict[str, Result]:
        """Deals that the answer leaves out are read: gone or merged away, written after all, or sent once more."""
        lost = {deal: sent[deal] for deal, result in results.items() if result.code == ABSENT}
        if not lost:
            return {}
        seen = {row["id"]: row["properties"] for row in self._read(lost)}
        written = {deal: WRITTEN for deal in seen if _stands(seen[deal], lost[deal])}
        again = batches.send({deal: lost[deal] for deal in seen if deal not in written})
        return written | {deal: _UNSAID if result.code == ABSENT else result for deal, result in again.items()}

    def _read(self, lost: Sent) -> Iterator[dict[str, Any]]:
        """Those of these deals that are there; deleted and merged ones are not, though a survivor may come."""
        names = sorted({name for body in lost.values() for name in body})
        for rows in windows.batch(self._client, DEALS, list(lost), names):
            yield from (row for row in rows if row["id"] in lost)

    def _outcome(self, patch: Patch, result: Result | None) -> Outcome:
        if result is None:
            why = f"HubSpot refuses it: {write_guard.nothing_left(patch)} (PROPERTY_DOESNT_EXIST)"
            return Outcome(patch.id, "refused", why)
        return Outcome(patch.id, *answers.outcome(result))


def text(value: Any) -> str:
    """A value as HubSpot keeps it; the empty text clears a property."""
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date) else str(value)


def _stands(properties: Mapping[str, Any], body: Mapping[str, str]) -> bool:
    """Whether a deal has what was sent."""
    return all(str(properties.get(name) or "").strip() == value.strip() for name, value in body.items())
