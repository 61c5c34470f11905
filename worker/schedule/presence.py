"""A worker's process says every few seconds that it is alive."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Final

from model.errors import SettingsProblem
from worker.pipeline.patience import PASSING

if TYPE_CHECKING:
    from collections.abc import Callable

    from store import Kind, Store

SECONDS: Final = 10.0
"""How often."""


class Presence:
    """Notes in the store that this process is alive, for as long as it lives; `store` opens the store."""

    def __init__(self, store: Callable[[], Store], kind: Kind) -> None:
        self._store, self._kind, self._pid = store, kind, 0

    def begin(self) -> None:
        """Begin in this process; once is enough."""
        if self._pid == os.getpid():
            return
        self._pid = os.getpid()
        threading.Thread(target=self._go_on, name="presence", daemon=True).start()

    def _go_on(self) -> None:
        pause = threading.Event()
        self.note()
        while not pause.wait(SECONDS):
            self.note()

    def note(self) -> None:
        """Note it now. A store that is away or full is left alone until the next time; runs say that it is."""
        try:
            self._store().processes.note(self._kind)
        except (*PASSING, SettingsProblem):
            return
