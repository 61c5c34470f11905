"""Who may log in, with what, and which tokens are good."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.salesforce.errors import session_expired


@dataclass(frozen=True)
class Login:
    """One user's ways in. Nothing here is a secret of anybody: the server forgets it when it stops."""

    user_id: str
    username: str
    password: str
    client_id: str
    client_secret: str
    refresh_token: str


class Logins:
    """Credentials and sessions."""

    def __init__(self) -> None:
        self.all: list[Login] = []
        self.sessions: dict[str, str] = {}
        self.trusted: list[Any] = []
        """Public keys for accepted JWTs, besides that of `private_key`."""

    def add(self, user_id: str, username: str) -> Login:
        """Give a user a password, a connected app that runs as them, and a refresh token."""
        name = username.partition("@")[0]
        made = Login(user_id, username, f"{name}-password", f"{name}-key", f"{name}-secret", f"{name}-refresh")
        self.all.append(made)
        return made

    def of(self, username: str) -> Login | None:
        """The login of a user name."""
        return next((login for login in self.all if login.username == username), None)

    def app(self, client_id: str) -> Login | None:
        """The login that a connected app runs as."""
        return next((login for login in self.all if login.client_id == client_id), None)

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @property
    def private_key(self) -> str:
        """A key, as PEM, that every connected app accepts for JWT bearer."""
        form = serialization.PrivateFormat.PKCS8
        return self._key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()

    def public_keys(self) -> list[Any]:
        """All keys that may have signed a JWT."""
        return [*self.trusted, self._key.public_key()]

    def open(self, user_id: str) -> str:
        """A new access token."""
        token = f"00D5g000004CAFE!{secrets.token_urlsafe(48)}"
        self.sessions[token] = user_id
        return token

    def user_of(self, token: str) -> str:
        """The user of a token; raises INVALID_SESSION_ID."""
        if token not in self.sessions:
            raise session_expired()
        return self.sessions[token]

    def expire(self, user_id: str | None = None) -> int:
        """End all sessions, or those of one user; how many."""
        ended = [t for t, u in self.sessions.items() if user_id in (None, u)]
        for token in ended:
            del self.sessions[token]
        return len(ended)
