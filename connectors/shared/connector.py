"""The common part of connectors that call a CRM over the network; each CRM's own connector adds how it reads."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar

from connectors.shared.client.shapes import understood
from connectors.shared.pull.absence import Absence
from connectors.shared.pull.door import checked
from connectors.shared.push import operations
from model.actions import Close, Hand, Move, Remove, Return, Task
from model.sync import CertificateRemark, ClockRemark, Look, Page, SetAside

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from connectors.protocol import Sharing
    from connectors.shared.client.daily_budget import Allowance
    from connectors.shared.client.http_session import Wire
    from connectors.shared.push.moves import CrmMoves
    from connectors.shared.push.operations import Way
    from connectors.shared.push.tasks import CrmTasks
    from model.actions import Act, Receipt
    from model.sync import Budget, Cursor, Description, Draft, Outcome, Patch, Remark

SettingsT = TypeVar("SettingsT")

_AT_ONCE: Final = 500
"""Deals of one read by id."""
_NAMELESS: Final = "the reply has a record without a usable id"


class CountingClient(Protocol):
    """A client, as far as its calls are counted."""

    wire: Wire
    misfits: list[SetAside]

    @property
    def clock_remark(self) -> str | None:
        """A sentence where the server's clock and ours are far apart."""

    @property
    def certificate_remark(self) -> str | None:
        """A sentence where the server's certificate ends soon."""

    def budget(self) -> Budget:
        """The CRM's daily calls by its last reply, and our own calls."""


class Sender(Protocol):
    """Sends patches."""

    def send(self, patches: Sequence[Patch]) -> list[Outcome]:
        """One outcome for each patch, in order."""


