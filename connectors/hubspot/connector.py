"""The HubSpot connector: what worker and contract tests see."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

from connectors.hubspot.client.client import Client
from connectors.hubspot.client.schema import Schema
from connectors.hubspot.pull import leads as of_leads
from connectors.hubspot.pull.pull import Pull
from connectors.hubspot.pull.read_by_id import read
from connectors.hubspot.push import tasks
from connectors.hubspot.push.moves import Moves
from connectors.hubspot.push.push import BATCH, Push
from connectors.hubspot.setup import check, describe, draft, provision
from connectors.hubspot.setup import export as export_files
from connectors.shared import operations as door
from connectors.shared import remarks
from model.actions import Close, Hand, Move, Remove, Return, Task
from model.errors import AccessRefused
from model.subjects import LEADS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from connectors.hubspot.settings import HubspotSettings
    from model.actions import Act, Receipt
    from model.sync import Budget, Cursor, Description, Draft, Outcome, Page, Patch, Remark


class HubspotConnector:
    """connectors.protocol.Connector for one portal. `clock` and `sleep` are given; `random` spreads the retries.

    `spent`: calls that this connection made in the last 24 hours before this object, counted against its share.
    """

    batch_size = BATCH

    def __init__(
        self,
        settings: HubspotSettings,
        *,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
        random: Random | None = None,
        spent: int = 0,
    ) -> None:
        self.settings, self._clock, self._sleep = settings, clock, sleep
        self._client = Client(settings, clock=clock, sleep=sleep, random=random, spent=spent)
        self._schema = Schema(self._client)
        jitter = (random or Random()).uniform  # noqa: S311 - jitter, not a secret
        self._tasks = tasks.Tasks(self._client, self._schema, settings)
        self._moves = Moves(self._client, self._schema)
        self._push = Push(self._client, self._schema, settings, sleep=sleep, jitter=jitter)

    @property
    def calls(self) -> int:
        """HTTP calls sent so far, renewals of tokens included."""
        return self._client.wire.calls

    def budget(self) -> Budget:
        """The account's daily calls as it last said them, and ours so far."""
        return self._client.budget()

    def describe(self, *, subjects: Collection[str] = ()) -> Description:
        """What can be read and written now, also of `subjects`; raises AccessRefused, RetryLater, BudgetSpent."""
        self._schema.forget()
        account = self._client.account
        ways: dict[str, door.Offered] = {"task": self._tasks, "move": self._moves}
        if not self._schema.fields():
            raise AccessRefused(self._schema.no_deals)
        found = describe.describe(self._client, self._schema, self.settings)
        return replace(
            of_leads.described(found, self._schema, self.settings) if LEADS.table in subjects else found,
            user_id=self._client.actor,
            currency=self.settings.currency or account.currency,
            zone=self.settings.zone or account.zone.key,
            acts=frozenset(door for door, way in ways.items() if way.offered),
        )

    def pull(
        self, cursors: Mapping[str, Cursor], *, full: bool = False, subjects: Collection[str] = ()
    ) -> Iterator[Page]:
        """Pages of every stream; see connectors.protocol."""
        self._schema.forget()
        yield from Pull(self._client, self._schema, self.settings, cursors, full=full, subjects=subjects).pages()

    def read(self, ids: Sequence[str]) -> Page:
        """These deals as they stand now; deleted and merged ones say so, one that nobody knows has vanished."""
        return read(self._client, self._schema, self.settings, ids)

    def push(self, patches: Sequence[Patch]) -> list[Outcome]:
        """Send at most `batch_size` patches; see connectors.protocol. Raises ValueError for fields outside `writes`."""
        return self._push.send(patches)

    def act(self, acts: Sequence[Act]) -> list[Receipt]:
        """Tasks made, completed, deleted, deals moved; see connectors.protocol. Raises ValueError for a doubled key."""
        door.mind(acts, BATCH)
        tasks, moves = self._tasks, self._moves
        ways: dict[type, door.Way] = {
            Task: tasks.make, Hand: tasks.hand, Close: tasks.close, Remove: tasks.remove,
            Move: moves.move, Return: moves.back,
        }  # fmt: skip
        return door.each(acts, ways)

    def check(self, now: datetime, *, subjects: Collection[str] = ()) -> list[Remark]:
        """Sentences: what works, what is missing, what to do; raises AccessRefused, RetryLater, BudgetSpent."""
        self._schema.forget()
        found = check.check(self._client, self._schema, self.settings, now)
        found += remarks.tasks(self._tasks.offered, tasks.LACKS)
        return [*found, *(of_leads.check(self._schema, self.settings) if LEADS.table in subjects else ())]

    def draft(self) -> Draft:
        """What `init` can suggest from this portal: properties for facts, stages for processes."""
        return draft.draft(self._client, self._schema)

    def provision(self, export: Path | None = None) -> list[Remark]:
        """Make our property group and properties by API, or write them below `export` for an admin."""
        if export is not None:
            return export_files.export(self.settings, export)
        who = self.settings.admin
        admin = Client(self.settings, clock=self._clock, sleep=self._sleep, who=who) if who else self._client
        done = list(provision.provision(admin, self.settings))
        self._schema.forget()
        return done
