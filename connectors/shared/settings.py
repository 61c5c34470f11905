"""The settings that every connection to a CRM has."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from model.sync import OUR_FIELDS


class Frozen(BaseModel):
    """Set once; a name that nobody knows is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Secretive(Protocol):
    """Somebody who logs in."""

    def secrets(self) -> list[str]:
        """Every secret in clear, for scrubbing texts that come back from outside."""


class Login(Frozen):
    """Who logs in, and how: `auth` is one of the ways in `needs`, each with the settings that it needs."""

    needs: ClassVar[Mapping[str, tuple[str, ...]]]

    @model_validator(mode="after")
    def _complete(self) -> Login:
        complete(self, self.needs)
        return self

    def secrets(self) -> list[str]:
        """Every secret in clear, for scrubbing texts that come back from outside."""
        held = (getattr(self, name) for name in type(self).model_fields)
        return [secret.get_secret_value() for secret in held if isinstance(secret, SecretStr)]


class MappedField(Frozen):
    """Where a fact is read; `when_blank` stands in for an empty value (false for a yes/no that was never set)."""

    field: str
    when_blank: bool | str | int | float | None = None


class CrmSettings(Frozen):
    """The settings of one connection's client. A CRM's subclass checks which of its fields may be in `writes`.

    `budget_share` is our part of the CRM's daily calls.
    """

    called: ClassVar[str]
    """What the CRM calls a field, with its own name."""

    name: str
    sandbox: bool = False
    ca_file: str | None = None
    proxy: str | None = None
    fields: Mapping[str, MappedField] = Field(default_factory=dict)
    lead_fields: Mapping[str, MappedField] = Field(default_factory=dict)
    writes: Mapping[str, str]
    pause_until: str
    pause_reason: str
    integration_users: tuple[str, ...] = ()
    currency: str | None = None
    zone: str | None = None
    timeout: tuple[float, float]
    """Seconds to connect, and to wait for the next bytes."""
    longest: float
    """Seconds that one call may take as a whole."""
    budget_share: float = Field(default=0.2, gt=0, le=1)

    @classmethod
    @abstractmethod
    def why_not(cls, field: str) -> str | None:
        """Why a field of the CRM is none that we may write; None where it may be."""

    @field_validator("fields", "lead_fields", mode="before")
    @classmethod
    def _plain_fields(cls, value: Any) -> Any:
        """`segment = "Segment"` is short for `{field = "Segment"}`."""
        return {fact: {"field": path} if isinstance(path, str) else path for fact, path in dict(value).items()}

    @field_validator("writes")
    @classmethod
    def _only_ours(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        for our_field, field in value.items():
            if our_field not in OUR_FIELDS:
                raise ValueError(f"writes.{our_field} is no field of ours; they are {', '.join(OUR_FIELDS)}")
            if why := cls.why_not(field):
                raise ValueError(f"writes.{our_field} = {field!r} is {why}")
        if len(set(value.values())) < len(value):
            raise ValueError(f"two of our fields are mapped to the same {cls.called}")
        return value

    @property
    def reads(self) -> dict[str, str]:
        """Our fields that reps write: our name → the CRM's."""
        return {"pause_until": self.pause_until, "pause_reason": self.pause_reason}


def complete(login: Any, needed: Mapping[str, tuple[str, ...]]) -> None:
    """Raise ValueError where a way of logging in (`auth`) lacks what it needs."""
    missing = [name for name in needed[login.auth] if getattr(login, name) is None]
    if missing:
        raise ValueError(f"auth = {login.auth!r} needs {' and '.join(missing)}")
