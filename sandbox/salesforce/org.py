"""One org in memory: objects, rows, users, clock, logs, and the places where a test can reach in."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.salesforce.api.logins import Logins
from sandbox.salesforce.clock import Clock
from sandbox.salesforce.errors import no_such_type
from sandbox.salesforce.faults import Faults
from sandbox.salesforce.records import ids
from sandbox.salesforce.records.access import Access
from sandbox.salesforce.records.table import LateCommit, Row, Table
from sandbox.salesforce.schema.catalog import standard_objects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from sandbox.salesforce.bulk.jobs import Job
    from sandbox.salesforce.schema.fields import Field, ObjectType

_PERMISSION_OBJECTS = frozenset(
    {"PermissionSet", "PermissionSetAssignment", "FieldPermissions", "SetupEntityAccess", "CustomPermission"}
)


@dataclass(frozen=True)
class Actor:
    """The user who does something, as rules see them."""

    id: str
    row: Row
    custom_permissions: frozenset[str]


@dataclass
class Rule:
    """A validation rule of the customer: `hook(old, new, actor)` gives a message to refuse, else None."""

    entity: str
    hook: Callable[[Row | None, Row, Actor], str | None]
    active: bool = True
    field: str | None = None
    exempt: str | None = None
    """Developer name of the custom permission that exempts its holders from the rule."""


@dataclass(frozen=True)
class Trigger:
    """The customer's own code on save: a batch of more than `at_most` rows of the object dies whole."""

    entity: str
    at_most: int
    message: str = "System.LimitException: Too many SOQL queries: 101"


@dataclass(frozen=True)
class Write:
    """One attempted write of one row, as the log keeps it."""

    at: str
    user: str
    entity: str
    kind: str
    id: str | None
    values: dict[str, Any]
    outcome: str
    """`ok`, or the error code."""


@dataclass
class Settings:
    """What differs between orgs."""

    currency: str = "USD"
    """The only currency, or the corporate one of several."""
    multi_currency: bool = True
    dated_rates: bool = True
    daily_limit: int = 100_000
    is_sandbox: bool = False
    wide_page: int = 200
    """Most rows on a page of a query that selects two long custom texts or more."""
    fields_need_objects: bool = False
    """A permission set grants fields only of objects that it lets read."""
    crlf: bool = False
    """Store line ends of long texts as carriage return and line feed."""
    bulk_seconds: int = 0
    """How long a query job of Bulk API is under way, by the org's clock."""
    bulk_page: int = 50_000
    """Most rows of one part of a job's results."""
    bulk_jobs: int = 10_000
    """Query jobs that may be made in 24 hours."""


@dataclass
class Journal:
    """What a transaction has replaced so far: table, id, row before."""

    entries: list[tuple[str, str, Row | None]] = field(default_factory=list)


