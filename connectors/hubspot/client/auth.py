"""Who we are to HubSpot: a private app's token, or OAuth tokens that last half an hour."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from connectors.hubspot.client.faults import Refused, SessionEnded
from connectors.shared.client.crm_client import scrub
from connectors.shared.client.retries import Transient
from model.errors import AccessRefused

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from pydantic import SecretStr

    from connectors.hubspot.settings import Credentials

_EARLY: Final = timedelta(minutes=1)
_LIFETIME: Final = 1800
_LONGEST: Final = 30 * 86_400


@dataclass(frozen=True)
class Token:
    """An access token; `until` None: it does not expire. `refresh`: a new refresh token, where one was handed out."""

    access: str = field(repr=False)
    until: datetime | None = None
    refresh: str | None = field(default=None, repr=False)


class Login:
    """The token to call with now. `renew` asks HubSpot for another: (form fields) → the parsed reply."""

    def __init__(
        self, who: Credentials, clock: Callable[[], datetime], renew: Callable[[dict[str, str]], dict[str, Any]]
    ) -> None:
        self._who, self._clock, self._renew = who, clock, renew
        self._token = Token(_clear(who.access_token)) if who.auth == "private_app" else None

    @property
    def renewable(self) -> bool:
        """A token that HubSpot no longer takes can be had anew."""
        return self._who.auth == "oauth"

    @property
    def client(self) -> dict[str, str]:
        """The credentials of our OAuth app."""
        return {"client_id": self._who.client_id or "", "client_secret": _clear(self._who.client_secret)}

    def token(self) -> str:
        """The access token, a new one a minute before the old one ends; raises AccessRefused, Transient."""
        if self._token is None or (self._token.until and self._clock() >= self._token.until - _EARLY):
            self._token = self._fetch()
        return self._token.access

    def ended(self, access: str) -> None:
        """HubSpot no longer takes this token; a newer one that another thread has got meanwhile stays."""
        if self.renewable and self._token and self._token.access == access:
            self._token = Token("", self._clock(), self._token.refresh)

    def _fetch(self) -> Token:
        refresh = (self._token.refresh if self._token else None) or _clear(self._who.refresh_token)
        try:
            body = self._renew({**self.client, "refresh_token": refresh})
        except (Refused, SessionEnded) as error:
            reason = f"{error.message} ({error.category})" if isinstance(error, Refused) else str(error)
            advice = "Connect the app again and set its new refresh_token."
            text = f"HubSpot refuses to renew our access: {scrub(self._who, reason).rstrip('.')}. {advice}"
            raise AccessRefused(text) from None
        if not body.get("access_token"):
            raise Transient("HubSpot's reply to a renewal holds no access_token.")
        handed = body.get("refresh_token")
        until = self._clock() + timedelta(seconds=_lifetime(body.get("expires_in")))
        return Token(str(body["access_token"]), until, handed if isinstance(handed, str) else None)


def _lifetime(given: Any) -> float:
    """Seconds that a token lasts: as HubSpot says where that can be meant, else half an hour."""
    sane = isinstance(given, int | float) and 0 < given <= _LONGEST
    return float(given) if sane else _LIFETIME


def _clear(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""
