"""Apps and their tokens: private apps with a token that stays, and one OAuth app with a token that ends."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sandbox.hubspot.clock import iso, millis
from sandbox.hubspot.errors import ApiError, expired, unauthorized

if TYPE_CHECKING:
    from sandbox.hubspot.clock import Clock

READ: Final = (
    "oauth",
    *(f"crm.objects.{kind}.{right}" for kind in ("deals", "contacts", "companies") for right in ("read", "write")),
    "crm.objects.owners.read",
    "crm.schemas.deals.read",
    "crm.schemas.contacts.read",
    "crm.schemas.companies.read",
    "crm.pipelines.orders.read",
    "sales-email-read",
    "account-info.security.read",
    "multi_currency_details_read",
)
"""Scopes of the sync."""
ADMIN: Final = (*READ, "crm.schemas.deals.write", "crm.schemas.contacts.write", "crm.schemas.companies.write")
SYNC_APP, ADMIN_APP, OAUTH_APP, OTHER_APP = 1_881_001, 1_881_002, 1_881_003, 1_881_004
LIFE: Final = timedelta(minutes=30)


@dataclass
class Token:
    """An access token: of which app, with which scopes, until when."""

    text: str
    app_id: int
    app: str
    user_id: int
    scopes: set[str] = field(default_factory=set)
    ends: int | None = None
    """Milliseconds; None: never."""

    @property
    def oauth(self) -> bool:
        """Whether it came from a refresh token."""
        return self.ends is not None


@dataclass(frozen=True)
class OAuth:
    """What a client needs to get tokens."""

    client_id: str
    client_secret: str
    refresh_token: str


class Tokens:
    """All tokens of the portal."""

    def __init__(self, clock: Clock, user_id: int) -> None:
        self._clock, self._user = clock, user_id
        self.by_text: dict[str, Token] = {}
        self.oauth = OAuth(str(uuid.uuid4()), str(uuid.uuid4()), f"na1-{uuid.uuid4()}")
        self.refreshed = 0
        """How often the refresh token was used."""
        self.refused = False
        """The customer took the app's grant away."""
        self.oauth_scopes: set[str] = set(READ)
        self.sync = self.private(SYNC_APP, "Pipeline sync", READ)
        self.admin = self.private(ADMIN_APP, "Setup", ADMIN)
        self.other = self.private(OTHER_APP, "Somebody else's app", READ)

    def private(self, app_id: int, app: str, scopes: tuple[str, ...]) -> Token:
        """A private app's token."""
        text = f"pat-na1-{uuid.uuid4()}"
        self.by_text[text] = Token(text, app_id, app, self._user, set(scopes))
        return self.by_text[text]

    def refresh(self, life: timedelta = LIFE) -> Token:
        """A new access token of the OAuth app."""
        text = f"CNj{uuid.uuid4().hex}{uuid.uuid4().hex}"
        ends = self._clock.ms() + round(life.total_seconds() * 1000)
        self.refreshed += 1
        self.by_text[text] = Token(text, OAUTH_APP, "Pipeline app", self._user, set(self.oauth_scopes), ends)
        return self.by_text[text]

    def of(self, header: str) -> Token:
        """The token of an Authorization header; raises the 401 that fits."""
        scheme, _, text = header.partition(" ")
        token = self.by_text.get(text) if scheme.lower() == "bearer" else None
        if token is None:
            raise unauthorized()
        now = self._clock.ms()
        if token.ends is not None and token.ends <= now:
            raise expired(iso(token.ends), (now - token.ends) // 1000)
        return token

    def end(self) -> int:
        """Let all OAuth tokens end now; how many."""
        now = millis(self._clock.now())
        living = [t for t in self.by_text.values() if t.ends is not None and t.ends > now]
        for token in living:
            token.ends = now
        return len(living)


def refused(error: str, status: str, message: str) -> ApiError:
    """A refusal of a form, as OAuth's standard words it and as HubSpot did before; asking again is useless."""
    return ApiError(400, status, message, more={"error": error, "error_description": message, "status": status})
