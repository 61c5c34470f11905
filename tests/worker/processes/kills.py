"""`python -m tests.worker.processes.kills --crm hubspot --times 20 --seed N`: runs are killed at random instants.

An org is killed and its run started again until a run comes through; then a fresh org, until the kills are used up.
Each run is to be killed at a step drawn evenly from those of an undisturbed run (statements of the store, pages and
pushes) and up to 30 ms later, so that it dies anywhere: while it waits for the CRM, computes, writes or commits.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from tests.worker.processes.kill_harness import SETTINGS, killable
from tests.worker.processes.kill_target import Seam

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


@dataclass(frozen=True)
class Row:
    """One kill; from `writes` on: what its org showed once a run had come through."""

    org: int
    step: int
    doing: str
    in_flight: int
    read_back: int
    writes: int
    repeated: int
    equal: bool

    @property
    def kept(self) -> bool:
        """Whether the promise was: the record right, and nothing sent again but what was read back first."""
        return self.equal and self.read_back == self.in_flight and self.repeated <= self.in_flight


@dataclass
class Kills:
    """Orgs of the same deals, killed at random."""

    folder: Path
    deals: int
    seed: int
    batch: int = 200
    settings: str = SETTINGS
    crm: str = "salesforce"
    orgs: int = 0
    dice: Random = field(init=False)

    def __post_init__(self) -> None:
        self.dice = Random(self.seed)  # noqa: S311 - when to kill

    def times(self, times: int) -> list[Row]:
        """So many kills, in order."""
        self.undisturbed()
        done: list[Row] = []
        while len(done) < times:
            done += self.one_org(times - len(done))
        return done

    def undisturbed(self) -> None:
        """What an undisturbed run leaves, and how long it takes."""
        with self.fresh() as team:
            start = time.perf_counter()
            assert team.run() == 0
            self.seconds = time.perf_counter() - start
            self.steps = int(team.config.with_name("steps").read_text())
            self.record, self.writes = team.on_record(), len(team.written())

    def fresh(self) -> Any:
        """An org as all the others, with a store of its own."""
        self.orgs += 1
        folder = self.folder / str(self.orgs)
        folder.mkdir()
        return killable(folder, self.deals, self.batch, self.settings, kind=self.crm)

    def one_org(self, at_most: int) -> list[Row]:
        """Killed again and again until a run comes through, or `at_most` times and then left in peace."""
        at: list[int] = []
        with self.fresh() as team:
            while len(at) < at_most:
                seam = Seam(nth=self.dice.randint(1, self.steps), delay=self.dice.uniform(0.001, 0.03))
                if team.run(seam) == 0:
                    break
                at.append(seam.nth)
                team.noted()
            assert team.run() == 0
            values = {"writes": len(team.written()), "repeated": len(team.repeated())}
            equal = team.on_record() == self.record and len(set(team.written())) == self.writes
            return [
                Row(self.orgs, step, kill.doing, len(kill.in_flight), len(team.read_back(kill)), **values, equal=equal)
                for step, kill in zip(at, team.kills, strict=True)
            ]


def table(kills: Kills, rows: list[Row]) -> Iterator[str]:
    """The lines of the table."""
    quiet = f"{kills.writes} writes, {kills.steps} steps, {kills.seconds:.1f} s"
    yield f"{kills.deals} deals, undisturbed {quiet}; seed {kills.seed}"
    yield "kill  org     step  doing               in flight  read back  writes  repeated  state"
    for number, row in enumerate(rows, 1):
        state = "equal" if row.equal else "DIFFERS"
        yield (
            f"{number:>4} {row.org:>4} {row.step:>8}  {row.doing:<18} {row.in_flight:>10} {row.read_back:>10}"
            f" {row.writes:>7} {row.repeated:>9}  {state}"
        )


def main() -> None:
    """Print the table; exit code 1 where a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.worker.processes.kills")
    parser.add_argument("--deals", type=int, default=5000)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--crm", choices=["salesforce", "hubspot"], default="salesforce")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        batch = {"salesforce": 200, "hubspot": 100}[asked.crm]
        kills = Kills(Path(folder), asked.deals, asked.seed, batch, settings="", crm=asked.crm)
        rows = kills.times(asked.times)
    sys.stdout.write("\n".join(table(kills, rows)) + "\n")
    sys.exit(not all(row.kept for row in rows))


if __name__ == "__main__":
    main()
