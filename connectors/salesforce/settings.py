"""What a Salesforce connection is told; the worker reads it from files and environment and hands it over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from model.sync import OUR_FIELDS, READ_FIELDS

Auth = Literal["client_credentials", "jwt", "refresh_token"]


def default_field(ours: str) -> str:
    """The API name that `provision` gives one of our fields: flag_count → Sluicegate_Flag_Count__c."""
    return f"Sluicegate_{'_'.join(word.capitalize() for word in ours.split('_'))}__c"


DEFAULT_WRITES: Final = {name: default_field(name) for name in OUR_FIELDS}
DEFAULT_READS: Final = {name: default_field(name) for name in READ_FIELDS}


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Credentials(_Settings):
    """Who logs in, and how. `consumer_key` belongs to the connected app; one of three flows is used."""

    auth: Auth = "client_credentials"
    consumer_key: str
    consumer_secret: SecretStr | None = None
    username: str | None = None
    private_key: SecretStr | None = None
    refresh_token: SecretStr | None = None
    audience: str | None = None

    @model_validator(mode="after")
    def _complete(self) -> Credentials:
        needed: dict[str, tuple[str, ...]] = {
            "client_credentials": ("consumer_secret",),
            "jwt": ("username", "private_key"),
            "refresh_token": ("refresh_token",),
        }
        missing = [name for name in needed[self.auth] if getattr(self, name) is None]
        if missing:
            raise ValueError(f"auth = {self.auth!r} needs {' and '.join(missing)}")
        return self

    def secrets(self) -> list[str]:
        """Every secret in clear, for scrubbing texts that come back from outside."""
        held = (self.consumer_secret, self.private_key, self.refresh_token)
        return [secret.get_secret_value() for secret in held if secret]


class MappedField(_Settings):
    """Where a fact is read; `when_blank` stands in for an empty value (false for a yes/no that was never set)."""

    field: str
    when_blank: bool | str | int | float | None = None


class Activities(_Settings):
    """Which activities are read; `roll_up` contacts also reads those that name only a contact."""

    sources: tuple[Literal["task", "event"], ...] = ("task", "event")
    roll_up: Literal["deal", "contacts"] = "deal"


class SalesforceSettings(Credentials):
    """One connection. `login_url` may be any https host and port; `budget_share` is our part of the daily calls."""

    name: str
    login_url: str = "https://login.salesforce.com"
    api_version: str = "62.0"
    sandbox: bool = False
    ca_file: str | None = None
    proxy: str | None = None
    timeout: tuple[float, float] = (10.0, 130.0)
    """Seconds to connect, and to wait for the next bytes (a query may run two minutes)."""
    fields: Mapping[str, MappedField] = Field(default_factory=dict)
    writes: Mapping[str, str] = Field(default_factory=lambda: dict(DEFAULT_WRITES))
    pause_until: str = DEFAULT_READS["pause_until"]
    pause_reason: str = DEFAULT_READS["pause_reason"]
    activity: Activities = Activities()
    integration_users: tuple[str, ...] = ()
    currency: str | None = None
    zone: str | None = None
    budget_share: float = Field(default=0.2, gt=0, le=1)
    admin: Credentials | None = None

    @field_validator("fields", mode="before")
    @classmethod
    def _plain_fields(cls, value: Any) -> Any:
        """`segment = "Account.Segment__c"` is short for `{field = "Account.Segment__c"}`."""
        return {fact: {"field": path} if isinstance(path, str) else path for fact, path in dict(value).items()}

    @field_validator("writes")
    @classmethod
    def _only_ours(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        for ours, field in value.items():
            if ours not in OUR_FIELDS:
                raise ValueError(f"writes.{ours} is no field of ours; they are {', '.join(OUR_FIELDS)}")
            if not field.endswith("__c"):
                raise ValueError(f"writes.{ours} = {field!r} is a standard field; only custom fields are written")
        if len(set(value.values())) < len(value):
            raise ValueError("two of our fields are mapped to the same Salesforce field")
        return value

    @field_validator("login_url")
    @classmethod
    def _https(cls, value: str) -> str:
        if not value.startswith("https://"):
            raise ValueError(f"login_url must begin with https:// (found {value!r})")
        return value.rstrip("/")

    @property
    def reads(self) -> dict[str, str]:
        """Our fields that reps write: our name → Salesforce field."""
        return {"pause_until": self.pause_until, "pause_reason": self.pause_reason}
