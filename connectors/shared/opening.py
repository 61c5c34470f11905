"""From a connection's settings to what its client takes: paths resolved, empty values as None, secrets as secrets."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from model.errors import SettingsProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from pydantic import SecretStr

    from connectors.shared.client.daily_budget import Allowance
    from connectors.shared.connection import ConnectionSettings, FieldSettings


@dataclass(frozen=True)
class Opening:
    """The resources that open a connection, in addition to its settings.

    `home`: the folder against which relative paths are read. `limits`: where processes share their rate limits, a
    file or a redis:// address. `allowance`: what the connection has called and may call.
    """

    name: str
    home: Path
    limits: Callable[[], str]
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    allowance: Allowance | None = None

    @property
    def given(self) -> dict[str, Any]:
        """A connector's arguments in addition to its settings."""
        return {"clock": self.clock, "sleep": self.sleep, "allowance": self.allowance}


def shared_values(connection: ConnectionSettings, opening: Opening) -> dict[str, Any]:
    """The values that every CRM over the network takes; raises SettingsProblem for a CA file that cannot be used."""
    activity = connection.activity
    sources = {"sources": activity.sources} if activity.sources is not None else {}
    return {
        "name": opening.name,
        "sandbox": connection.sandbox,
        "integration_users": connection.integration_users,
        "currency": connection.currency or None,
        "budget_share": connection.budget_share,
        "proxy": connection.proxy.get_secret_value() or None,
        "zone": connection.timezone,
        "ca_file": trusted(opening.home / connection.ca_file) if connection.ca_file else None,
        "fields": {fact: mapped(field) for fact, field in connection.fields.items()},
        "lead_fields": {fact: mapped(field) for fact, field in connection.lead_fields.items()},
        "activity": {**sources, "roll_up": activity.roll_up},
        **_writes(connection.writes),
    }


def given(secrets: Mapping[str, SecretStr]) -> dict[str, SecretStr | None]:
    """Secrets by name; an empty one is not set."""
    return {name: secret if secret.get_secret_value() else None for name, secret in secrets.items()}


def mapped(field: str | FieldSettings) -> dict[str, Any]:
    """A fact's field, written as a name or as a table."""
    return {"field": field} if isinstance(field, str) else {"field": field.field, "when_blank": field.when_blank}


def _writes(writes: Mapping[str, str]) -> dict[str, Any]:
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
