"""Settings that are read again before each piece of work, so that a secret can be rotated without a restart."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from model.errors import SettingsProblem
from worker.log import log
from worker.wiring import wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from worker.settings import Settings
    from worker.wiring import Services


class Current:
    """The services of this process, made when they are first asked for, never before a fork.

    `read` reads the settings anew. What it says of connections and of the store counts from the next piece of work on;
    all other settings stay as they were at the start. While the settings have mistakes, the last good ones count.
    """

    def __init__(self, settings: Settings, read: Callable[[], Settings], trigger: str = "schedule") -> None:
        self._settings, self._read, self._trigger = settings, read, trigger
        self._services: Services | None = None
        self._trouble = ""
        self._one_at_a_time = threading.Lock()

    def __call__(self) -> Services:
        """The services over the settings as they stand now. Raises SettingsProblem, StoreProblem for the store."""
        with self._one_at_a_time:
            now = self._now()
            if self._services is None or now.store != self._settings.store:
                self._services = replace(wire(now), trigger=self._trigger)
            elif now.connections != self._settings.connections:
                self._services = replace(self._services, settings=now, meters={})
                log().info("settings of connections have changed", connections=self._changed(now))
            self._settings = now
            return self._services

    def _changed(self, now: Settings) -> list[str]:
        before = self._settings.connections
        return [name for name, connection in now.connections.items() if connection != before.get(name)]

    def _now(self) -> Settings:
        try:
            found = self._read()
        except SettingsProblem as e:
            if str(e) != self._trouble:
                log().error("settings are wrong; the last good ones stay in force", problems=str(e))
            self._trouble = str(e)
            return self._settings
        self._trouble = ""
        return self._settings.model_copy(update={"connections": found.connections, "store": found.store})
