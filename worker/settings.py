"""All settings: the environment over the secrets folder over the TOML file. The docs table is generated from here."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Union

from pydantic import AfterValidator, Field, PlainValidator, SecretStr, ValidationError, create_model
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from connectors.registry import KINDS, crm
from connectors.shared.connection import Closed, ConnectionSettings
from model.errors import SettingsProblem
from worker.config_file import ConfigFile, read_config
from worker.setting_checks import carrier
from worker.settings_sources import source_trouble
from worker.settings_tables import KpiSettings, MessageSettings, RetentionSettings, ScheduleSettings, WebSettings


class StoreSettings(Closed):
    """Where the database is."""

    url: SecretStr = Field(
        SecretStr(""), description="sqlite:///FILE or postgresql://…; absent: `sluicegate.db` beside the config file"
    )
    decisions_days: int = Field(1095, ge=31, description="days that past verdicts (for `explain --at`) are kept")


class BrokerSettings(Closed):
    """What carries Celery's messages."""

    url: Annotated[SecretStr, AfterValidator(carrier)] = Field(
        SecretStr(""), description="redis://, rediss:// or amqp:// URL; absent: an embedded Valkey next to the store"
    )


class PolicySettings(Closed):
    """Where the policies lie."""

    paths: tuple[Path, ...] = Field((), description="files or folders of YAML; absent: the starter pack")


KNOWN_KIND: Any = Literal[tuple(KINDS)]
UNKNOWN: Final = create_model("UNKNOWN", __base__=ConnectionSettings, kind=(KNOWN_KIND, ...))
"""A connection of an unknown kind. The message names this and every other mistake in it."""


def connection_settings(values: Any) -> ConnectionSettings:
    """Validate a connection by its kind's model. Keys of other kinds are ignored. Raises ValidationError."""
    if isinstance(values, ConnectionSettings) or not isinstance(values, Mapping):
        return ConnectionSettings.model_validate(values)
    models = {kind: crm(kind).connection for kind in KINDS}
    model = models.get(str(values.get("kind")), UNKNOWN)
    elsewhere = {key for other in models.values() for key in other.model_fields} - model.model_fields.keys()
    return model.model_validate({key: value for key, value in values.items() if key not in elsewhere})


if TYPE_CHECKING:
    Connection = ConnectionSettings
else:  # a validator keeps the file's own places and reports every mistake, even with a wrong kind
    Connection = Annotated[
        Union[tuple(crm(kind).connection for kind in KINDS)], PlainValidator(connection_settings)  # noqa: UP007
    ]


class Settings(BaseSettings):
    """All settings. `home` is the config file's folder; relative paths start there."""

    model_config = SettingsConfigDict(
        env_prefix="SLUICEGATE_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        validate_default=False,
        hide_input_in_errors=True,
    )

    home: Path = Field(Path(), description="set by --config")
    store: StoreSettings = Field(StoreSettings(), description="the database")
    retention: RetentionSettings = Field(RetentionSettings(), description="how long things are kept")
    broker: BrokerSettings = Field(BrokerSettings(), description="the messages")
    policies: PolicySettings = Field(PolicySettings(), description="the policies")
    schedule: ScheduleSettings = Field(ScheduleSettings(), description="beat's times")
    kpis: KpiSettings = Field(KpiSettings(), description="how KPIs are measured")
    web: WebSettings = Field(WebSettings(), description="the HTTP app with metrics and health")
    messages: MessageSettings = Field(MessageSettings(), description="messages to reps, besides the record")
    connections: dict[str, Connection] = Field(default_factory=dict, description="by name")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic's signature
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Sources in order: environment, secrets folder, TOML file (passed to init)."""
        folder = secrets_folder()
        environment = EnvSettingsSource(settings_cls, env_ignore_empty=True)
        environment.env_vars = {k: v for k, v in environment.env_vars.items() if k != "sluicegate_secrets_dir"}
        if not folder:
            return environment, init_settings
        secrets = NestedSecretsSettingsSource(
            file_secret_settings, secrets_dir=folder, secrets_dir_missing="error", secrets_nested_delimiter="__"
        )
        del env_settings
        return environment, secrets, init_settings

    def path(self, path: Path) -> Path:
        """Resolve a path from the config file against its folder."""
        return self.home / path

    def connection(self, name: str) -> ConnectionSettings:
        """A connection by name. Raises SettingsProblem that lists the existing ones."""
        if name in self.connections:
            return self.connections[name]
        known = ", ".join(sorted(self.connections)) or "none"
        raise SettingsProblem(f"There is no connection '{name}' in the config file (there: {known}).")


class GivenSettings(Settings):
    """Settings from arguments alone, for commands without a config. The environment is ignored."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - pydantic's signature
        init_settings: PydanticBaseSettingsSource,
        *_others: PydanticBaseSettingsSource,
        **_named: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Use the init arguments alone."""
        return (init_settings,)


def read_settings(config: Path | None) -> Settings:
    """Read settings from a TOML file and the environment. Raises SettingsProblem with every mistake."""
    file = read_config(config) if config else None
    home = config.resolve().parent if config else Path.cwd()
    try:
        return Settings(**{**(file.raw if file else {}), "home": home})
    except ValidationError as e:
        raise SettingsProblem(mistakes(e, file)) from None
    except (SettingsError, UnicodeDecodeError, OSError) as e:
        raise SettingsProblem(source_trouble(os.environ, e)) from None


def mistakes(error: ValidationError, file: ConfigFile | None = None) -> str:
    """Every mistake, one sentence per line. Values are left out because they may be secrets."""
    return "\n".join(_sentence(dict(mistake), file) for mistake in error.errors(include_input=False))


def _sentence(error: dict[str, Any], file: ConfigFile | None) -> str:
    place = ".".join(str(part) for part in error["loc"])
    place_text = f"{_source(error, file)}'{place}'"
    if error["type"] == "extra_forbidden":
        return f"{place_text} is not a setting{_meant(str(error['loc'][-1]))}."
    if error["type"] == "missing":
        return f"{place_text} is missing."
    return f"{place_text}: {error['msg'].removeprefix('Value error, ').replace('Input should be', 'it must be')}."


def _source(error: dict[str, Any], file: ConfigFile | None) -> str:
    """Place of a mistake: an environment variable, a line of the file, or the setting's path."""
    path = tuple(part for part in error["loc"] if isinstance(part, str))
    variable = "SLUICEGATE_" + "__".join(path).upper()
    if variable in os.environ:
        return f"{variable}: "
    if file is None:
        return ""
    return f"{file.place(path, absent=error['type'] == 'missing') or f'{file.path}, with the environment'}: "


def _meant(name: str) -> str:
    """The most similar setting name in any table."""
    known = sorted({*Settings.model_fields, *(known for table in tables_below(Closed) for known in table.model_fields)})
    close = difflib.get_close_matches(name, known, 1)
    return f"; did you mean '{close[0]}'" if close else ""


def tables_below(table: type[Closed]) -> Iterator[type[Closed]]:
    """Every settings table of this model."""
    for below in table.__subclasses__():
        yield below
        yield from tables_below(below)


def secrets_folder() -> Path | None:
    """The folder with a file for each secret, if there is one."""
    folder = os.environ.get("SLUICEGATE_SECRETS_DIR")
    return Path(folder) if folder else None


def share_cores(processes: int) -> None:
    """Limit each worker process to its share of the cores. Call it before Polars starts its threads."""
    os.environ.setdefault("POLARS_MAX_THREADS", str(max(1, (os.cpu_count() or 1) // processes)))
