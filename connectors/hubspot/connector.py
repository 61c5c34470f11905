"""The HubSpot connector: what worker and contract tests see."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from connectors.hubspot.client.client import Client
from connectors.hubspot.client.schema import Schema
from connectors.hubspot.pull import leads as of_leads
from connectors.hubspot.pull import rates
from connectors.hubspot.pull.again import again, deals_with
from connectors.hubspot.pull.pull import STREAM, Pull
from connectors.hubspot.pull.read_by_id import read
from connectors.hubspot.pull.shares import Windows
from connectors.hubspot.push import tasks
from connectors.hubspot.push.moves import Moves
from connectors.hubspot.push.push import BATCH, Push
from connectors.hubspot.settings import HubspotSettings
from connectors.hubspot.setup import check, describe, draft, provision
from connectors.hubspot.setup import export as export_files
from connectors.shared.connector import CrmConnector
from connectors.shared.setup import remarks
from model.errors import AccessRefused
from model.subjects import LEADS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from connectors.shared.client.daily_budget import Allowance
    from model.sync import Cursor, Description, Draft, Page, Remark


class HubspotConnector(CrmConnector[HubspotSettings]):
    """connectors.protocol.Connector for one portal."""

    batch_size = BATCH

    def _set_up(self, allowance: Allowance | None) -> None:
        self._client: Client = Client(self.settings, **self._given(allowance))
        self._schema = Schema(self._client)
        self._tasks: tasks.Tasks = tasks.Tasks(self._client, self._schema, self.settings)
        self._moves = Moves(self._client, self._schema)
        self._push = Push(self._client, self._schema, self.settings, sleep=self._sleep, jitter=self._random.uniform)

    def _describe(self, subjects: Collection[str]) -> Description:
        """What can be read and written now, also of `subjects`; raises AccessRefused, RetryLater, BudgetSpent."""
        self._schema.forget()
        account = self._client.account
        if not self._schema.fields():
            raise AccessRefused(self._schema.no_deals)
        found = describe.describe(self._client, self._schema, self.settings)
        return replace(
            of_leads.described(found, self._schema, self.settings) if LEADS.table in subjects else found,
            user_id=self._client.actor,
            currency=account.currency,
            rates_to=self._rates_to(account.currency),
            zone=self.settings.zone or account.zone.key,
            acts=self._offered(),
        )

    def _rates_to(self, own: str | None) -> str | None:
        """The currency to which rates lead: the connection's, where the portal has rates of it, else the company's."""
        home = self.settings.currency or own
        return home if own in {None, home} or rates.read(self._client, home) else own

    def _pages(self, cursors: Mapping[str, Cursor], *, full: bool, subjects: Collection[str]) -> Iterator[Page]:
        """Pages of every stream."""
        self._schema.forget()
        yield from Pull(self._client, self._schema, self.settings, cursors, full=full, subjects=subjects).pages()

    @property
    def sharing(self) -> Windows:
        """A large first load is read in windows of ids; see connectors.protocol."""
        return self._windows

    @cached_property
    def _windows(self) -> Windows:
        """One for all windows: it knows the pipelines, owners and accounts that it has seen."""
        pull = Pull(self._client, self._schema, self.settings, {}, full=False)
        return Windows(self._client, self.settings, STREAM, pull.share, self._checked)

    def _read(self, ids: Sequence[str]) -> Page:
        """These deals as they stand now; deleted and merged ones say so, one that nobody knows has vanished."""
        return read(self._client, self._schema, self.settings, ids)

    def _again(self, aside: Mapping[str, list[str]]) -> Iterator[Page]:
        """Records of other tables by id; see connectors.protocol."""
        return again(Pull(self._client, self._schema, self.settings, {}, full=False), aside)

    def _children(self, ids: Sequence[str]) -> Iterator[Page]:
        """What hangs on these deals as it stands now; see connectors.protocol."""
        return Pull(self._client, self._schema, self.settings, {}, full=False).children(list(ids))

    def whole(self, ids: Sequence[str]) -> Iterator[Page]:
        """These deals with all that hangs on them; only those that are not there are looked for in other places."""
        lost = {one: None for one in ids if one.isascii() and one.isdecimal()}
        for page in self.children(list(lost)):
            for one in (*(deal["id"] for deal in page.records.get("opportunity", ())), *(out.id for out in page.aside)):
                lost.pop(one, None)
            yield page
        if lost:
            yield self.read(list(lost))

    def _deals_with(self, activities: Sequence[str]) -> Collection[str]:
        """Ids of the deals on which these activities are now."""
        return deals_with(self._client, activities)

    def _check(self, now: datetime, subjects: Collection[str]) -> list[Remark]:
        """Sentences: what works, what is missing, what to do; raises AccessRefused, RetryLater, BudgetSpent."""
        self._schema.forget()
        found = check.check(self._client, self._schema, self.settings, now)
        found += remarks.tasks(self._tasks.offered, tasks.LACKS)
        return [*found, *(of_leads.check(self._schema, self.settings) if LEADS.table in subjects else ())]

    def _draft(self) -> Draft:
        """What `init` can suggest from this portal: properties for facts, stages for processes."""
        return draft.draft(self._client, self._schema)

    def _provision(self, export: Path | None) -> list[Remark]:
        """Make our property group and properties by API, or write them below `export` for an admin."""
        if export is not None:
            return export_files.export(self.settings, export)
        who = self.settings.admin
        admin = Client(self.settings, clock=self._clock, sleep=self._sleep, who=who) if who else self._client
        done = list(provision.provision(admin, self.settings))
        self._schema.forget()
        return done
