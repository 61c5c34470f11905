"""Settings tables outside connections: beat's times, KPIs, the HTTP app, messages."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from connectors.shared.connection import Closed
from worker.setting_checks import clock_time

ClockTime = Annotated[str, AfterValidator(clock_time)]
Route = Literal["now", "daily", "weekly", "never"]


class ScheduleSettings(Closed):
    """Beat's schedule; times are in UTC."""

    incremental_minutes: int = Field(60, ge=1, le=1440, description="minutes between incremental runs")
    full_at: ClockTime = Field("02:00", description="nightly full reconcile, UTC")
    prune_at: ClockTime = Field("00:30", description="nightly deletion of what is older than `retention` says, UTC")
    snapshot_at: ClockTime = Field("01:00", description="nightly frozen snapshot and KPIs, UTC")
    calibrate_day: int = Field(1, ge=1, le=28, description="day of the month of the calibration proposal")
    concurrency: int = Field(2, ge=1, le=64, description="worker processes")


class RetentionSettings(Closed):
    """How long the store keeps what grows with each run. `store.decisions_days` is for past verdicts."""

    receipts_days: int = Field(1095, ge=31, description="days that receipts are kept, for `changes` and `runs undo`")
    runs_days: int = Field(400, ge=31, description="days that runs are listed, if nothing that is kept names them")
    reports_days: int = Field(90, ge=7, description="days that a run's remarks, set-aside records and trouble are kept")
    frozen_days: int | None = Field(
        None, ge=31, description="days that frozen nights are kept; absent: `store.decisions_days`"
    )
    kpis_days: int | None = Field(
        None, ge=31, description="days that the last KPI values of each day are kept; absent: `store.decisions_days`"
    )
    kpis_each_run_days: int = Field(7, ge=1, description="days that the KPI values of every run are kept")


class KpiSettings(Closed):
    """How KPIs count and when a value rests on few."""

    enough: int = Field(30, ge=1, description="a value that rests on fewer deals or visits is marked `few`")
    count_imported: bool = Field(default=False, description="deals created closed count in cycles and velocity")
    each_run_up_to: int = Field(
        50_000,
        ge=0,
        description="most deals of a connection that every run judges and measures whole; with more, only full runs do",
    )


class WebSettings(Closed):
    """Where the small HTTP app listens."""

    host: str = Field("127.0.0.1", min_length=1, description="address of this machine on which `web` listens")
    port: int = Field(9464, ge=1, le=65535, description="port on which `web` listens")
    public_url: str = Field(
        "",
        description="address under which CRMs reach `web`, such as https://hooks.example.com; absent: as they call it",
    )


class MessageSettings(Closed):
    """How many messages a rep gets, and when. A later version delivers them."""

    per_day: int = Field(5, ge=0, le=100, description="most lines that a rep gets a day; fields are never capped")
    critical: Route = Field("now", description="when a message names critical flags")
    warning: Route = Field("daily", description="when a message names warnings")
    info: Route = Field("weekly", description="when a message names the other flags")
