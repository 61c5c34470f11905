"""The connector: a report as a CRM. Its records are rows, and our fields are in a findings CSV."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final, TypeVar

from connectors.shared.pull.door import checked
from connectors.tables import side_files
from connectors.tables.activities import Deals, activities
from connectors.tables.describe import aside_remarks, description, mapped_facts, pipeline_remarks
from connectors.tables.findings import RULES, digest, read_findings, write_findings
from connectors.tables.people import owners_of
from connectors.tables.pipeline import Pipeline, read_pipeline
from connectors.tables.read_remarks import reading_remarks
from connectors.tables.sheets import bytes_of, digest_of
from model.actions import Receipt
from model.errors import SettingsProblem
from model.sync import Budget, Cursor, Draft, DraftProcess, Look, Outcome, Page, Remark, canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from connectors.tables.reading import Table
    from connectors.tables.settings import TablesSettings
    from model.actions import Act
    from model.records import Record
    from model.sync import Description, FieldValue, Patch, SetAside

T = TypeVar("T")
STREAM: Final = "report"
PAGE: Final = 2_000


@dataclass(frozen=True)
class Export:
    """All files of a connection, read."""

    tables: Mapping[str, Table]
    pipeline: Pipeline
    owners: list[Record]
    activities: list[Record]
    feeds: frozenset[str]
    namesakes: list[str]

    @property
    def digest(self) -> str:
        """Names the bytes of all files."""
        return "-".join(table.sheet.digest for table in self.tables.values())


class TablesConnector:
    """Implements connectors.protocol.Connector over exported files; makes no calls. `clock`: when it is read."""

    batch_size = 10_000
    calls = 0
    sharing = None

    def __init__(self, settings: TablesSettings, clock: Callable[[], datetime] | None = None) -> None:
        self.settings = settings
        self._clock = clock
        self._read: tuple[str, Export] | None = None

    def read_at(self, moment: datetime) -> None:
        """Take the report as made at this moment: its plans are known from that day on."""
        self._clock = lambda: moment

    def describe(self, *, subjects: Collection[str] = ()) -> Description:  # noqa: ARG002 - a report has deals only
        """What the files have columns for; raises SettingsProblem where they cannot be read."""
        export = self._export()
        tables = export.tables
        return description(tables["opportunities"], tables.get("owners"), export.pipeline, export.feeds, self.settings)

    def pull(  # a report has deals only
        self,
        cursors: Mapping[str, Cursor],
        *,
        full: bool = False,
        subjects: Collection[str] = (),  # noqa: ARG002
    ) -> Iterator[Page]:
        """The whole report, as an export is always whole; one page without records when no byte has changed."""
        return map(checked, self._pages(cursors, full=full))

    def _pages(self, cursors: Mapping[str, Cursor], *, full: bool) -> Iterator[Page]:
        export = self._export()
        written = read_findings(self.settings.findings_path)
        state = json.dumps({"files": export.digest, "settings": repr(self.settings), "findings": digest(written)})
        end = Cursor(STREAM, state)
        if not full and STREAM in cursors and cursors[STREAM].text == state:
            yield Page({}, end, feeds=export.feeds)
            return
        pipeline = export.pipeline
        accounts, stages = list(pipeline.accounts.values()), list(pipeline.stages.values())
        yield Page({"owner": export.owners, "account": accounts, "crm_stage": stages}, aside=tuple(pipeline.aside))
        for records in _chunks(_with_ours(pipeline.deals, written)):
            yield Page({"opportunity": records})
        for name, rows in (("stage_change", pipeline.changes), ("activity", export.activities)):
            for records in _chunks(rows):
                yield Page({name: records})
        yield Page({}, end, present={"opportunity": frozenset(pipeline.lines)}, feeds=export.feeds)

    def read(self, ids: Sequence[str]) -> Page:
        """These rows as the report has them, with our fields as the findings file has them."""
        wanted = frozenset(ids)
        pipeline = self._export().pipeline
        written = read_findings(self.settings.findings_path)
        found = _with_ours([deal for deal in pipeline.deals if deal["id"] in wanted], written)
        gone = [{"id": deal, "gone": "vanished"} for deal in ids if deal not in pipeline.lines]
        return Page({"opportunity": [*found, *gone]}, aside=tuple(row for row in pipeline.aside if row.id in wanted))

    def again(self, aside: Mapping[str, Sequence[str]]) -> Iterator[Page]:
        """Rows of the report that an earlier pass set aside. Of other files nothing: every pass reads them whole."""
        others = {table: frozenset(ids) for table, ids in aside.items() if table != "opportunity"}
        yield from ([self.read(aside["opportunity"])] if "opportunity" in aside else ())
        yield Page({}, asked=others)

    def children(self, ids: Sequence[str]) -> Iterator[Page]:
        """Nothing: every pass reads the whole report."""
        del ids
        return iter(())

    def whole(self, ids: Sequence[str]) -> Iterator[Page]:
        """Nothing: every pass reads the whole report."""
        return self.children(ids)

    def look(self, seen: str) -> Look:
        """Nothing: every pass reads the whole report."""
        return Look(seen=seen)

    def deals_with(self, activities: Sequence[str]) -> Collection[str]:
        """None. A report is read as a whole, and nothing announces a change."""
        del activities
        return ()

    def push(self, patches: Sequence[Patch]) -> list[Outcome]:
        """Put the patches into the findings CSV; only our fields, only deals that the report has."""
        present = self._export().pipeline.lines
        rows = read_findings(self.settings.findings_path)
        outcomes = []
        for patch in patches:
            if patch.id not in present:
                outcomes.append(Outcome(patch.id, "gone", "the report has no such row"))
                continue
            values = {name: canonical(rule, patch.fields[name]) for name, rule in RULES.items() if name in patch.fields}
            rows[patch.id] = {**rows.get(patch.id, {}), **values}
            outcomes.append(Outcome(patch.id, "written"))
        write_findings(self.settings.findings_path, rows)
        return outcomes

    def act(self, acts: Sequence[Act]) -> list[Receipt]:
        """A report supports no actions: nothing is done, and each receipt says so."""
        return [Receipt(one.key, "refused", "A report takes no tasks and no moves; only a CRM does.") for one in acts]

    def budget(self) -> Budget:
        """Files have no allowance."""
        return Budget()

    def check(self, now: datetime, *, subjects: Collection[str] = ()) -> list[Remark]:  # noqa: ARG002 - as old as it says
        """How the files were read, what was set aside and noted, what is dormant."""
        try:
            return [*self.remarks(), *aside_remarks(self._export().pipeline)]
        except SettingsProblem as problem:
            return [Remark("missing", str(problem))]

    def remarks(self) -> list[Remark]:
        """The remarks of `check` without the rows set aside, for callers that list those. Raises SettingsProblem."""
        export = self._export()
        read_findings(self.settings.findings_path)
        tables = export.tables
        mapped = mapped_facts(tables["opportunities"], tables.get("owners"), export.pipeline, export.feeds)
        return [
            *reading_remarks(tables.values(), self.settings),
            *pipeline_remarks(export, mapped, self.settings),
        ]

    def deals(self) -> Sequence[Record]:
        """The report's deals as records."""
        return self._export().pipeline.deals

    def notes(self) -> tuple[SetAside, ...]:
        """Row by row: what is odd about rows that were kept, and which cells could not be read, each with its line."""
        pipeline = self._export().pipeline
        return (*pipeline.notes, *pipeline.unread)

    def provision(self, export: Path | None = None) -> list[Remark]:  # noqa: ARG002 - the protocol's
        """Make nothing, and remark where findings go."""
        return [
            Remark("ok", f"A report needs no fields of ours; findings are written to {self.settings.findings_path}.")
        ]

    def draft(self) -> Draft:
        """The report's open and won stages as one process, in the order of the file."""
        stages = self._export().pipeline.stages.values()
        lasting = [stage for stage in stages if stage["is_won"] or not stage["is_closed"]]
        names = tuple(stage["name"] for stage in sorted(lasting, key=lambda stage: bool(stage["is_won"])))
        return Draft((), (DraftProcess("report", "Report", "", names),))

    def _export(self) -> Export:
        """All files, read anew only when a byte of them has changed."""
        names = ("opportunities", "owners", "activities", "history", "products")
        paths = {name: path for name in names if (path := getattr(self.settings, name))}
        stands = "-".join(digest_of(bytes_of(path)) for path in paths.values())
        if self._read is None or self._read[0] != stands:
            self._read = (stands, self._opened(paths))
        return self._read[1]

    def _opened(self, paths: Mapping[str, Path]) -> Export:
        settings = self.settings
        tables = {"opportunities": side_files.open_table("opportunities", settings.opportunities, settings)}
        for name in ("owners", "activities", "history"):
            if name in paths:
                tables[name] = side_files.open_table(name, paths[name], settings, tables["opportunities"].order)
        names = side_files.products(settings.products) if settings.products else None
        pipeline = read_pipeline(tables["opportunities"], settings, names)
        created = {deal["id"]: deal.get("created") for deal in pipeline.deals}
        deals = Deals(pipeline.deals, pipeline.accounts)
        known = side_files.owners(tables["owners"], pipeline.aside) if "owners" in tables else []
        owners, namesakes, people = owners_of(pipeline.owners, known)
        if "history" in tables:
            pipeline.changes = side_files.history(tables["history"], deals, people, created, pipeline.aside)
        done: list[Record] = []
        if "activities" in tables:
            done, doubts = activities(tables["activities"], deals, people, pipeline.aside, self._today())
            done += doubts.possible.values()
            _hide_plans(pipeline.deals, doubts.plans)
        feeds = {"activities"} if "activities" in tables else set()
        feeds |= {"stage_history"} if "history" in tables or settings.stage_entered else set()
        return Export(tables, pipeline, owners, done, frozenset(feeds), namesakes)

    def _today(self) -> datetime | None:
        """The beginning of the report's day, from which its plans are known."""
        now = self.settings.exported_at or (self._clock() if self._clock else None)
        return now and now.astimezone(self.settings.tz).replace(hour=0, minute=0, second=0, microsecond=0)


def _hide_plans(deals: Iterable[Record], doubtful: Collection[str]) -> None:
    """Make unknown what a plan or touch that may be the deal's would change."""
    for deal in deals:
        if deal["id"] in doubtful:
            blank = () if deal.get("next_step") or "next_step" not in deal else ("next_step",)
            deal["unread"] = sorted({*deal["unread"], "activities", *blank})


def _with_ours(deals: Iterable[Record], written: Mapping[str, Mapping[str, FieldValue]]) -> list[Record]:
    return [{**deal, "ours": _json(written.get(deal["id"], {}))} for deal in deals]


def _json(fields: Mapping[str, FieldValue]) -> dict[str, str | int | None]:
    return {
        name: value if value is None or isinstance(value, str | int) else value.isoformat()
        for name, value in fields.items()
    }


def _chunks(rows: Iterable[T]) -> Iterator[list[T]]:
    each = iter(rows)
    while chunk := list(islice(each, PAGE)):
        yield chunk
