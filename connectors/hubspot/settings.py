"""The settings of a HubSpot connection; the worker reads them from files and environment."""

from __future__ import annotations

import re
from collections.abc import Mapping  # noqa: TC003 - pydantic reads it when the class is made
from typing import ClassVar, Final, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from connectors.shared.settings import CrmSettings, Frozen, Login
from model.sync import OUR_FIELDS, READ_FIELDS

Auth = Literal["private_app", "oauth"]
Source = Literal["call", "mail", "meeting", "note", "task"]

_PREFIX: Final = "sluicegate_"
_STANDARD: Final = re.compile(
    r"(hs_|hubspot_|notes_|num_|amount|closed_).*|closedate|createdate|deal(name|stage|type|_currency_code)|pipeline"
    r"|description"
)
_LOOPBACK: Final = {"127.0.0.1", "localhost", "::1"}


def default_field(our_field: str) -> str:
    """The property name that `provision` gives one of our fields: flag_count → sluicegate_flag_count."""
    return _PREFIX + our_field


DEFAULT_WRITES: Final = {name: default_field(name) for name in OUR_FIELDS}
DEFAULT_READS: Final = {name: default_field(name) for name in READ_FIELDS}


class Credentials(Login):
    """Who calls, and how: a private app's token, or an OAuth app with the refresh token of its installation."""

    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "private_app": ("access_token",),
        "oauth": ("client_id", "client_secret", "refresh_token"),
    }
    auth: Auth = "private_app"
    access_token: SecretStr | None = None
    client_id: str | None = None
    client_secret: SecretStr | None = None
    refresh_token: SecretStr | None = None


class Activities(Frozen):
    """Which activities are read; `roll_up` contacts also reads those that are only on a deal's contacts."""

    sources: tuple[Source, ...] = ("call", "mail", "meeting", "note", "task")
    roll_up: Literal["deal", "contacts"] = "deal"


class HubspotSettings(Credentials, CrmSettings):
    """One connection. `budget_share` is our part of the account's daily calls.

    `limits` is where processes share their rate limits: a file (SQLite) or a redis:// address; without it each
    process keeps them alone.
    """

    called: ClassVar[str] = "HubSpot property"

    base_url: str = "https://api.hubapi.com"
    timeout: tuple[float, float] = (10.0, 60.0)
    """Seconds to connect, and to wait for the next bytes."""
    share_from: int = 50_000
    """Deals from which on a first load is shared between workers."""
    longest: float = 120.0
    writes: Mapping[str, str] = Field(default_factory=lambda: dict(DEFAULT_WRITES))
    pause_until: str = DEFAULT_READS["pause_until"]
    pause_reason: str = DEFAULT_READS["pause_reason"]
    task_key: str = "sluicegate_key"
    """The unique property that holds our key on tasks."""
    activity: Activities = Activities()
    limits: str | None = None
    admin: Credentials | None = None

    @classmethod
    def why_not(cls, field: str) -> str | None:
        """Refuse properties that HubSpot itself defines."""
        if not re.fullmatch("[a-z][a-z0-9_]*", field):
            return "no property name: lower case letters, digits, _"
        return "a standard property; only our own are written" if _STANDARD.fullmatch(field) else None

    @field_validator("base_url")
    @classmethod
    def _https(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
            raise ValueError(f"base_url must begin with https:// (found {value!r})")
        return value.rstrip("/")
