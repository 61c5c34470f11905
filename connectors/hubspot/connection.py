"""A HubSpot connection in the config file, and its client's settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr

from connectors.shared.connection import ActivitySettings, Closed, ConnectionSettings
from connectors.shared.opening import given, shared_values
from connectors.shared.setting_checks import https_or_loopback

if TYPE_CHECKING:
    from connectors.hubspot.settings import HubspotSettings
    from connectors.shared.opening import Opening

TEMPLATE = """\
# A HubSpot portal, instead or beside it:
# [connections.hub]
# kind = "hubspot"
# auth = "private_app"                 # SLUICEGATE_CONNECTIONS__HUB__ACCESS_TOKEN holds the token
# timezone = "UTC"
"""


class Credentials(Closed):
    """Who calls, and how."""

    auth: Literal["private_app", "oauth"] | None = Field(None, description="how we log in; absent: private_app")
    access_token: SecretStr = Field(SecretStr(""), description="the private app's token (private_app)")
    client_id: str = Field("", description="the app's id (oauth)")
    client_secret: SecretStr = Field(SecretStr(""), description="the app's secret (oauth)")
    refresh_token: SecretStr = Field(SecretStr(""), description="token of the refresh flow (oauth)")


class Activity(ActivitySettings):
    """What counts as activity."""

    sources: tuple[str, ...] | None = Field(
        None, description="feeds of activity: call, mail, meeting, note, task; absent: all"
    )


class HubspotConnection(Credentials, ConnectionSettings):
    """One portal."""

    kind: Literal["hubspot"] = Field(description="which connector")
    base_url: Annotated[str, AfterValidator(https_or_loopback)] = Field(
        "https://api.hubapi.com", description="where the API is"
    )
    share_from: int = Field(50_000, ge=1, description="deals from which on idle workers share the first load")
    admin: Credentials | None = Field(None, description="credentials for `provision` alone")
    webhook_secret: SecretStr = Field(
        SecretStr(""), description="client secret of the app that sends webhooks; absent: none are taken"
    )
    activity: Activity = Field(Activity(), description="see below")

    @property
    def nudged(self) -> bool:
        """Whether webhooks say at once on which deals somebody works."""
        return bool(self.webhook_secret.get_secret_value())


def client_settings(connection: HubspotConnection, opening: Opening) -> HubspotSettings:
    """What the client takes; raises ValidationError, and SettingsProblem for a file that cannot be read."""
    from connectors.hubspot.settings import HubspotSettings

    return HubspotSettings(
        base_url=connection.base_url,
        limits=opening.limits(),
        share_from=connection.share_from,
        admin=_login(connection.admin) if connection.admin else None,
        **shared_values(connection, opening),
        **_login(connection),
    )


def _login(who: Credentials) -> dict[str, Any]:
    """A private app's token, or an OAuth app with a refresh token."""
    secrets = {name: getattr(who, name) for name in ("access_token", "client_secret", "refresh_token")}
    return {"auth": who.auth or "private_app", "client_id": who.client_id or None, **given(secrets)}
