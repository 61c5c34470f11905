"""The settings of a connection as files and environment give them; each CRM adds its own keys to these."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from connectors.shared.setting_checks import (
    calendar_name,
    column_name,
    condition_mistakes,
    crm_field,
    currency_code,
    fact_name,
    our_field,
    zone_name,
)

Zone = Annotated[str, AfterValidator(zone_name)]
Currency = Annotated[str, AfterValidator(currency_code)]


class Closed(BaseModel):
    """A table of settings: frozen, and an unknown key is refused. Errors show no values, since one may be a secret."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class FieldSettings(Closed):
    """The CRM field of a fact, with what a blank in it means."""

    field: str = Field(description="CRM field; may name a parent, `Account.Segment__c`")
    when_blank: bool | str | float | None = Field(None, description="what a blank means, e.g. false")


class ActivitySettings(Closed):
    """What counts as activity, and when activity is unknown."""

    sources: tuple[str, ...] | None = Field(None, description="feeds of activity, by the CRM's own words; absent: all")
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


class ConnectionSettings(Closed):
    """One connection of any kind."""

    names_columns: ClassVar[bool] = False
    """Whether `fields` may name columns of the files that lie with a report."""

    kind: str = Field(description="which connector")
    sandbox: bool = Field(default=False, description="a trial org: another day's verdict may be written")
    ca_file: Path | None = Field(None, description="CA bundle to trust instead of the system's")
    proxy: SecretStr = Field(SecretStr(""), description="HTTPS proxy URL")
    budget_share: float = Field(0.2, gt=0, le=1, description="our share of the org's daily calls")
    budget_reserve: float = Field(
        0.05, ge=0, lt=1, description="share of the org's daily calls that is always left to others"
    )
    timezone: Zone = Field("UTC", description="IANA zone, where an owner's is not known")
    calendar: Annotated[str, AfterValidator(calendar_name)] = Field(
        "", description="country of the holidays, `US`, `DE-BY`"
    )
    fiscal_year_starts: int = Field(1, ge=1, le=12, description="month in which the fiscal year begins, 1 to 12")
    currency: Literal[""] | Currency = Field(
        "", description="home currency, ISO 4217; absent: the CRM's own, for a report USD"
    )
    linked_to: str = Field("", description="connection that judges and writes the deals both carry, by `linked_id`")
    scope: str = Field("", description="condition: which open deals are judged and written")
    kpi_scope: str = Field("", description="condition: which deals KPIs count; absent: all")
    integration_users: tuple[str, ...] = Field((), description="logins with activities that are no touch")
    targets: Path | None = Field(None, description="CSV: owner or team, period, amount, currency")
    benchmarks: Path | None = Field(
        None, description="CSV: segment, kpi, low, high, source, year, and stage; absent: the shipped ones"
    )
    spend: Path | None = Field(None, description="CSV: period, amount, currency; perhaps channel, campaign, segment")
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

    @property
    def looked(self) -> bool:
        """Whether a look each minute says on which deals somebody works."""
        return False

    @property
    def nudged(self) -> bool:
        """Whether the CRM, or a look at it, says at once on which deals somebody works."""
        return self.looked

    @model_validator(mode="after")
    def _fields_name_facts(self) -> ConnectionSettings:
        columns = [] if self.names_columns else [name for name in self.fields if "." in name]
        if columns:
            raise ValueError(f"'{columns[0]}' under fields cannot be a fact's name; use small letters, digits and _")
        return self

    @model_validator(mode="after")
    def _conditions_can_be_read(self) -> ConnectionSettings:
        texts = {"scope": self.scope, "kpi_scope": self.kpi_scope}
        mistakes = [f"{key}, {one}" for key, text in texts.items() for one in condition_mistakes(text, self.fields)]
        if mistakes:
            raise ValueError("; ".join(mistakes))
        return self
