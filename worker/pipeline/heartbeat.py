"""A heartbeat: a thread that renews a right for as long as the work that needs it goes on."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from model.errors import ConnectionBusy
from worker.log import log
from worker.pipeline.patience import PASSING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from store import Lease

LEASE_SECONDS: Final = 40
HEARTBEAT_SECONDS: Final = 10
ENDING_SECONDS: Final = 2.0
"""What is not ours any more may have been given back by the end of the work just now; so long it may take to end."""
MARGIN: Final = timedelta(seconds=5)
"""So long before its end a lease is no longer trusted without asking: clocks of machines differ."""
NOTHING: Final[Mapping[str, object]] = MappingProxyType({})


@dataclass
class Hold:
    """A lease as its holder knows it."""

    lease: Lease
    renewed: Callable[[], Lease]
    clock: Callable[[], datetime]

    def renew(self) -> None:
        """Renew it; raises ConnectionBusy where it was lost."""
        self.lease = self.renewed()

    def confirm(self) -> None:
        """Raise ConnectionBusy where it may have lapsed and was lost, as after this process stood still for a while."""
        if self.clock() >= self.lease.until - MARGIN:
            self.renew()


@contextmanager
def kept_alive(renew: Callable[[], object], about: Mapping[str, object]) -> Iterator[None]:
    """Renew while the block runs. `about` and what is bound to the log say in it what is renewed; `about` may grow."""
    ended, bound = threading.Event(), copy_context()
    thread = threading.Thread(target=bound.run, args=(heartbeat, renew, ended, about), name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def heartbeat(renew: Callable[[], object], ended: threading.Event, about: Mapping[str, object] = NOTHING) -> None:
    """Renew until the work has ended or another holder has taken over. A store that is away is asked again."""
    while not ended.wait(HEARTBEAT_SECONDS):
        try:
            renew()
        except ConnectionBusy as e:
            if not ended.wait(ENDING_SECONDS):
                log().warning("the lease was lost", **about, why=str(e))
            return
        except PASSING as e:
            log().warning("the lease could not be renewed", **about, why=type(e).__name__)
