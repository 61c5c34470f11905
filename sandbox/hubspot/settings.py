"""What differs between portals, and how much each tier may call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Tier: TypeAlias = Literal["free", "starter", "professional", "enterprise"]
WINDOW: Final = {"free": 100, "starter": 100, "professional": 190, "enterprise": 190}
"""Calls of one private app in ten seconds."""
DAY: Final = {"free": 250_000, "starter": 250_000, "professional": 625_000, "enterprise": 1_000_000}
"""Calls of all private apps of a portal in a day."""
OAUTH_WINDOW: Final = 110
PRO: Final = frozenset({"professional", "enterprise"})


@dataclass
class Settings:
    """The traps are on unless a setting turns them off."""

    tier: Tier = "enterprise"
    portal_id: int = 52_016_473
    zone: str = "America/New_York"
    currency: str = "USD"
    currencies: tuple[str, ...] = ("USD", "EUR", "JPY")
    window: int | None = None
    """Calls of an app in ten seconds; None: as the tier says, 0: no limit."""
    daily: int | None = None
    """Calls of the portal in a day; None: as the tier says, 0: no limit."""
    searches: int = 5
    """Searches of the whole portal in a second; 0: no limit."""
    index_lag: float = 2.0
    """Seconds of the portal's clock until a search sees a change."""
    search_cap: int = 10_000
    """Results of one query that can be paged through."""
    versions: int = 20
    """Most versions that a property's history keeps."""
    traced_updates: bool = False
    """Batch updates with trace ids answer invalid values one by one with 207, as batch create does."""
    strict_names: bool = False
    """Refuse to read properties that do not exist; else they are left out."""
    missing_refuses: bool = False
    """A batch update that names an id which does not exist is refused as a whole with 404, not in part with 207."""
    cleared: str | None = ""
    """How a cleared value reads."""
    merge_makes_new: bool = False
    """A merge makes a record with a new id, to which both old ids lead; else the first one stays."""
    merged_read: bool = False
    """A batch read of an id that was merged away gives the record that it went up in; else it is not found."""
    keeps_used_stages: bool = False
    """Refuse to delete a pipeline or stage that holds deals; v3 does not promise it."""
    oauth_v1: bool = True
    """/oauth/v1 is still served; from 16 February 2027 it is not."""
    app_pages: str = "https://app.hubspot.com"

    @property
    def most_calls(self) -> int:
        """Calls of a private app in ten seconds; 0: no limit."""
        return WINDOW[self.tier] if self.window is None else self.window

    @property
    def most_a_day(self) -> int:
        """Calls of the portal in a day; 0: no limit."""
        return DAY[self.tier] if self.daily is None else self.daily
