"""A run that judges only the deals that changed or are due must leave what a run leaves that judges all of them.

    python -m tests.cases.due [--seeds N] [--steps N] [--deals N] [--from SEED]

Each seed draws a company in five zones. At each step some time passes and people work on some deals. Then one store
judges partly, and a copy of it as it was before judges every deal. Prints each difference, and exits 1 where there is
one.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from typer import echo

from model.sync import Outcome, Patch
from policies.files import read_policies
from store import Store
from tests.worker.archive import DAY, NAME, STAGES, call, changed, deal, moved, owner
from tests.worker.generated import FIRST, PACK, TYPES, ZONES, drawn
from worker.pipeline.due.remember import remember
from worker.pipeline.judging.judge import Extent, judge
from worker.pipeline.report import Report
from worker.pipeline.session import Session, described

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.worker.archive import Archive
    from worker.pipeline.judging.judged import Judged
    from worker.wiring import Services

PASSES: Final = (1, 20, 60, 60, 60, 60, 300, 1800, 12_000)
"""Minutes between two runs."""
EVER: Final = b"""
  - {id: ever, title: t, flag_if: not touched, severity: info, points: 1, fix: f, owner: o}
"""
ROLLED_OUT: Final = PACK.replace(b"version: 1\n", b"version: 1\nrollout: everyone\n", 1) + EVER
"""Everything goes onto the record, so that the brake looks at it; one policy is about closed deals, too."""
COMPARED: Final = ("finding", "deal_verdict", "breach", "pause")


@dataclass
class Company:
    """A store that judges partly, and what people do meanwhile."""

    kept: Archive
    draw: random.Random
    at: datetime
    made: int = 0
    judged: Counter[str] = field(default_factory=Counter)

    def works(self) -> None:
        """Some time passes, and people work on some deals. A page brings what they did."""
        self.at += timedelta(minutes=self.draw.choice(PASSES), seconds=self.draw.randrange(60))
        for _ in range(self.draw.choice([0, 0, 1, 1, 2, 5])):
            often = (self.acts, self.acts, self.acts, self.edits)
            self.draw.choice((*often, self.moves, self.begins, self.staffs, self.lost))()

    def keep(self, **records: list[dict[str, Any]]) -> None:
        """A page comes, perhaps to a worker with a slow clock."""
        self.kept.keep(self.at - timedelta(minutes=self.draw.choice([0, 0, 0, 90])), **records)

    def any_deal(self) -> str:
        return f"x{self.draw.randrange(len(self.kept.store.mirror.ids(NAME, gone=True)))}"

    def when(self) -> datetime:
        """An instant about now, often later."""
        return self.at + timedelta(minutes=self.draw.randint(-3000, 3000))

    def acts(self) -> None:
        """Something is done, planned or called off on a deal."""
        self.made += 1
        kind, at = self.draw.choice(["call", "mail", "meeting", "task"]), self.when()
        state = self.draw.choice(["done", "open"]) if kind in {"meeting", "task"} else "done"
        due = (self.at + timedelta(days=self.draw.randint(-2, 5))).date() if kind == "task" else None
        self.keep(activity=[
            call(f"new{self.draw.randrange(self.made)}", self.any_deal(), at, kind=kind, state=state, due=due,
                 created=self.draw.choice([self.at, at]), gone=self.draw.choice([None, None, None, "deleted"])),
        ])  # fmt: skip
        role = {"id": f"role{self.made}", "opportunity_id": self.any_deal(), "contact_id": f"c{self.made % 3}",
                "role": "Champion", "is_primary": False, "created": self.when(), "gone": None}  # fmt: skip
        self.keep(contact_role=[role])

    def edits(self) -> None:
        """A deal is edited, handed on, closed or deleted."""
        id_, closed = self.any_deal(), self.draw.random() < 0.2
        facts = {"segment": self.draw.choice(["big", "small"]), "discount_percent": "25", "next_step_due": None}
        self.keep(opportunity=[
            deal(id_, owner_id=f"u{self.draw.randrange(5)}", next_step=self.draw.choice(["Call", "Send it", None]),
                 amount=self.draw.choice([None, Decimal(1000), Decimal(2000)]), facts=facts, is_closed=closed,
                 stage_name="Closed Lost" if closed else "Proposal", created=self.at - 9 * DAY, modified=self.at,
                 last_edit=self.at, close_date=(self.at + self.draw.randint(-3, 9) * DAY).date(),
                 unread=self.draw.choice([[], [], ["amount"]]), gone=self.draw.choice([None] * 9 + ["deleted"])),
        ])  # fmt: skip

    def moves(self) -> None:
        """A deal moves, and its history has it at once or later."""
        id_, at = self.any_deal(), self.when()
        self.keep(stage_change=[moved(id_, at, self.draw.choice(STAGES))])
        self.keep(field_change=[changed(id_, self.when(), "amount", "900", self.draw.choice(["500", "1500"]))])

    def begins(self) -> None:
        """Somebody makes a deal."""
        id_ = f"x{len(self.kept.store.mirror.ids(NAME, gone=True))}"
        self.keep(opportunity=[deal(id_, owner_id=f"u{self.draw.randrange(5)}", created=self.at, next_step="Call")])

    def lost(self) -> None:
        """The CRM answers a patch of a deal with: it is not there."""
        store, id_ = self.kept.store, self.any_deal()
        run = store.runs.start(NAME, self.at, "", "", "incremental", None, at=self.at)
        store.pushes.stage(NAME, run, [Patch(id_, {"score": 1})], 200)
        if batch := store.pushes.claim(NAME, self.at):
            store.pushes.settle(batch, [Outcome(id_, "gone")], self.at, self.at)

    def staffs(self) -> None:
        """Somebody joins another team."""
        n = self.draw.randrange(5)
        team = self.draw.choice(["East", "West", None])
        self.keep(owner=[owner(f"u{n}", zone=ZONES[n], team=team)])

    def differences(self, folder: Path) -> Iterator[str]:
        """Judge partly, and all in a copy; what differs."""
        copy = folder / "all.db"
        self.kept.store.close()
        shutil.copy(folder / "sluicegate.db", copy)
        every = Store.open(f"sqlite:///{copy}")
        services = replace(self.kept.services, clock=lambda: self.at)
        _judged(replace(services, store=every), self.at, Extent())
        judged = _judged(services, self.at, Extent(partly=True, remembered=True))
        self.judged["partly" if judged.totals is not None else "all"] += 1
        self.judged["deals"] += judged.totals["deals"] if judged.totals else 0
        self.judged["looked at"] += sum(part.part.wide.frame.height for part in judged.parts) if judged.totals else 0
        for table in COMPARED:
            one, other = (set(_rows(store, table)) for store in (self.kept.store, every))
            yield from (f"{self.at:%d %b %H:%M} {table}: only partly {row}" for row in sorted(one - other, key=str))
            yield from (f"{self.at:%d %b %H:%M} {table}: only all {row}" for row in sorted(other - one, key=str))
        every.close()


def _judged(services: Services, at: datetime, extent: Extent) -> Judged:
    store = services.store
    session = Session(services, NAME, at)
    policies = read_policies({"p.yaml": ROLLED_OUT}, types=TYPES)
    run = store.runs.start(NAME, at, policies.digest, "", "incremental", None, at=at)
    judged = judge(session, policies, described(session), run, extent, binding=True)
    report = Report(run_id=str(run))
    judged.fill(report)
    if judged.inputs:
        remember(session, report, judged.inputs, judged.changes)
    return judged


def _rows(store: Store, table: str) -> list[tuple[Any, ...]]:
    with store.database.reading() as sql:
        return sql.rows(f'SELECT * FROM "{table}"')


def differences(seed: int, steps: int, deals: int) -> tuple[list[str], Counter[str]]:
    """What differs in a company drawn from a seed, and how often and how much was judged."""
    with tempfile.TemporaryDirectory() as folder, drawn(Path(folder), seed, deals) as kept:
        start = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC)
        company = Company(kept, random.Random(seed), start)  # noqa: S311 - the same company every time
        for _ in range(steps):
            company.works()
            if found := list(company.differences(Path(folder))):
                return found, company.judged
        return [], company.judged


def main() -> int:
    """Judge companies both ways."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("seeds", 10), ("steps", 60), ("deals", 40), ("from", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = vars(parser.parse_args())
    wrong = 0
    for seed in range(given["from"], given["from"] + given["seeds"]):
        found, judged = differences(seed, given["steps"], given["deals"])
        echo(f"seed {seed}: {dict(judged)}: {len(found)} differences")
        for line in found[:10]:
            echo(f"  {line}")
        wrong += bool(found)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
