"""Writing back: batches of at most 100, one outcome a record, only properties of ours."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

from connectors.hubspot.client import answers, windows
from connectors.hubspot.client.answers import ABSENT, FIELD, LOCKED, UNSAID, WRITTEN, Result, Sent
from connectors.hubspot.client.schema import DEALS
from connectors.hubspot.push import our_fields
from connectors.hubspot.push.batches import Batches
from connectors.shared import write_guard
from model.sync import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from connectors.hubspot.client.client import Client
    from connectors.hubspot.client.schema import Schema
    from connectors.hubspot.settings import HubspotSettings
    from model.sync import Patch

BATCH: Final = 100
_LOCK_TRIES: Final = 3
_LOCK_WAIT: Final = 2.0
"""Seconds that HubSpot asks for before a locked record is tried again."""
_UNSAID: Final = Result(UNSAID, "HubSpot's answer leaves the deal out, although it is there and unchanged")


class Push:
    """Sends batches; `jitter(least, most)` spreads the waits before a locked record is tried again."""

    def __init__(
        self,
        client: Client,
        schema: Schema,
        settings: HubspotSettings,
        *,
        sleep: Callable[[float], None],
        jitter: Callable[[float, float], float],
    ) -> None:
        self._client, self._schema, self._settings = client, schema, settings
        self._sleep, self._jitter = sleep, jitter

    def send(self, patches: Sequence[Patch]) -> list[Outcome]:
        """One outcome for each patch, in order; see connectors.protocol. Raises ValueError for what is not ours."""
        write_guard.mind(patches, self._settings.writes, BATCH)
        sent = {patch.id: self._body(patch) for patch in patches}
        results = self._settle({deal: body for deal, body in sent.items() if body})
        return [_outcome(patch, results.get(patch.id)) for patch in patches]

    def _body(self, patch: Patch) -> dict[str, str]:
        """What may be sent of a patch now: properties that exist and may be written."""
        own = our_fields.writable(self._schema, self._settings)
        return {own[name].path: text(value) for name, value in patch.fields.items() if name in own}

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
        if not failed:
            return {}
        self._schema.forget()
        known = {found.path for found in our_fields.writable(self._schema, self._settings).values()}
        sent |= write_guard.without(sent, failed, known)
        return batches.send({deal: sent[deal] for deal in failed if sent[deal]})

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


def text(value: Any) -> str:
    """A value as HubSpot keeps it; the empty text clears a property."""
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date) else str(value)


def _stands(properties: Mapping[str, Any], body: Mapping[str, str]) -> bool:
    """Whether a deal has what was sent."""
    return all(str(properties.get(name) or "").strip() == value.strip() for name, value in body.items())


def _outcome(patch: Patch, result: Result | None) -> Outcome:
    if result is None:
        return Outcome(
            patch.id, "refused", f"HubSpot refuses it: {write_guard.nothing_left(patch)} (PROPERTY_DOESNT_EXIST)"
        )
    return Outcome(patch.id, *answers.outcome(result))
