"""The settings of a Salesforce connection; the worker reads them from files and environment."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - pydantic reads it when the class is made
from typing import ClassVar, Final, Literal

from pydantic import Field, SecretStr, field_validator

from connectors.shared.settings import CrmSettings, Frozen, Login
from model.sync import OUR_FIELDS, READ_FIELDS

Auth = Literal["client_credentials", "jwt", "refresh_token"]


def default_field(our_field: str) -> str:
    """The API name that `provision` gives one of our fields: flag_count → Sluicegate_Flag_Count__c."""
    return f"Sluicegate_{'_'.join(word.capitalize() for word in our_field.split('_'))}__c"


DEFAULT_WRITES: Final = {name: default_field(name) for name in OUR_FIELDS}
DEFAULT_READS: Final = {name: default_field(name) for name in READ_FIELDS}


class Credentials(Login):
    """Who logs in, and how. `consumer_key` belongs to the connected app; one of three flows is used."""

    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "client_credentials": ("consumer_secret",),
        "jwt": ("username", "private_key"),
        "refresh_token": ("refresh_token",),
    }
    auth: Auth = "client_credentials"
    consumer_key: str
    consumer_secret: SecretStr | None = None
    username: str | None = None
    private_key: SecretStr | None = None
    refresh_token: SecretStr | None = None
    audience: str | None = None


class Activities(Frozen):
    """Which activities are read; `roll_up` contacts also reads those that name only a contact."""

    sources: tuple[Literal["task", "event"], ...] = ("task", "event")
    roll_up: Literal["deal", "contacts"] = "deal"


class SalesforceSettings(Credentials, CrmSettings):
    """One connection. `login_url` may be any https host and port; `budget_share` is our part of the daily calls."""

    called: ClassVar[str] = "Salesforce field"

    login_url: str = "https://login.salesforce.com"
    api_version: str = "62.0"
    timeout: tuple[float, float] = (10.0, 130.0)
    """Seconds to connect, and to wait for the next bytes (a query may run two minutes)."""
    longest: float = 190.0
    writes: Mapping[str, str] = Field(default_factory=lambda: dict(DEFAULT_WRITES))
    pause_until: str = DEFAULT_READS["pause_until"]
    pause_reason: str = DEFAULT_READS["pause_reason"]
    task_key: str = "Sluicegate_Key__c"
    """The external id that holds our key on tasks."""
    activity: Activities = Activities()
    bulk_above: int = 500_000
    """Objects with more rows are read by Bulk API 2.0 the first time, and by full passes."""
    admin: Credentials | None = None

    @classmethod
    def why_not(cls, field: str) -> str | None:
        """Refuse fields that are not custom fields."""
        return None if field.endswith("__c") else "a standard field; only custom fields are written"

    @field_validator("api_version")
    @classmethod
    def _version(cls, value: str) -> str:
        """As addresses carry it: v62, 62 and 62.0 are one version."""
        number = value.lower().removeprefix("v").removesuffix(".0")
        if not number.isdecimal():
            raise ValueError(f"api_version must be a number such as 62.0 (found {value!r})")
        return f"{number}.0"

    @field_validator("login_url")
    @classmethod
    def _https(cls, value: str) -> str:
        if not value.startswith("https://"):
            raise ValueError(f"login_url must begin with https:// (found {value!r})")
        return value.rstrip("/")
