"""The Salesforce connector: what worker and contract tests see."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from connectors.salesforce.client.client import Client
from connectors.salesforce.client.schema import Schema
from connectors.salesforce.client.windows import chunks, id_list
from connectors.salesforce.pull import leads as of_leads
from connectors.salesforce.pull import opportunities, org_tables
from connectors.salesforce.pull.again import Again
from connectors.salesforce.pull.children import children
from connectors.salesforce.pull.look import look
from connectors.salesforce.pull.pull import Pull
from connectors.salesforce.push import tasks
from connectors.salesforce.push.moves import Moves
from connectors.salesforce.push.push import BATCH, Push
from connectors.salesforce.settings import SalesforceSettings
from connectors.salesforce.setup import check, describe, draft, provision
from connectors.salesforce.setup import export as export_files
from connectors.shared.client.shapes import understood
from connectors.shared.connector import CrmConnector
from connectors.shared.pull.convert import known_zone
from connectors.shared.pull.rows import convert
from connectors.shared.record_ids import full_id
from connectors.shared.setup import remarks
from model.errors import AccessRefused
from model.subjects import LEADS
from model.sync import Page

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from connectors.shared.client.daily_budget import Allowance
    from model.sync import Cursor, Description, Draft, Look, Remark


class SalesforceConnector(CrmConnector[SalesforceSettings]):
    """connectors.protocol.Connector for one org."""

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
        self._schema.organization = None
        if self._schema.entity(opportunities.ENTITY) is None:
            raise AccessRefused("Our Salesforce user may not read opportunities; give it the object's Read permission.")
        found = describe.describe(self._client, self._schema, self.settings)
        if LEADS.table in subjects:
            found = of_leads.described(found, self._schema, self.settings)
        organization = org_tables.organization(self._client, self._schema)
        return replace(
            found,
            user_id=self._client.user_id,
            currency=organization.currency,
            rates_to=self._rates_to(organization.currency),
            zone=self.settings.zone or known_zone(organization.zone),
            acts=self._offered(),
        )

    def _rates_to(self, own: str | None) -> str | None:
        """The currency to which the org's rates lead: the connection's, where the org has rates of it, else its own."""
        home = self.settings.currency or own
        return home if home == own or org_tables.rates(self._client, self._schema, home) else own

    def _pages(self, cursors: Mapping[str, Cursor], *, full: bool, subjects: Collection[str]) -> Iterator[Page]:
        """Pages of every stream."""
        self._schema.forget()
        yield from Pull(self._client, self._schema, self.settings, cursors, full=full, subjects=subjects).pages()

    def _read(self, ids: Sequence[str]) -> Page:
        """These deals as they stand now; one in the bin is deleted, one that nobody knows has vanished."""
        kinds = org_tables.record_types(self._client, self._schema)
        plan = opportunities.plan(self._client, self._schema, self.settings, kinds)
        if plan is None:
            raise AccessRefused("Our Salesforce user may not read opportunities; give it the object's Read permission.")
        page = Page({"opportunity": []})
        known = [full for one in ids if (full := full_id(one))]
        for some in chunks(list(dict.fromkeys(known))):
            where = f" WHERE Id IN ({id_list(some)})"
            query = f"SELECT {', '.join(plan.select)} FROM {opportunities.ENTITY}{where}"
            for rows in self._client.pages(query, deleted=True):
                records, aside = convert("opportunity", rows, plan.record, "Id")
                page.records["opportunity"].extend(records)
                page = replace(page, aside=(*page.aside, *aside))
        return _with_vanished(page, ids)

    def _again(self, aside: Mapping[str, list[str]]) -> Iterator[Page]:
        """Records of other tables by id; see connectors.protocol."""
        return Again(self._client, self._schema, self.settings).pages(aside)

    def _children(self, ids: Sequence[str]) -> Iterator[Page]:
        """What hangs on these deals as it stands now; see connectors.protocol."""
        return children(self._client, self._schema, self.settings, ids)

    def look(self, seen: str) -> Look:
        """What others than our user changed lately, by one call; see connectors.protocol."""
        with understood():
            return look(self._client, seen)

    def _deals_with(self, activities: Sequence[str]) -> Collection[str]:
        """None are asked for: a look names the deals itself."""
        del activities
        return ()

    def _check(self, now: datetime, subjects: Collection[str]) -> list[Remark]:
        """Sentences: what works, what is missing, what to do; raises AccessRefused, RetryLater, BudgetSpent."""
        self.describe()
        found = check.check(self._client, self._schema, self.settings, now)
        found += remarks.tasks(self._tasks.offered, tasks.LACKS)
        return [*found, *(of_leads.check(self._schema, self.settings) if LEADS.table in subjects else ())]

    def _provision(self, export: Path | None) -> list[Remark]:
        """Make our fields and permission sets by API, or write them below `export` for an admin's own pipeline."""
        if export is not None:
            return export_files.export(self.settings, export)
        admin = self.settings.admin
        client = Client(self.settings, clock=self._clock, sleep=self._sleep, who=admin) if admin else self._client
        self._schema.entity(opportunities.ENTITY)  # a first call, so that the login names our user
        done = list(provision.provision(client, self.settings, self._client.user_id))
        self._schema.forget()
        return done

    def _draft(self) -> Draft:
        """What `init` can suggest from this org: fields for facts, stages for processes."""
        return draft.draft(self._client, self._schema)


def _with_vanished(page: Page, ids: Sequence[str]) -> Page:
    seen = {record["id"] for record in page.records["opportunity"]} | {one.id for one in page.aside}
    lost = [{"id": one, "gone": "vanished"} for one in dict.fromkeys(ids) if full_id(one) not in seen]
    return replace(page, records={"opportunity": page.records["opportunity"] + lost})
