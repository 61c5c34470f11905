"""A Salesforce connection in the config file, and its client's settings."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - pydantic reads it when the class is made
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr

from connectors.shared.connection import ActivitySettings, Closed, ConnectionSettings
from connectors.shared.opening import given, shared_values
from connectors.shared.setting_checks import plain_https
from model.errors import SettingsProblem

if TYPE_CHECKING:
    from connectors.salesforce.settings import SalesforceSettings
    from connectors.shared.opening import Opening

TEMPLATE = """\
[connections.acme]
kind = "salesforce"
login_url = "https://login.salesforce.com"
auth = "client_credentials"
consumer_key = ""                      # SLUICEGATE_CONNECTIONS__ACME__CONSUMER_SECRET holds the secret
timezone = "UTC"
calendar = "US"
# currency = "EUR"                     # home currency; absent: the org's own
"""


class Credentials(Closed):
    """Who logs in, and how."""

    auth: Literal["client_credentials", "jwt", "refresh_token"] | None = Field(
        None, description="how we log in; absent: client_credentials"
    )
    consumer_key: str = Field("", description="the connected app's key")
    consumer_secret: SecretStr = Field(SecretStr(""), description="the connected app's secret")
    username: str = Field("", description="the user to act as (jwt)")
    private_key: SecretStr = Field(SecretStr(""), description="PEM text (jwt)")
    private_key_file: Path | None = Field(None, description="PEM file (jwt)")
    refresh_token: SecretStr = Field(SecretStr(""), description="token of the refresh flow (refresh_token)")


class Activity(ActivitySettings):
    """What counts as activity."""

    sources: tuple[str, ...] | None = Field(None, description="feeds of activity: task, event; absent: all")


class SalesforceConnection(Credentials, ConnectionSettings):
    """One org."""

    kind: Literal["salesforce"] = Field(description="which connector")
    login_url: Annotated[str, AfterValidator(plain_https)] = Field(
        "https://login.salesforce.com", description="any host that hands out tokens"
    )
    api_version: str = Field("62.0", pattern=r"^\d\d\.0$", description="API version, as 62.0")
    bulk_above: int = Field(
        500_000, ge=0, description="objects with more rows are read by Bulk API 2.0 the first time and by full runs"
    )
    admin: Credentials | None = Field(None, description="credentials for `provision` alone")
    look_every_minute: bool = Field(
        default=False, description="look about each minute on which deals somebody works: 1,728 calls a day"
    )
    activity: Activity = Field(Activity(), description="see below")

    @property
    def looked(self) -> bool:
        """Whether a look each minute says on which deals somebody works."""
        return self.look_every_minute


def client_settings(connection: SalesforceConnection, opening: Opening) -> SalesforceSettings:
    """What the client takes; raises ValidationError, and SettingsProblem for a file that cannot be read."""
    from connectors.salesforce.settings import SalesforceSettings

    return SalesforceSettings(
        login_url=connection.login_url,
        api_version=connection.api_version,
        bulk_above=connection.bulk_above,
        admin=_login(connection.admin, opening) if connection.admin else None,
        **shared_values(connection, opening),
        **_login(connection, opening),
    )


def _login(who: Credentials, opening: Opening) -> dict[str, Any]:
    """Who logs in and how; a key file is read here."""
    key = SecretStr(_text(opening.home / who.private_key_file)) if who.private_key_file else who.private_key
    secrets = {"consumer_secret": who.consumer_secret, "private_key": key, "refresh_token": who.refresh_token}
    return {
        "auth": who.auth or "client_credentials",
        "consumer_key": who.consumer_key,
        "username": who.username or None,
        **given(secrets),
    }


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as e:
        raise SettingsProblem(f"The private key file {path} cannot be read: {e.strerror}.") from None
