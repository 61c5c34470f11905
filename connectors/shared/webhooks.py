"""What a CRM sends to us by itself: a signed request that names records on which somebody works."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from datetime import datetime

Records: TypeAlias = Collection[tuple[str, str]]
"""Records that changed, each as its table and its id: an opportunity, or an activity on deals that are to be found."""


@dataclass(frozen=True)
class Delivery:
    """One request as it came. `uri` is the whole address that the sender called; header names are in lower case."""

    method: str
    uri: str
    headers: Mapping[str, str]
    body: bytes


class Webhooks(Protocol):
    """How a CRM signs its requests, and what they mean."""

    def may_be_signed(self, headers: Mapping[str, str], now: datetime) -> bool:
        """Whether the headers are those of a request that is signed and fresh; the body is read only then."""

    def is_signed(self, delivery: Delivery, secret: str) -> bool:
        """Whether somebody who knows the secret has sent it. Takes as long for every signature."""

    def records(self, delivery: Delivery, connection: Any) -> Records:
        """The records that it names, without what we have changed ourselves. What makes no sense is left out."""
