"""HubSpot's webhooks: signature v3, and the deals and activities that their events name."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import orjson

from connectors.hubspot.settings import DEFAULT_READS, DEFAULT_WRITES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from connectors.hubspot.connection import HubspotConnection
    from connectors.shared.webhooks import Delivery, Records

SIGNATURE: Final = "x-hubspot-signature-v3"
STAMP: Final = "x-hubspot-request-timestamp"
FRESH: Final = timedelta(minutes=5)
"""An older request may be one that somebody has recorded."""
DEAL: Final = "deal"
KINDS: Final = {
    "deal": DEAL, "0-3": DEAL, "call": "call", "0-48": "call", "email": "mail", "0-49": "mail", "meeting": "meeting",
    "meeting_event": "meeting", "0-47": "meeting", "note": "note", "0-46": "note", "task": "task", "0-27": "task",
}  # fmt: skip
"""HubSpot's name or number of a type → a deal, or our word for an activity."""
_DECODED: Final = {
    "%3a": ":", "%2f": "/", "%3f": "?", "%40": "@", "%21": "!", "%24": "$", "%27": "'", "%28": "(", "%29": ")",
    "%2a": "*", "%2c": ",", "%3b": ";",
}  # fmt: skip
"""What HubSpot signs decoded; everything else it signs as it stands in the address."""
_ENCODED: Final = re.compile("|".join(_DECODED), re.IGNORECASE)
_MOST_DIGITS: Final = 20


class HubspotWebhooks:
    """connectors.shared.webhooks.Webhooks for HubSpot."""

    @staticmethod
    def may_be_signed(headers: Mapping[str, str], now: datetime) -> bool:
        """Whether there is a signature, and an instant within five minutes of now, before or after."""
        stamp = headers.get(STAMP, "")
        if not headers.get(SIGNATURE) or not _is_number(stamp):
            return False
        return abs(now.timestamp() * 1000 - int(stamp)) <= FRESH.total_seconds() * 1000

    @staticmethod
    def is_signed(delivery: Delivery, secret: str) -> bool:
        """Whether the signature is that of method, address, body and instant."""
        uri = _ENCODED.sub(lambda found: _DECODED[found[0].lower()], delivery.uri)
        stamp = delivery.headers.get(STAMP, "")
        signed = b"".join((delivery.method.encode(), uri.encode(), delivery.body, stamp.encode()))
        expected = base64.b64encode(hmac.digest(secret.encode(), signed, hashlib.sha256))
        return hmac.compare_digest(expected, delivery.headers.get(SIGNATURE, "").encode())

    @staticmethod
    def records(delivery: Delivery, connection: HubspotConnection) -> Records:
        """Deals as opportunities and activities by our id for them."""
        ours = {*(connection.writes or DEFAULT_WRITES).values()} - {*DEFAULT_READS.values()}
        try:
            events = orjson.loads(delivery.body)
        except orjson.JSONDecodeError:
            return ()
        listed = events if isinstance(events, list) else [events]
        return {record for one in listed if isinstance(one, dict) and not _by_us(one, ours) for record in _of(one)}


def _by_us(event: Mapping[str, Any], ours: set[str]) -> bool:
    """Whether the app that the event is sent to has made the change, or whether it is about a field that we write."""
    own_app = event.get("changeSource") == "INTEGRATION" and str(event.get("sourceId")) == str(event.get("appId"))
    return own_app or event.get("propertyName") in ours


def _of(event: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The records of an event. Of two that were associated, the deal."""
    name, _, what = str(event.get("subscriptionType", "")).partition(".")
    if what == "associationChange":
        yield from _associated(event)
        return
    kind = KINDS.get(str(event.get("objectTypeId")) if name == "object" else name)
    merged = event.get("mergedObjectIds")
    ids = [event.get(key) for key in ("objectId", "primaryObjectId", "newObjectId")]
    for one in (*ids, *(merged if isinstance(merged, list) else ())):
        if kind and _is_number(str(one)):
            yield ("opportunity", str(one)) if kind == DEAL else ("activity", f"{kind}:{one}")


def _associated(event: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    ends = str(event.get("associationType", "")).casefold().partition("_to_")
    for side, word in (("from", ends[0]), ("to", ends[2])):
        kind, one = KINDS.get(str(event.get(f"{side}ObjectTypeId")), KINDS.get(word)), event.get(f"{side}ObjectId")
        if kind == DEAL and _is_number(str(one)):
            yield "opportunity", str(one)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS
