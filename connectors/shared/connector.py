"""The common part of connectors that call a CRM over the network; each CRM's own connector adds how it reads."""

from __future__ import annotations

from abc import ABC, abstractmethod
from random import Random
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from connectors.shared.push import operations
from model.actions import Close, Hand, Move, Remove, Return, Task

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from connectors.shared.client.http_session import Wire
    from connectors.shared.push.moves import CrmMoves
    from connectors.shared.push.operations import Way
    from connectors.shared.push.tasks import CrmTasks
    from model.actions import Act, Receipt
    from model.sync import Budget, Outcome, Patch

SettingsT = TypeVar("SettingsT")


class CountingClient(Protocol):
    """A client, as far as its calls are counted."""

    wire: Wire

    def budget(self) -> Budget:
        """The CRM's daily calls by its last reply, and our own calls."""


class Sender(Protocol):
    """Sends patches."""

    def send(self, patches: Sequence[Patch]) -> list[Outcome]:
        """One outcome for each patch, in order."""


class CrmConnector(ABC, Generic[SettingsT]):
    """The part of connectors.protocol.Connector that is the same for each CRM over the network.

    `clock` and `sleep` are given; `random` spreads the retries. `spent`: calls that this connection made in the last
    24 hours before this object, counted against its share. A CRM's `_set_up` makes what the other methods use;
    without tasks or moves such acts are refused.
    """

    batch_size: int
    _client: CountingClient
    _tasks: CrmTasks | None = None
    _moves: CrmMoves | None = None
    _push: Sender

    def __init__(
        self,
        settings: SettingsT,
        *,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
        random: Random | None = None,
        spent: int = 0,
    ) -> None:
        self.settings, self._clock, self._sleep = settings, clock, sleep
        self._random = random or Random()  # noqa: S311 - jitter, not a secret
        self._set_up(spent)

    def _given(self, spent: int) -> dict[str, Any]:
        """A client's arguments in addition to its settings."""
        return {"clock": self._clock, "sleep": self._sleep, "random": self._random, "spent": spent}

    @abstractmethod
    def _set_up(self, spent: int) -> None:
        """Make client, schema, tasks, moves and push."""

    @property
    def calls(self) -> int:
        """HTTP calls sent so far, logins included."""
        return self._client.wire.calls

    def budget(self) -> Budget:
        """The CRM's daily calls by its last reply, and our own calls so far."""
        return self._client.budget()

    def push(self, patches: Sequence[Patch]) -> list[Outcome]:
        """Send at most `batch_size` patches; see connectors.protocol. Raises ValueError for fields outside `writes`."""
        return self._push.send(patches)

    def act(self, acts: Sequence[Act]) -> list[Receipt]:
        """Tasks made, completed, deleted, deals moved; see connectors.protocol. Raises ValueError for a doubled key."""
        operations.mind(acts, self.batch_size)
        ways: dict[type, Way] = {}
        if tasks := self._tasks:
            ways |= {Task: tasks.make, Hand: tasks.hand, Close: tasks.close, Remove: tasks.remove}
        if moves := self._moves:
            ways |= {Move: moves.move, Return: moves.back}
        return operations.each(acts, ways)

    def _offered(self) -> frozenset[str]:
        """The kinds of act that can be done now, as `Description.acts` has them."""
        ways = {"task": self._tasks, "move": self._moves}
        return frozenset(name for name, way in ways.items() if way and way.offered)
