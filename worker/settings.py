"""Every setting, in one place: environment over secrets folder over the TOML file. The docs table is made from here."""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from model.errors import SettingsProblem
from worker.config_file import ConfigFile, read_config
from worker.setting_checks import (
    calendar_name,
    carrier,
    column_name,
    crm_field,
    currency_code,
    fact_name,
    https_or_loopback,
    our_field,
    plain_https,
    zone_name,
)
from worker.settings_tables import Closed, MessageSettings, ScheduleSettings

Zone = Annotated[str, AfterValidator(zone_name)]
Currency = Annotated[str, AfterValidator(currency_code)]


class StoreSettings(Closed):
    """Where the memory lies."""

    url: SecretStr = Field(
        SecretStr(""), description="sqlite:///FILE or postgresql://…; absent: `sluicegate.db` beside the config file"
    )
    decisions_days: int = Field(
        1095, ge=31, description="days that past verdicts (for `explain --at`), frozen nights and KPI values are kept"
    )


class BrokerSettings(Closed):
    """What carries Celery's messages."""

    url: Annotated[SecretStr, AfterValidator(carrier)] = Field(
        SecretStr(""), description="redis://, rediss:// or amqp:// URL; absent: a Valkey of our own beside the store"
    )


class PolicySettings(Closed):
    """Where the policies lie."""

    paths: tuple[Path, ...] = Field((), description="files or folders of YAML; absent: the starter pack")


class FieldSettings(Closed):
    """A fact's CRM field, said at length."""

    field: str = Field(description="CRM field; may name a parent, `Account.Segment__c`")
    when_blank: bool | str | float | None = Field(None, description="what a blank means, e.g. false")


class ActivitySettings(Closed):
    """What counts as activity, and when we may not say."""

    sources: tuple[str, ...] | None = Field(
        None, description="feeds of activity: task, event (salesforce); call, mail, meeting, note, task (hubspot)"
    )
    roll_up: Literal["deal", "contacts"] = Field("deal", description="also count what is logged on the deal's contacts")
    stale_after_hours: float = Field(26, gt=0, description="older than this the feed is late and activity unknown")
    min_coverage: float = Field(0.3, ge=0, le=1, description="a team that touches fewer of its open deals is unknown")
    owner_grace: int = Field(
        10, ge=0, le=90, description="business days that a new owner has before silence is flagged"
    )


class LeadSettings(Closed):
    """Leads, which are read where a policy names them."""

    closed: tuple[str, ...] = Field(
        ("Closed - Not Converted", "Unqualified", "Disqualified"), description="statuses of leads that were given up"
    )


class CredentialSettings(Closed):
    """Who we are to a CRM."""

    auth: Literal["client_credentials", "jwt", "refresh_token", "private_app", "oauth"] | None = Field(
        None, description="how we log in; absent: client_credentials (salesforce), private_app (hubspot)"
    )
    consumer_key: str = Field("", description="the connected app's key")
    consumer_secret: SecretStr = Field(SecretStr(""), description="the connected app's secret")
    username: str = Field("", description="the user to act as (jwt)")
    private_key: SecretStr = Field(SecretStr(""), description="PEM text (jwt)")
    private_key_file: Path | None = Field(None, description="PEM file (jwt)")
    refresh_token: SecretStr = Field(SecretStr(""), description="token of the refresh flow (refresh_token, oauth)")
    access_token: SecretStr = Field(SecretStr(""), description="the private app's token (private_app)")
    client_id: str = Field("", description="the app's id (oauth)")
    client_secret: SecretStr = Field(SecretStr(""), description="the app's secret (oauth)")


