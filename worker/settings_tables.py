"""The tables of settings that are about no connection: beat's times, messages."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from connectors.shared.connection import Closed
from worker.setting_checks import clock_time

ClockTime = Annotated[str, AfterValidator(clock_time)]
Route = Literal["now", "daily", "weekly", "never"]


class ScheduleSettings(Closed):
    """When beat runs what; times are UTC."""

    incremental_minutes: int = Field(60, ge=1, le=1440, description="minutes between incremental runs")
    full_at: ClockTime = Field("02:00", description="nightly full reconcile, UTC")
    snapshot_at: ClockTime = Field("01:00", description="nightly frozen snapshot and KPIs, UTC")
    calibrate_day: int = Field(1, ge=1, le=28, description="day of the month of the calibration proposal")
    concurrency: int = Field(2, ge=1, le=64, description="worker processes")


class MessageSettings(Closed):
    """How much a rep is told, and when; delivery is a later version's."""

    per_day: int = Field(5, ge=0, le=100, description="most lines that a rep gets a day; fields are never capped")
    critical: Route = Field("now", description="when critical flags are told")
    warning: Route = Field("daily", description="when warnings are told")
    info: Route = Field("weekly", description="when the others are told")
