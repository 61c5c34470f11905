"""People work on while a run is under way: at each seam of a run somebody does everything that can be done to a deal.

    python -m tests.cases.seams --crm salesforce|hubspot [--how plain|lost|full|killed] [--every N]

A seam lies before each call that the CRM receives. At each seam a fresh company does all of its ACTS at once, each on a
deal of its own. After one more, quiet run each record must be what "run, act, run" leaves. An act that comes before the
first push may also count as seen by the run: then "act, run, run" is right, too. Prints each difference, and exits 1
where there is one.

`--how` says how the run goes. `plain`: well. `lost`: the reply of a push is lost, so that the deals are read back.
`full`: it is a full run. `killed`: it is killed once its push was applied, and the acts come before the next run.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from typer import echo

from tests.cases.seam_acts import ACTS, POLICIES, prepare
from tests.crm_drivers import CRM_DRIVERS
from tests.worker.governed import NAME, Governed, services

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from connectors.protocol import Connector

HOWS: Final = ("plain", "lost", "full", "killed")


@dataclass
class Company:
    """A team with a deal for each act."""

    team: Governed
    deals: dict[str, str] = field(default_factory=dict)

    def act(self) -> None:
        """Everything that can be done to a deal, each to its own; it takes two seconds."""
        self.team.later(seconds=1)
        for name, do in ACTS[self.team.driver.kind].items():
            do(self.team, self.deals[name], self.deals)
        self.team.later(seconds=1)

    def quiet(self) -> None:
        """A run that nobody disturbs, an hour later."""
        self.team.later(hours=1)
        self.team.run()

    def left(self) -> dict[str, dict[str, Any]]:
        """What reps see of each deal that is still there: our fields, its stage, and our tasks on it."""
        living, driver = self.team.theirs(), self.team.driver
        return {
            name: {
                **driver.record(deal),
                "stage": driver.entered(deal)["stage"],
                "tasks": [(job.done, job.deleted) for job in driver.tasks(deal) if job.by_us],
            }
            for name, deal in self.deals.items()
            if deal in living
        }


@contextmanager
def company(kind: str) -> Iterator[Company]:
    """A fresh company, 15 days after its first run."""
    with tempfile.TemporaryDirectory(prefix="seams-") as folder, CRM_DRIVERS[kind](currencies=True) as driver:
        made = replace(services(driver, Path(folder)), policy_texts=lambda: {"policies.yaml": POLICIES.encode()})
        team = Governed(driver, made)
        driver.let_us_act()
        try:
            yield Company(team, prepare(team))
        finally:
            made.store.close()


@dataclass
class Between:
    """Something happens once, before the `nth` call that the CRM receives. It is no fault: no call is hit."""

    nth: int
    happens: Callable[[], None]
    calls: int = 0

    def __call__(self, _method: str, _target: str) -> bool:
        self.calls += 1
        if self.calls == self.nth:
            self.happens()
        return False


@dataclass
class KilledAtThePush:
    """A door to the CRM whose process dies when its push was applied."""

    door: Connector

    def __getattr__(self, name: str) -> Any:
        return getattr(self.door, name)

    def push(self, patches: Any) -> Any:
        self.door.push(patches)
        raise KeyboardInterrupt


def undisturbed(kind: str, *, acts_first: bool, how: str = "plain") -> tuple[dict[str, dict[str, Any]], int, int]:
    """What "act, run, run" or "run, act, run" leaves; the calls of its first run, and which of them first pushes."""
    with company(kind) as one:
        if acts_first:
            one.act()
        before = len(one.team.driver.calls)
        run(one, how)
        calls = one.team.driver.calls[before:]
        if not acts_first:
            one.act()
        one.quiet()
        if how == "killed":
            one.quiet()
        pushes = [number for number, call in enumerate(calls, 1) if call["path"].endswith(one.team.driver.pushes)]
        return one.left(), len(calls), pushes[0]


def run(one: Company, how: str) -> None:
    """The run that is disturbed."""
    if how == "lost":
        one.team.driver.fault("drop_after", "push")
    one.team.run(full=how == "full")


def disturbed(kind: str, seam: int, how: str) -> dict[str, dict[str, Any]]:
    """What a run leaves that was disturbed at a seam, and a quiet one after it."""
    with company(kind) as one:
        between = Between(seam, one.act)
        one.team.driver.faults.add(how="hang", when=between, count=None)
        run(one, how)
        one.team.driver.faults.clear()
        one.quiet()
        return one.left()


def killed(kind: str) -> dict[str, dict[str, Any]]:
    """What is left where a run is killed at its push, and people act before the next one."""
    with company(kind) as one:
        door = KilledAtThePush(one.team.services.connect(NAME))
        dying = replace(one.team, services=replace(one.team.services, connect=lambda _name: door))
        try:
            dying.run()
        except KeyboardInterrupt:
            one.act()
        one.quiet()
        one.quiet()
        return one.left()


def differences(found: dict[str, Any], right: list[dict[str, Any]]) -> Iterator[str]:
    """A line for each deal that stands as none of the `right` ways leaves it."""
    for name in sorted({*found, *right[-1]}):
        if all(found.get(name) != one.get(name) for one in right):
            have, want = found.get(name) or {}, right[-1].get(name) or {}
            off = {key: (have.get(key), want.get(key)) for key in {*have, *want} if have.get(key) != want.get(key)}
            yield f"{name}: {off}"


def sweep(kind: str, how: str, *, every: int = 1, first: int = 0) -> Iterator[tuple[str, list[str]]]:
    """Each seam, and what is off after it; of the seams only each `every`-th from the `first` on."""
    after, calls, push = undisturbed(kind, acts_first=False, how=how)
    if how == "killed":
        unsent = undisturbed(kind, acts_first=True, how=how)[0]  # of what a later batch would have sent
        yield "killed at its push", list(differences(killed(kind), [unsent, after]))
        return
    start = first or push
    before = undisturbed(kind, acts_first=True, how=how)[0] if start < push else {}
    for seam in range(start, calls + 1, every):
        right = [before, after] if seam < push else [after]
        yield f"before call {seam} of {calls}", list(differences(disturbed(kind, seam, how), right))


def main() -> int:
    """Print each difference; 1 where there is one."""
    parser = argparse.ArgumentParser(prog="python -m tests.cases.seams")
    parser.add_argument("--crm", choices=[*CRM_DRIVERS], required=True)
    parser.add_argument("--how", choices=HOWS, default="plain")
    parser.add_argument("--every", type=int, default=1)
    asked = parser.parse_args()
    seams, off = 0, 0
    for seam, lines in sweep(asked.crm, asked.how, every=asked.every, first=1):
        seams, off = seams + 1, off + len(lines)
        for line in lines:
            echo(f"{seam}: {line}")
    echo(f"{seams} seams × {len(ACTS[asked.crm])} acts: {off or 'no'} differences.")
    return 1 if off else 0


if __name__ == "__main__":
    sys.exit(main())