class FilesSettings(Closed):
    """An exported report and what lies beside it (kind `tables`)."""

    opportunities: Path = Field(description="CSV with a row a deal")
    owners: Path | None = Field(None, description="CSV of owners with team and manager")
    activities: Path | None = Field(None, description="CSV of activities")
    history: Path | None = Field(None, description="CSV of stage changes")
    products: Path | None = Field(None, description="CSV of products, to check their names")
    findings: Path | None = Field(None, description="where the findings go; absent: beside the report")
    stage_entered: dict[str, str] = Field(default_factory=dict, description="stage = header of its entry date")
    won: tuple[str, ...] = Field((), description="stages that mean won; absent: by their words")
    lost: tuple[str, ...] = Field((), description="stages that mean lost; absent: by their words")
    dates: Literal["dmy", "mdy", "ymd"] | None = Field(None, description="order of day, month and year")
    decimal: Literal[".", ","] | None = Field(None, description="the decimal sign")


class ConnectionSettings(CredentialSettings):
    """One CRM connection, whatever its kind."""

    kind: Literal["salesforce", "hubspot", "tables"] = Field(description="which connector")
    sandbox: bool = Field(default=False, description="a trial org: another day's verdict may be written")
    login_url: Annotated[str, AfterValidator(plain_https)] = Field(
        "https://login.salesforce.com", description="Salesforce: any host that hands out tokens"
    )
    base_url: Annotated[str, AfterValidator(https_or_loopback)] = Field(
        "https://api.hubapi.com", description="HubSpot: where its API is"
    )
    api_version: str = Field("62.0", pattern=r"^\d\d\.0$", description="Salesforce API version, as 62.0")
    ca_file: Path | None = Field(None, description="CA bundle to trust instead of the system's")
    proxy: SecretStr = Field(SecretStr(""), description="HTTPS proxy URL")
    budget_share: float = Field(0.2, gt=0, le=1, description="our share of the org's daily calls")
    admin: CredentialSettings | None = Field(None, description="credentials for `provision` alone")
    files: FilesSettings | None = Field(None, description="tables: the exported report")
    timezone: Zone = Field("UTC", description="IANA zone, where an owner's is not known")
    calendar: Annotated[str, AfterValidator(calendar_name)] = Field(
        "", description="country of the holidays, `US`, `DE-BY`"
    )
    fiscal_year_starts: int = Field(1, ge=1, le=12, description="month in which the fiscal year begins, 1 to 12")
    currency: Currency = Field("USD", description="home currency, ISO 4217")
    linked_to: str = Field("", description="connection that judges and writes the deals both carry, by `linked_id`")
    scope: str = Field("", description="condition: which open deals are judged and written")
    integration_users: tuple[str, ...] = Field((), description="logins whose activities are no touch")
    targets: Path | None = Field(None, description="CSV: owner or team, period, amount, currency")
    rates: Path | None = Field(None, description="CSV: currency, date, rate to the home currency")
    people: Path | None = Field(None, description="CSV: owner, manager, team, zone, start date")
    brake: bool | None = Field(
        None, description="hold a policy that changes too much at once; absent: on, unless it is a sandbox"
    )
    hold_unknown_days: int = Field(7, ge=0, description="days an unknown holds what the record shows")
    calibration_floor_days: int = Field(7, ge=1, description="no ageing limit falls below this")
    activity: ActivitySettings = Field(ActivitySettings(), description="see below")
    fields: dict[Annotated[str, AfterValidator(column_name)], str | FieldSettings] = Field(
        default_factory=dict, description="fact = CRM field, or header of a report; of a file beside it 'owners.team'"
    )
    lead_fields: dict[Annotated[str, AfterValidator(fact_name)], str | FieldSettings] = Field(
        default_factory=dict, description="fact of leads = CRM field of the lead"
    )
    leads: LeadSettings = Field(LeadSettings(), description="see below")
    writes: dict[Annotated[str, AfterValidator(our_field)], Annotated[str, AfterValidator(crm_field)]] = Field(
        default_factory=dict, description="our field = CRM field; absent: as provisioned"
    )

    @model_validator(mode="after")
    def _only_reports_have_files_beside_them(self) -> ConnectionSettings:
        strays = [name for name in self.fields if "." in name and self.kind != "tables"]
        if strays:
            raise ValueError(f"'{strays[0]}' under fields cannot be a fact's name; use small letters, digits and _")
        return self


