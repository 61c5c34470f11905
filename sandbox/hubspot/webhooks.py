"""Webhooks: what happens in the portal is sent to an address, signed as HubSpot does, up to a hundred events at once.

As with HubSpot, events come late, twice and in any order, and are sent again while the receiver does not answer.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
import threading
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sandbox.hubspot.schema.definitions import ENGAGEMENTS, KINDS, single

if TYPE_CHECKING:
    from sandbox.hubspot.portal import Portal
    from sandbox.hubspot.records.table import Source

MOST: Final = 100
TRIES: Final = 11
ANSWERED: Final = range(200, 300)


@dataclass
class Webhooks:
    """One app's subscriptions: to deals, engagements and associations of deals. Without an address nothing is sent.

    `wait` seconds pass before events are sent, and `again` before they are sent once more. `twice` is the share of
    events that come twice; the order within a list is drawn from `seed`.
    """

    portal: Portal
    url: str = ""
    secret: str = ""
    wait: float = 0.2
    again: float = 2.0
    twice: float = 0.1
    seed: int = 1
    sent: int = 0
    waiting: list[dict[str, Any]] = field(default_factory=list)
    _number: int = 0
    _there: threading.Event = field(default_factory=threading.Event)
    _sender: threading.Thread | None = None

    def subscribe(self, **changes: Any) -> None:
        """Set the address and how events are sent."""
        for name, value in changes.items():
            setattr(self, name, value)
        if self.url and self._sender is None:
            self._sender = threading.Thread(target=self._send_all, name="webhooks", daemon=True)
            self._sender.start()

    def happened(self, what: str, kind: str, number: int, source: Source | None, **more: Any) -> None:
        """Something happened to a record: creation, propertyChange, deletion, merge, restore."""
        if not self.url or (kind != "deals" and kind not in ENGAGEMENTS):
            return
        named = {"subscriptionType": f"object.{what}", "objectTypeId": KINDS[kind][0]}
        named = {"subscriptionType": f"{single(kind)}.{what}"} if kind == "deals" else named
        by = {"changeSource": source.type if source else "CRM", **({"sourceId": source.id} if source else {})}
        self._add({**named, "objectId": number, **by, **more})

    def associated(self, kind: str, a: int, other: str, b: int, *, removed: bool) -> None:
        """Two records were associated or parted; the event is sent where one of them is a deal."""
        if not self.url or "deals" not in {kind, other}:
            return
        ends = {"fromObjectId": a, "toObjectId": b, "associationRemoved": removed, "isPrimaryAssociation": False}
        if kind in ENGAGEMENTS or other in ENGAGEMENTS:
            types = {"fromObjectTypeId": KINDS[kind][0], "toObjectTypeId": KINDS[other][0]}
            self._add({"subscriptionType": "object.associationChange", **types, **ends})
        else:
            named = f"{single(kind)}_to_{single(other)}".upper()
            self._add({"subscriptionType": "deal.associationChange", "associationType": named, **ends})

    def _add(self, event: dict[str, Any]) -> None:
        self._number += 1
        app = self.portal.tokens.sync.app_id
        own = {"eventId": self._number, "subscriptionId": 25, "portalId": self.portal.settings.portal_id, "appId": app}
        self.waiting.append({**own, "occurredAt": self.portal.clock.ms(), "attemptNumber": 0, **event})
        self._there.set()

    def _send_all(self) -> None:
        draw, pause = random.Random(self.seed), threading.Event()  # noqa: S311 - the same order every time
        while self._there.wait():
            pause.wait(self.wait)
            with self.portal.lock:
                self._there.clear()
                events, self.waiting = self.waiting, []
            events += [one for one in events if draw.random() < self.twice]
            draw.shuffle(events)
            lost = [one for at in range(0, len(events), MOST) for one in self._lost(events[at : at + MOST])]
            if lost:
                pause.wait(self.again)
                with self.portal.lock:
                    self.waiting += [{**one, "attemptNumber": one["attemptNumber"] + 1} for one in lost]
                    self._there.set()

    def _lost(self, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Send a list; the events that are to be sent again. Nobody wants them where the subscription has ended."""
        url = self.url
        if not url:
            return []
        body, stamp = json.dumps(events).encode(), str(self.portal.clock.ms())
        headers = {
            "Content-Type": "application/json",
            "X-HubSpot-Request-Timestamp": stamp,
            "X-HubSpot-Signature-v3": signature(self.secret, url, body, stamp),
        }
        asked = urllib.request.Request(url, body, headers, method="POST")  # noqa: S310 - the tests' own receiver
        try:
            with urllib.request.urlopen(asked, timeout=5) as reply:  # noqa: S310
                taken = reply.status in ANSWERED
        except OSError:
            taken = False
        self.sent += len(events) if taken else 0
        return [] if taken else [one for one in events if one["attemptNumber"] < TRIES - 1]


def signature(secret: str, uri: str, body: bytes, stamp: str) -> str:
    """Signature v3 of a POST."""
    signed = b"POST" + uri.encode() + body + stamp.encode()
    return base64.b64encode(hmac.digest(secret.encode(), signed, hashlib.sha256)).decode()
