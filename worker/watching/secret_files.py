"""The files that hold secrets or customers' data: the config file, the secrets folder, keys, the store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel, SecretStr
from sqlalchemy.engine import make_url

from worker.config_file import read_config
from worker.settings import secrets_folder, tables_below
from worker.wiring import store_url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.settings import Settings

FILE = "_file"
"""How the setting that names the file of a secret ends: private_key_file."""


def secret_files(settings: Settings, config: Path | None) -> Iterator[tuple[Path, str]]:
    """Each file that is there, and what it holds."""
    folder = secrets_folder()
    in_folder = sorted(path for path in folder.rglob("*") if path.is_file()) if folder else []
    found: list[tuple[Path, str]] = [(path, "a secret") for path in in_folder]
    if config and _holds_secrets(read_config(config).raw):
        found.append((config, "secrets"))
    found.append((settings.home / ".env", "secrets"))
    keys = (path for connection in settings.connections.values() for path in _named_files(connection))
    found += [(settings.path(path), "a secret") for path in keys]
    url = make_url(store_url(settings))
    if url.get_backend_name() == "sqlite":
        found.append((Path(str(url.database)), "the store"))
    yield from ((path, what) for path, what in found if path.is_file())


def _holds_secrets(values: Any) -> bool:
    """Whether a setting that is a secret stands in these values of the config file."""
    if not isinstance(values, dict):
        return False
    names = secret_names()
    return any((name in names and _is_secret(value)) or _holds_secrets(value) for name, value in values.items())


def _is_secret(value: Any) -> bool:
    """An address is a secret only with a password in it."""
    return isinstance(value, str) and bool(value) and ("://" not in value or "@" in value)


def secret_names() -> frozenset[str]:
    """The names of all settings that are secrets."""
    from connectors.shared.connection import Closed

    tables = tables_below(Closed)
    return frozenset(name for table in tables for name, info in table.model_fields.items() if _is_for_secrets(info))


def _is_for_secrets(info: Any) -> bool:
    return SecretStr in (info.annotation, *get_args(info.annotation))


def _named_files(table: BaseModel) -> Iterator[Path]:
    """The files of secrets that these settings name."""
    for name in type(table).model_fields:
        value = getattr(table, name)
        if isinstance(value, BaseModel):
            yield from _named_files(value)
        elif isinstance(value, Path) and name.removesuffix(FILE) in secret_names():
            yield value