class Org:
    """The whole state of one Salesforce org. Take `lock` when another thread serves it."""

    def __init__(self, settings: Settings | None = None, clock: Clock | None = None) -> None:
        self.settings = settings or Settings()
        self.clock = clock or Clock()
        self.lock = threading.RLock()
        self.objects = standard_objects(multi_currency=self.settings.multi_currency, currency=self.settings.currency)
        if not self.settings.dated_rates:
            self.objects.pop("DatedConversionRate", None)
        self.tables = {name: Table(name) for name in self.objects}
        self.access = Access(self.tables)
        self.faults = Faults()
        self.logins = Logins()
        self.rules: dict[str, Rule] = {}
        self.triggers: list[Trigger] = []
        self.locked: set[str] = set()
        """Ids of rows in approval."""
        self.writes: list[Write] = []
        self.calls: list[dict[str, Any]] = []
        self.used = 0
        self.labels: dict[str, dict[str, bool]] = {}
        """What the seed planted in each opportunity, by id."""
        self.cursors: dict[str, Any] = {}
        """Open query cursors by locator."""
        self.opened = 0
        self.jobs: dict[str, Job] = {}
        """Query jobs of Bulk API, by id."""
        self.bulk_made: list[datetime] = []
        """When query jobs of the last day were made."""
        self.late: list[LateCommit] = []
        self._journal: Journal | None = None
        self._numbers: Counter[str] = Counter()
        self._blanks: dict[str, Row] = {}
        self.org_id = self.add(
            "Organization",
            Name="Sandbox Org",
            OrganizationType="Enterprise Edition",
            IsSandbox=self.settings.is_sandbox,
            InstanceName="LOCAL",
            TimeZoneSidKey="America/New_York",
            DefaultCurrencyIsoCode=self.settings.currency,
            FiscalYearStartMonth=1,
        )["Id"]

    def entity(self, name: str) -> ObjectType:
        """An object by name, in any case; raises INVALID_TYPE."""
        found = self.objects.get(name)
        if found is None:
            found = next((o for o in self.objects.values() if o.name.lower() == name.lower()), None)
        if found is None:
            raise no_such_type(name)
        return found

    def new_id(self, entity: str) -> str:
        """The next free id of an object."""
        self._numbers[entity] += 1
        return ids.make(self.objects[entity].prefix, self._numbers[entity])

    def blank(self, entity: str) -> Row:
        """A row with every field of the object at its default."""
        if entity not in self._blanks:
            fields = self.objects[entity].fields.values()
            self._blanks[entity] = {
                f.name: False if f.type == "boolean" and f.default is None else f.default for f in fields
            }
        return self._blanks[entity]

    def make(self, entity: str, **values: Any) -> Row:
        """A new row with id and audit fields, not yet in its table: nothing is checked, nothing follows."""
        stamp = values.get("CreatedDate") or self.clock.stamp()
        blank = self.blank(entity)
        row = {**blank, "CreatedDate": stamp, "Id": self.new_id(entity)}
        for name in ("LastModifiedDate", "SystemModstamp"):
            if name in blank:
                row[name] = stamp
        row.update(values)
        if len(row) != len(blank):
            return {name: row[name] for name in blank}
        return row

    def add(self, entity: str, **values: Any) -> Row:
        """Put a row in as it stands, for seeds."""
        row = self.make(entity, **values)
        self.tables[entity].put(row)
        self.noticed(entity)
        return row

    def noticed(self, entity: str) -> None:
        """Rows of this object were written: drop what was worked out from them."""
        if entity in _PERMISSION_OBJECTS:
            self.access.changed()

    def add_field(self, entity: str, new: Field) -> None:
        """Give an object a field; nobody sees a custom one before it is granted."""
        self.objects[entity].add(new)
        self._blanks.pop(entity, None)
        self.tables[entity].widen(new.name, self.blank(entity)[new.name])
        self.access.changed()

    def drop_field(self, entity: str, name: str) -> None:
        """Take a field and its values away."""
        self.objects[entity].drop(name)
        self._blanks.pop(entity, None)
        self.tables[entity].narrow(name)
        self.access.changed()

    def grant(self, set_id: str, entity: str, name: str, *, edit: bool = True) -> None:
        """Let a permission set see (and edit) a field."""
        self.add(
            "FieldPermissions",
            ParentId=set_id,
            SobjectType=entity,
            Field=f"{entity}.{name}",
            PermissionsRead=True,
            PermissionsEdit=edit,
        )

    def actor(self, user_id: str) -> Actor:
        """The user as rules see them."""
        held = self.access.custom_permissions(user_id)
        return Actor(user_id, self.tables["User"].rows[user_id], frozenset(held))

    @contextmanager
    def transaction(self) -> Iterator[Journal]:
        """Collect what is replaced; an exception puts everything back. Transactions may be nested."""
        outer, journal = self._journal, Journal()
        self._note_in(journal)
        kept = False
        try:
            yield journal
            kept = True
        finally:
            if not kept:
                self.rollback(journal)
            self._note_in(outer)
            if outer:
                outer.entries.extend(journal.entries)

    def _note_in(self, journal: Journal | None) -> None:
        self._journal = journal
        for table in self.tables.values():
            table.journal = journal.entries if journal else None

    def rollback(self, journal: Journal) -> None:
        """Put every replaced row back."""
        current = self._journal
        self._note_in(None)
        for name, row_id, before in reversed(journal.entries):
            self.tables[name].swap(row_id, before)
        journal.entries.clear()
        self._note_in(current)
        self.access.changed()
