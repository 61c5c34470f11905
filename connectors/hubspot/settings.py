"""What a HubSpot connection is told; the worker reads it from files and environment and hands it over."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from model.sync import OUR_FIELDS, READ_FIELDS

Auth = Literal["private_app", "oauth"]
Source = Literal["call", "mail", "meeting", "note", "task"]

_PREFIX: Final = "sluicegate_"
_STANDARD: Final = re.compile(
    r"(hs_|hubspot_|notes_|num_|amount|closed_).*|closedate|createdate|deal(name|stage|type|_currency_code)|pipeline"
    r"|description"
)
_LOOPBACK: Final = {"127.0.0.1", "localhost", "::1"}


def default_field(ours: str) -> str:
    """The property name that `provision` gives one of our fields: flag_count → sluicegate_flag_count."""
    return _PREFIX + ours


DEFAULT_WRITES: Final = {name: default_field(name) for name in OUR_FIELDS}
DEFAULT_READS: Final = {name: default_field(name) for name in READ_FIELDS}


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Credentials(_Settings):
    """Who calls, and how: a private app's token, or an OAuth app with the refresh token of its installation."""

    auth: Auth = "private_app"
    access_token: SecretStr | None = None
    client_id: str | None = None
    client_secret: SecretStr | None = None
    refresh_token: SecretStr | None = None

    @model_validator(mode="after")
    def _complete(self) -> Credentials:
        oauth = ("client_id", "client_secret", "refresh_token")
        needed: dict[str, tuple[str, ...]] = {"private_app": ("access_token",), "oauth": oauth}
        missing = [name for name in needed[self.auth] if getattr(self, name) is None]
        if missing:
            raise ValueError(f"auth = {self.auth!r} needs {' and '.join(missing)}")
        return self

    def secrets(self) -> list[str]:
        """Every secret in clear, for scrubbing texts that come back from outside."""
        held = (self.access_token, self.client_secret, self.refresh_token)
        return [secret.get_secret_value() for secret in held if secret]


class MappedField(_Settings):
    """Where a fact is read; `when_blank` stands in for an empty value (false for a yes/no that was never set)."""

    field: str
    when_blank: bool | str | int | float | None = None


class Activities(_Settings):
    """Which activities are read; `roll_up` contacts also reads those that are only on a deal's contacts."""

    sources: tuple[Source, ...] = ("call", "mail", "meeting", "note", "task")
    roll_up: Literal["deal", "contacts"] = "deal"


class HubspotSettings(Credentials):
    """One connection. `budget_share` is our part of the account's daily calls.

    `limits` is where processes share their rate limits: a file (SQLite) or a redis:// address; without it each
    process keeps them alone.
    """

    name: str
    base_url: str = "https://api.hubapi.com"
    sandbox: bool = False
    ca_file: str | None = None
    proxy: str | None = None
    timeout: tuple[float, float] = (10.0, 60.0)
    """Seconds to connect, and to wait for the next bytes."""
    fields: Mapping[str, MappedField] = Field(default_factory=dict)
    writes: Mapping[str, str] = Field(default_factory=lambda: dict(DEFAULT_WRITES))
    pause_until: str = DEFAULT_READS["pause_until"]
    pause_reason: str = DEFAULT_READS["pause_reason"]
    activity: Activities = Activities()
    integration_users: tuple[str, ...] = ()
    currency: str | None = None
    zone: str | None = None
    budget_share: float = Field(default=0.2, gt=0, le=1)
    limits: str | None = None
    admin: Credentials | None = None

    @field_validator("fields", mode="before")
    @classmethod
    def _plain_fields(cls, value: Any) -> Any:
        """`segment = "deal_segment"` is short for `{field = "deal_segment"}`."""
        return {fact: {"field": path} if isinstance(path, str) else path for fact, path in dict(value).items()}

    @field_validator("writes")
    @classmethod
    def _only_ours(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        for ours, field in value.items():
            if ours not in OUR_FIELDS:
                raise ValueError(f"writes.{ours} is no field of ours; they are {', '.join(OUR_FIELDS)}")
            if not re.fullmatch("[a-z][a-z0-9_]*", field):
                raise ValueError(f"writes.{ours} = {field!r} is no property name: lower case letters, digits, _")
            if _STANDARD.fullmatch(field):
                raise ValueError(f"writes.{ours} = {field!r} is a standard property; only our own are written")
        if len(set(value.values())) < len(value):
            raise ValueError("two of our fields are mapped to the same HubSpot property")
        return value

    @field_validator("base_url")
    @classmethod
    def _https(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
            raise ValueError(f"base_url must begin with https:// (found {value!r})")
        return value.rstrip("/")

    @property
    def reads(self) -> dict[str, str]:
        """Our fields that reps write: our name → HubSpot property."""
        return {"pause_until": self.pause_until, "pause_reason": self.pause_reason}
