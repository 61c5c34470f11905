"""From a connection's settings to its connector: relative paths resolved, secrets handed over as secrets."""

from __future__ import annotations

import ssl
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr, ValidationError

from model.errors import SettingsProblem
from worker.broker import data_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from connectors.protocol import Connector
    from worker.settings import ConnectionSettings, CredentialSettings, Settings

SALESFORCE_KEYS = (
    "login_url", "api_version", "sandbox", "integration_users", "currency", "budget_share",
)  # fmt: skip
HUBSPOT_KEYS = ("base_url", "sandbox", "integration_users", "currency", "budget_share")
FILES = ("opportunities", "owners", "activities", "history", "products", "findings")
WORDS = ("stage_entered", "won", "lost", "dates", "decimal")


def salesforce(
    settings: Settings,
    name: str,
    connection: ConnectionSettings,
    *,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None],
    spent: int = 0,
) -> Connector:
    """A Salesforce connector; raises SettingsProblem in a sentence."""
    from connectors.salesforce.connector import SalesforceConnector
    from connectors.salesforce.settings import SalesforceSettings

    said: dict[str, Any] = {key: getattr(connection, key) for key in SALESFORCE_KEYS}
    said |= common(settings, connection) | credentials(settings, connection)
    said["admin"] = credentials(settings, connection.admin) if connection.admin else None
    with told(name):
        return SalesforceConnector(SalesforceSettings(name=name, **said), clock=clock, sleep=sleep, spent=spent)


def common(settings: Settings, connection: ConnectionSettings) -> dict[str, Any]:
    """What every CRM over the network is told."""
    activity = connection.activity
    sources = {"sources": activity.sources} if activity.sources is not None else {}
    return {
        "proxy": connection.proxy.get_secret_value() or None,
        "zone": connection.timezone,
        "ca_file": trusted(settings.path(connection.ca_file)) if connection.ca_file else None,
        "fields": {fact: _mapped(field) for fact, field in connection.fields.items()},
        "lead_fields": {fact: _mapped(field) for fact, field in connection.lead_fields.items()},
        "activity": {**sources, "roll_up": activity.roll_up},
        **_writes(connection.writes),
    }


@contextmanager
def told(name: str) -> Iterator[None]:
    """A connector's own settings that do not fit together, as a sentence with their place."""
    try:
        yield
    except ValidationError as e:
        first = e.errors()[0]
        place = ".".join(("connections", name, *map(str, first["loc"])))
        raise SettingsProblem(f"{place}: {first['msg'].removeprefix('Value error, ')}.") from None


def hubspot(
    settings: Settings,
    name: str,
    connection: ConnectionSettings,
    *,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None],
    spent: int = 0,
) -> Connector:
    """A HubSpot connector; raises SettingsProblem in a sentence."""
    from connectors.hubspot.connector import HubspotConnector
    from connectors.hubspot.settings import HubspotSettings

    said: dict[str, Any] = {key: getattr(connection, key) for key in HUBSPOT_KEYS}
    said |= common(settings, connection) | app(connection)
    said["admin"] = app(connection.admin) if connection.admin else None
    said["limits"] = limiter_url(settings)
    with told(name):
        return HubspotConnector(HubspotSettings(name=name, **said), clock=clock, sleep=sleep, spent=spent)


def limiter_url(settings: Settings) -> str:
    """Where processes share their rate limits: the configured Redis, else a file beside the store."""
    url = settings.broker.url.get_secret_value()
    return url if url.startswith("redis") else str(data_folder(settings) / "limits.db")


def app(held: CredentialSettings) -> dict[str, Any]:
    """HubSpot's credentials: a private app's token, or an OAuth app with a refresh token."""
    secrets = {name: getattr(held, name) for name in ("access_token", "client_secret", "refresh_token")}
    return {
        "auth": held.auth or "private_app",
        "client_id": held.client_id or None,
        **{name: secret if secret.get_secret_value() else None for name, secret in secrets.items()},
    }


def tables(settings: Settings, name: str, connection: ConnectionSettings) -> Connector:
    """A connector to an exported report; raises SettingsProblem where no file is named."""
    from connectors.tables.connector import TablesConnector
    from connectors.tables.settings import TablesSettings

    if connection.files is None:
        raise SettingsProblem(f"connections.{name}.files.opportunities is missing: name the exported report.")
    paths = {key: getattr(connection.files, key) for key in FILES}
    said: dict[str, Any] = {key: settings.path(path) if path else None for key, path in paths.items()}
    said |= {key: getattr(connection.files, key) for key in WORDS}
    fields = {fact: mapped["field"] for fact, field in connection.fields.items() if (mapped := _mapped(field))}
    return TablesConnector(
        TablesSettings(name=name, fields=fields, currency=connection.currency, zone=connection.timezone, **said)
    )


def credentials(settings: Settings, held: CredentialSettings) -> dict[str, Any]:
    """Who logs in and how; a key file is read here, empty values mean that they are not set."""
    key = held.private_key
    if held.private_key_file:
        key = SecretStr(_text(settings.path(held.private_key_file)))
    secrets = {"consumer_secret": held.consumer_secret, "private_key": key, "refresh_token": held.refresh_token}
    return {
        "auth": held.auth or "client_credentials",
        "consumer_key": held.consumer_key,
        "username": held.username or None,
        **{name: secret if secret.get_secret_value() else None for name, secret in secrets.items()},
    }


def _mapped(field: Any) -> dict[str, Any]:
    return {"field": field} if isinstance(field, str) else {"field": field.field, "when_blank": field.when_blank}


def _writes(writes: dict[str, str]) -> dict[str, Any]:
    """The map of our fields; the two that reps write are read under their own settings."""
    reads = {name: field for name, field in writes.items() if name.startswith("pause_")}
    sent = {name: field for name, field in writes.items() if name not in reads}
    return {**reads, **({"writes": sent} if writes else {})}


def trusted(path: Path) -> str:
    """A CA file that can be used; raises SettingsProblem."""
    try:
        ssl.create_default_context(cafile=path)
    except FileNotFoundError:
        raise SettingsProblem(f"There is no ca_file {path}.") from None
    except (ssl.SSLError, OSError) as e:
        raise SettingsProblem(f"The ca_file {path} holds no certificates in PEM form ({e}).") from None
    return str(path)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as e:
        raise SettingsProblem(f"The private key file {path} cannot be read: {e.strerror}.") from None