class CrmConnector(ABC, Generic[SettingsT]):
    """The part of connectors.protocol.Connector that is the same for each CRM over the network.

    `clock` and `sleep` are given; `random` spreads the retries. `allowance`: what the connection has called and may
    call. A CRM's `_set_up` makes what the other methods use;
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
        allowance: Allowance | None = None,
    ) -> None:
        self.settings, self._clock, self._sleep = settings, clock, sleep
        self._random = random or Random()  # noqa: S311 - jitter, not a secret
        self._set_up(allowance)

    def _given(self, allowance: Allowance | None) -> dict[str, Any]:
        """A client's arguments in addition to its settings."""
        return {"clock": self._clock, "sleep": self._sleep, "random": self._random, "allowance": allowance}

    @abstractmethod
    def _set_up(self, allowance: Allowance | None) -> None:
        """Make client, schema, tasks, moves and push."""

    def describe(self, *, subjects: Collection[str] = ()) -> Description:
        """What can be read and written now; see connectors.protocol."""
        with understood():
            found = self._describe(subjects)
        self._client.misfits.clear()  # the pull reads the same lists and notes them with its pages
        return found

    @abstractmethod
    def _describe(self, subjects: Collection[str]) -> Description: ...

    def pull(
        self, cursors: Mapping[str, Cursor], *, full: bool = False, subjects: Collection[str] = ()
    ) -> Iterator[Page]:
        """Pages of every stream, each checked; see connectors.protocol."""
        self._client.misfits.clear()
        absence = Absence()
        with understood():
            for page in self._pages(cursors, full=full, subjects=subjects):
                yield absence.proved(self._checked(page))
            if remark := self._client.clock_remark:
                yield Page({}, remarks=(remark,))

    @abstractmethod
    def _pages(self, cursors: Mapping[str, Cursor], *, full: bool, subjects: Collection[str]) -> Iterator[Page]: ...

    @property
    def sharing(self) -> Sharing | None:
        """How workers share a first load; see connectors.protocol."""
        return None

    def read(self, ids: Sequence[str]) -> Page:
        """These deals as they stand now, checked; see connectors.protocol."""
        with understood():
            return self._found(ids)

    @abstractmethod
    def _read(self, ids: Sequence[str]) -> Page: ...

    def _found(self, ids: Sequence[str]) -> Page:
        """These deals. One that is not found is set aside where the reply has a record without a usable id."""
        page = self._checked(self._read(ids))
        aside, deals = {one.id for one in page.aside}, page.records["opportunity"]
        lost = [deal for deal in deals if deal.get("gone") == "vanished" and not aside.isdisjoint({"", deal["id"]})]
        unknown = (SetAside("opportunity", deal["id"], _NAMELESS) for deal in lost if deal["id"] not in aside)
        found = [deal for deal in deals if deal not in lost]
        return replace(page, records={**page.records, "opportunity": found}, aside=(*page.aside, *unknown))

    def again(self, aside: Mapping[str, Sequence[str]]) -> Iterator[Page]:
        """Records that were set aside, as they stand now, checked; see connectors.protocol."""
        deals, absence = aside.get("opportunity", ()), Absence()
        with understood():
            for start in range(0, len(deals), _AT_ONCE):
                yield self._found(deals[start : start + _AT_ONCE])
            for page in self._again({table: list(ids) for table, ids in aside.items() if table != "opportunity"}):
                yield absence.proved(self._checked(page))

    @abstractmethod
    def _again(self, aside: Mapping[str, list[str]]) -> Iterator[Page]:
        """The same for all tables but deals."""

    def children(self, ids: Sequence[str]) -> Iterator[Page]:
        """What hangs on these deals as it stands now, checked; see connectors.protocol."""
        with understood():
            for page in self._children(ids):
                yield Absence().proved(self._checked(page))

    @abstractmethod
    def _children(self, ids: Sequence[str]) -> Iterator[Page]: ...

    def whole(self, ids: Sequence[str]) -> Iterator[Page]:
        """These deals with all that hangs on them; see connectors.protocol."""
        page = self.read(ids)
        yield page
        yield from self.children([deal["id"] for deal in page.records["opportunity"] if not deal.get("gone")])

    def look(self, seen: str) -> Look:
        """What was changed lately; see connectors.protocol. Nothing, where the CRM says it by itself."""
        return Look(seen=seen)

    def deals_with(self, activities: Sequence[str]) -> Collection[str]:
        """Ids of the deals on which these activities are now; see connectors.protocol."""
        with understood():
            return self._deals_with(activities)

    @abstractmethod
    def _deals_with(self, activities: Sequence[str]) -> Collection[str]: ...

    def _checked(self, page: Page) -> Page:
        """The page with the misfits that came with it, and nothing in it that cannot be judged."""
        misfits, self._client.misfits[:] = tuple(self._client.misfits), ()
        return checked(replace(page, aside=page.aside + misfits) if misfits else page)

    def check(self, now: datetime, *, subjects: Collection[str] = ()) -> list[Remark]:
        """Sentences: what works, what is missing, what to do; see connectors.protocol."""
        with understood():
            found = self._check(now, subjects)
        clock, certificate = self._client.clock_remark, self._client.certificate_remark
        found += [ClockRemark("warning", clock)] if clock else []
        return [*found, *([CertificateRemark("warning", certificate)] if certificate else [])]

    @abstractmethod
    def _check(self, now: datetime, subjects: Collection[str]) -> list[Remark]: ...

    def draft(self) -> Draft:
        """What `init` can suggest; see connectors.protocol."""
        with understood():
            return self._draft()

    @abstractmethod
    def _draft(self) -> Draft: ...

    def provision(self, export: Path | None = None) -> list[Remark]:
        """Make what is missing in the CRM, or write it below `export`; see connectors.protocol."""
        with understood():
            return self._provision(export)

    @abstractmethod
    def _provision(self, export: Path | None) -> list[Remark]: ...

    @property
    def calls(self) -> int:
        """HTTP calls sent so far, logins included."""
        return self._client.wire.calls

    def budget(self) -> Budget:
        """The CRM's daily calls by its last reply, and our own calls so far."""
        return self._client.budget()

    def push(self, patches: Sequence[Patch]) -> list[Outcome]:
        """Send at most `batch_size` patches; see connectors.protocol. Raises ValueError for fields outside `writes`."""
        with understood(but=ValueError):
            return self._push.send(patches)

    def act(self, acts: Sequence[Act]) -> list[Receipt]:
        """Tasks made, completed, deleted, deals moved; see connectors.protocol. Raises ValueError for a doubled key."""
        operations.check_acts(acts, self.batch_size)
        ways: dict[type, Way] = {}
        if tasks := self._tasks:
            ways |= {Task: tasks.make, Hand: tasks.hand, Close: tasks.close, Remove: tasks.remove}
        if moves := self._moves:
            ways |= {Move: moves.move, Return: moves.back}
        self._client.misfits.clear()
        with understood():
            receipts = operations.each(acts, ways)
        nameless, self._client.misfits[:] = bool(self._client.misfits), ()
        return [_undecided(one) if nameless and one.kind == "gone" else one for one in receipts]

    def _offered(self) -> frozenset[str]:
        """The kinds of act that can be done now, as `Description.acts` has them."""
        ways = {"task": self._tasks, "move": self._moves}
        return frozenset(name for name, way in ways.items() if way and way.offered)


def _undecided(receipt: Receipt) -> Receipt:
    """The receipt of an act on a deal that may be the one that came without its id."""
    return replace(receipt, kind="retry_later", reason=_NAMELESS)
