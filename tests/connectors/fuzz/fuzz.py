"""Runs against a local CRM whose replies are twisted, each followed by a clean one that must put everything right."""

from __future__ import annotations

import resource
import socketserver
import threading
import traceback
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

from model.errors import SluicegateError
from tests.connectors.fuzz.twists import RARE, Twister
from tests.worker.governed import NAME, governed
from worker.cli.common import exit_code_of, to_json
from worker.usecases.answers import deals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sandbox.web import Reply
    from tests.worker.governed import Governed

MOST_MB = 1_500
"""Memory that this process, the local CRM in it included, may take at its most."""
COMPARED = ("name", "amount", "close_date")


@dataclass
class Report:
    """What came of it."""

    inputs: int = 0
    exits: Counter[str] = field(default_factory=Counter)
    twists: Counter[str] = field(default_factory=Counter)
    faults: dict[str, str] = field(default_factory=dict)
    """The first lines of each fault, by the number of its input."""
    megabytes: int = 0


@contextmanager
def trap() -> Iterator[tuple[str, list[str]]]:
    """A host that nobody may call: its address and who called all the same."""
    called: list[str] = []

    class Note(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            called.append(str(self.request.recv(200)))

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Note) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", called
        server.shutdown()


def fuzz(kind: str, seed: int, going_on: Callable[[int], bool], folder: Path) -> Report:
    """Inputs until `going_on` ends it; one a number, so that each can be repeated with its seed."""
    report = Report()
    with trap() as (address, called), governed(folder, kind) as team:
        team.seed(12)
        team.run()
        while going_on(report.inputs):
            number = report.inputs
            try:
                _one(team, Random(f"{seed} {number}"), address, report)  # noqa: S311 - not a secret
            except Exception:  # noqa: BLE001 - whatever it is, it is a fault to be reported
                report.faults[f"{kind} {seed} {number}"] = traceback.format_exc()[-3000:]
            report.inputs += 1
            if called:
                report.faults[f"{kind} {seed} {number}: another host was called"] = str(called)
                called.clear()
        report.megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        if report.megabytes > MOST_MB:
            report.faults[f"{kind} {seed}: memory"] = f"{report.megabytes} MB"
    return report


def _one(team: Governed, dice: Random, address: str, report: Report) -> None:
    """A twisted run, and a clean one after it."""
    team.later(hours=dice.choice((1, 5, 26)))
    deal = dice.choice(sorted(team.theirs()))
    team.edit(deal, amount=dice.randrange(1, 10**6), name=f"Deal {dice.randrange(100)}")
    twister = Twister(dice, address, every=dice.choice((1, 3, 8, 20)))
    if not dice.randrange(15):
        twister = _Bombs(dice, address, every=10)
    team.driver.faults.twist = twister
    try:
        report.exits[str(team.run(full=not dice.randrange(3)).exit_code)] += 1
    except SluicegateError as error:
        to_json(str(error))
        report.exits[str(exit_code_of(error))] += 1
    finally:
        team.driver.faults.twist = None
        report.twists.update(twister.done)
    team.later(hours=26)
    _clean(team)


class _Bombs(Twister):
    """Bodies that are much too large; few, because each costs the local CRM as much as us."""

    def __call__(self, asked: Any, reply: Reply) -> Reply:
        del asked
        if self.dice.randrange(self.every) or sum(self.done.values()) > 1:
            return reply
        self.done["size"] += 1
        return RARE[0][1](self, reply)


def _clean(team: Governed) -> None:
    """A full run that succeeds, and knows each deal as the CRM has it."""
    ended = team.run(full=True)
    assert not ended.stopped, ended.stopped
    assert not ended.aside, ended.aside
    known = {deal["id"]: deal for deal in deals(team.services, NAME)}
    to_json(list(known.values()))
    open_ones = {deal for deal in team.theirs() if not team.driver.entered(deal)["stage"].lower().startswith("closed")}
    assert open_ones <= known.keys(), f"not known any more: {sorted(open_ones - known.keys())}"
    wrong = [deal for deal in open_ones if known[deal]["name"] != team.driver.entered(deal)["name"]]
    assert not wrong, f"known by another name: {wrong}"
