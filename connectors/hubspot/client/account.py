"""The portal as it describes itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from connectors.shared.pull.convert import currency_code, known_zone

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Account:
    """The portal: its number, the zone that its days and close dates are in, and its home currency."""

    portal: str
    zone: ZoneInfo
    currency: str | None

    described: bool = True
    """HubSpot described it; else the zone is the connection's own and the currency is not known."""

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> Account:
        """From /account-info/v3/details."""
        return cls(
            str(body.get("portalId") or ""), zone(body.get("timeZone")), currency_code(body.get("companyCurrency"))
        )

    @classmethod
    def from_token(cls, token: Mapping[str, Any], zone_name: str | None) -> Account:
        """The account if its details are refused; the number comes from our token."""
        return cls(str(token.get("hubId") or token.get("hub_id") or ""), zone(zone_name), None, described=False)


def zone(name: Any) -> ZoneInfo:
    """The zone of this name; UTC where nobody knows it."""
    return ZoneInfo(known_zone(name) or "UTC")


def midnight(now: datetime, where: ZoneInfo) -> datetime:
    """When the next day begins there."""
    tomorrow = now.astimezone(where).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), where).astimezone(UTC)


def app_actor(token: Mapping[str, Any]) -> str | None:
    """An app as histories name it, from the details of its token."""
    app = token.get("appId") or token.get("app_id")
    return f"integration:{app}" if app else None