class Settings(BaseSettings):
    """All settings; `home` is the folder of the config file, against which relative paths are read."""

    model_config = SettingsConfigDict(
        env_prefix="SLUICEGATE_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        validate_default=False,
        hide_input_in_errors=True,
    )

    home: Path = Field(Path(), description="set by --config")
    store: StoreSettings = Field(StoreSettings(), description="the memory")
    broker: BrokerSettings = Field(BrokerSettings(), description="the messages")
    policies: PolicySettings = Field(PolicySettings(), description="the policies")
    schedule: ScheduleSettings = Field(ScheduleSettings(), description="beat's times")
    messages: MessageSettings = Field(MessageSettings(), description="what reps are told beside the record")
    connections: dict[str, ConnectionSettings] = Field(default_factory=dict, description="by name")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic's signature
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment first, then the secrets folder, then what the TOML file says (given at init)."""
        folder = os.environ.get("SLUICEGATE_SECRETS_DIR")
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
        """A path of the config file, read against the config file's folder."""
        return self.home / path

    def connection(self, name: str) -> ConnectionSettings:
        """One connection by name; raises SettingsProblem naming those there are."""
        if name in self.connections:
            return self.connections[name]
        known = ", ".join(sorted(self.connections)) or "none"
        raise SettingsProblem(f"There is no connection '{name}' in the config file (there: {known}).")


class GivenSettings(Settings):
    """Settings as they are given, whatever the environment holds: for what needs no config."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - pydantic's signature
        init_settings: PydanticBaseSettingsSource,
        *_others: PydanticBaseSettingsSource,
        **_named: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is given at init."""
        return (init_settings,)


def read_settings(config: Path | None) -> Settings:
    """Settings from a TOML file and the environment; raises SettingsProblem with every mistake in it."""
    file = read_config(config) if config else None
    home = config.resolve().parent if config else Path.cwd()
    try:
        return Settings(**{**(file.raw if file else {}), "home": home})
    except ValidationError as e:
        raise SettingsProblem(mistakes(e, file)) from None
    except SettingsError as e:
        raise SettingsProblem(f"SLUICEGATE_SECRETS_DIR: {e}.") from None


def mistakes(error: ValidationError, file: ConfigFile | None = None) -> str:
    """Every mistake, a sentence a line; values are left out, since one may be a secret."""
    return "\n".join(_sentence(dict(mistake), file) for mistake in error.errors(include_input=False))


def _sentence(error: dict[str, Any], file: ConfigFile | None) -> str:
    place = ".".join(str(part) for part in error["loc"])
    said = f"{_source(error, file)}'{place}'"
    if error["type"] == "extra_forbidden":
        return f"{said} is not a setting{_meant(str(error['loc'][-1]))}."
    if error["type"] == "missing":
        return f"{said} is missing."
    return f"{said}: {error['msg'].removeprefix('Value error, ').replace('Input should be', 'it must be')}."


def _source(error: dict[str, Any], file: ConfigFile | None) -> str:
    """Where a mistake stands: an environment variable, a line of the file, or what is known of it."""
    path = tuple(part for part in error["loc"] if isinstance(part, str))
    variable = "SLUICEGATE_" + "__".join(path).upper()
    if variable in os.environ:
        return f"{variable}: "
    if file is None:
        return ""
    return f"{file.place(path, absent=error['type'] == 'missing') or f'{file.path}, with the environment'}: "


def _meant(name: str) -> str:
    """The setting that comes nearest, of all tables."""
    tables: list[type[BaseModel]] = [Settings, *Closed.__subclasses__(), ConnectionSettings]
    known = sorted({known for table in tables for known in table.model_fields})
    close = difflib.get_close_matches(name, known, 1)
    return f"; did you mean '{close[0]}'" if close else ""


def share_cores(processes: int) -> None:
    """Give each worker process its share of the cores, before Polars makes its threads."""
    os.environ.setdefault("POLARS_MAX_THREADS", str(max(1, (os.cpu_count() or 1) // processes)))
