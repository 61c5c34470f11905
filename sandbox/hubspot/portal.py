"""The whole state of one HubSpot portal."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.hubspot.api.limits import Limits
from sandbox.hubspot.api.tokens import Tokens
from sandbox.hubspot.associations.links import Links
from sandbox.hubspot.clock import Clock, iso
from sandbox.hubspot.faults import Faults
from sandbox.hubspot.records.table import Record, Shelf, Source
from sandbox.hubspot.schema.definitions import KINDS, Group, Property, modified
from sandbox.hubspot.schema.standard import options, standard
from sandbox.hubspot.search.index import Index
from sandbox.hubspot.settings import PRO, Settings
from sandbox.hubspot.webhooks import Webhooks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.hubspot.pipelines.stages import Pipeline, Stage

ADMIN_USER = 9_586_504


@dataclass
class Owner:
    """A user who owns records: its id is not the user's. A deactivated one is archived and shows no user id."""

    id: str
    user_id: int
    email: str
    first: str
    last: str
    created: int
    updated: int
    teams: list[tuple[str, str]] = field(default_factory=list)
    """Id and name; the first is the primary one."""
    archived: bool = False

    def body(self) -> dict[str, Any]:
        """As the API shows it."""
        found: dict[str, Any] = {
            "id": self.id,
            "email": self.email,
            "type": "PERSON",
            "firstName": self.first,
            "lastName": self.last,
            "userIdIncludingInactive": self.user_id,
            "createdAt": iso(self.created),
            "updatedAt": iso(self.updated),
            "archived": self.archived,
        }
        if not self.archived:
            found["userId"] = self.user_id
        if self.teams:
            found["teams"] = [
                {"id": key, "name": name, "primary": place == 0} for place, (key, name) in enumerate(self.teams)
            ]
        return found


@dataclass(frozen=True)
class Write:
    """One attempted write of one record, as the log keeps it."""

    at: str
    by: str
    """The app's name, or the user's mail address."""
    kind: str
    what: str
    """create, update, archive, merge."""
    id: str | None
    values: dict[str, str]
    outcome: str
    """`ok`, or the code or category of the refusal."""


@dataclass(frozen=True)
class Rule:
    """An admin's rule: where `hook(values)` is true of a record as it would be, these properties must have a value.

    It is enforced on every write of such a record; with `touching`, only on writes that name one of its properties.
    """

    kind: str
    hook: Callable[[dict[str, str]], bool]
    required: tuple[str, ...]
    touching: bool = False
    on_create: bool = False
    """A record creator setting: asked of new records only."""


@dataclass
class Portal:
    """Take `lock` when another thread serves it."""

    settings: Settings = field(default_factory=Settings)
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        """An empty portal: object types with their properties, no pipelines, no people."""
        self.lock = threading.RLock()
        self.faults = Faults()
        self.limits = Limits(self.settings, self.clock)
        self.tokens = Tokens(self.clock, ADMIN_USER)
        self.shelves = {kind: Shelf(9_000_000_001 + place * 1_000_000_000) for place, kind in enumerate(KINDS)}
        self.indexes = {kind: Index() for kind in KINDS}
        self.properties: dict[str, dict[str, Property]] = {}
        self.groups: dict[str, dict[str, Group]] = {}
        self.pipelines: dict[str, Pipeline] = {}
        self.stages: dict[str, tuple[Pipeline, Stage]] = {}
        """Deal stages by id, archived ones too."""
        self.owners: dict[str, Owner] = {}
        self.rates: dict[str, list[tuple[str, str]]] = {}
        """Currency to (date, rate to the company's currency), oldest first."""
        self.links = Links()
        self.rules: dict[str, Rule] = {}
        self.locked: set[int] = set()
        """Ids of records that are locked."""
        self.writes: list[Write] = []
        self.calls: list[dict[str, Any]] = []
        self.webhooks = Webhooks(self)
        self.labels: dict[str, dict[str, bool]] = {}
        """What the seed planted in each open deal, by id."""
        for kind in KINDS:
            group, made = standard(kind, self.clock.ms())
            self.properties[kind], self.groups[kind] = made, {group.name: group}
        self._limit_to_tier()

    def _limit_to_tier(self) -> None:
        deals = self.properties["deals"]
        self.groups["deals"]["deal_stage_properties"] = Group("deal_stage_properties", "Deal stage properties")
        if self.settings.tier in PRO:
            for name in ("hs_v2_date_entered_current_stage", "hs_v2_time_in_current_stage"):
                deals[name] = Property(name, "datetime", "date", name, "deal_stage_properties", read_only=True)
        deals["deal_currency_code"].options = options([(code, code) for code in self.settings.currencies])

    def active(self, kind: str, name: str) -> Property | None:
        """A property that is not archived."""
        found = self.properties[kind].get(name)
        return found if found and found.archived_at is None else None

    def add_pipeline(self, pipeline: Pipeline) -> None:
        """A new pipeline with its stages and what they bring."""
        self.pipelines[pipeline.id] = pipeline
        for stage in pipeline.stages:
            self.add_stage(pipeline, stage)

    def add_stage(self, pipeline: Pipeline, stage: Stage) -> None:
        """A new stage, with the properties that it brings."""
        if stage not in pipeline.stages:
            pipeline.stages.append(stage)
        self.stages[stage.id] = (pipeline, stage)
        for each in stage.properties(pipeline.label, stage.created, pro=self.settings.tier in PRO):
            self.properties["deals"][each.name] = each
        self.refresh_options()

    def refresh_options(self) -> None:
        """The options of pipeline and stage follow the pipelines."""
        living = [p for p in self.pipelines.values() if p.archived_at is None]
        stages = [s for p in living for s in p.stages if s.archived_at is None]
        self.properties["deals"]["pipeline"].options = options([(p.id, p.label) for p in living])
        self.properties["deals"]["dealstage"].options = options([(s.id, s.label) for s in stages])

    def noticed(self, kind: str, record: Record) -> None:
        """A record changed: the search index will see it."""
        ready = self.clock.ms() + round(self.settings.index_lag * 1000)
        self.indexes[kind].note(record, ready)

    def touch(self, kind: str, record: Record, at: int) -> None:
        """Any change, also an internal one, moves the date of the last change."""
        record.moved(modified(kind), at)
        self.noticed(kind, record)

    def calculate(self, kind: str, record: Record, values: dict[str, str], at: int | None = None) -> None:
        """What HubSpot works out by itself."""
        if record.fill(values):
            self.touch(kind, record, self.clock.ms() if at is None else at)

    def settle(self) -> None:
        """Searches see everything at once."""
        for kind, index in self.indexes.items():
            index.settle(self.shelves[kind])

    def source(self, user: str) -> Source:
        """A user as the source of what they do in the screen; raises LookupError."""
        owner = self.owner(user)
        return Source("CRM_UI", f"userId:{owner.user_id}", None, owner.user_id)

    def owner(self, user: str) -> Owner:
        """An owner by mail address or id; raises LookupError."""
        found = next((o for o in self.owners.values() if user in {o.email, o.id}), None)
        if found is None:
            raise LookupError(f"no owner {user}")
        return found

    def rate(self, code: str, close: str | None) -> Decimal:
        """What a unit of this currency is worth in the company's, on a day; 1 where no rate is known."""
        known = [rate for day, rate in self.rates.get(code, []) if not close or day <= close[:10]]
        return Decimal(known[-1] if known else 1)

    def deals(self) -> Iterator[Record]:
        """Deals that are neither archived nor merged away."""
        return self.shelves["deals"].alive()
