"""People who work in the CRMs all the time, each office in a thread of its own."""

from __future__ import annotations

import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.bad_days.estate import Estate, Office
    from tests.crm_drivers.driver import CrmDriver

STEPS: Final = ("Call on Monday", "Send the offer", "", "Meet the buyer")


@dataclass
class People:
    """Everybody of one office. They close no deal that is a clone: nobody has written to it yet."""

    office: Office
    dice: Random
    pause: float
    deals: list[str]
    clones: set[str] = field(default_factory=set)
    binned: list[str] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def work(self, ended: threading.Event) -> None:
        """Act until it is over."""
        while not ended.wait(self.dice.expovariate(1 / self.pause)):
            name = self.dice.choice(list(ACTS))
            try:
                ACTS[name](self, self.office.driver, self.dice.choice(self.deals))
                self.done[name] += 1
            except Exception as e:  # noqa: BLE001 - a rule of the CRM refuses a person, too
                self.faults.append(f"{name}: {type(e).__name__}: {e}")

    def date(self, driver: CrmDriver, deal: str) -> None:
        """A new close date, which may lie in the past."""
        day = (driver.clock.now() + timedelta(days=self.dice.randint(-30, 90))).date()
        driver.edit(deal, close_date=day.isoformat() if driver.kind == "salesforce" else f"{day}T12:00:00Z")

    def close(self, driver: CrmDriver, deal: str) -> None:
        """Won or lost."""
        if deal not in self.clones:
            driver.edit(deal, stage=self.dice.choice((driver.won, driver.lost)))

    def clone(self, driver: CrmDriver, deal: str) -> None:
        """A clone carries our fields, too."""
        stage = driver.entered(deal)["stage"]
        if len(self.clones) < 20 and stage not in {driver.won, driver.lost}:
            made = driver.clone(deal)
            self.clones.add(made)
            self.deals.append(made)

    def bin(self, driver: CrmDriver, deal: str) -> None:
        """Into the bin."""
        if len(self.binned) < len(self.deals) // 10:
            driver.delete(deal)
            self.deals.remove(deal)
            self.binned.append(deal)

    def restore(self, driver: CrmDriver) -> None:
        """Out of the bin."""
        if self.binned:
            deal = self.binned.pop(0)
            driver.restore(deal)
            self.deals.append(deal)

    def create(self, driver: CrmDriver) -> None:
        """A new deal."""
        self.deals.append(driver.deal(f"New {len(self.deals)}"))


ACTS: Final[dict[str, Callable[[People, Any, str], Any]]] = {
    "amount": lambda them, driver, deal: driver.edit(deal, amount=them.dice.choice((None, 5, 7000))),
    "next step": lambda them, driver, deal: driver.edit(deal, next_step=them.dice.choice(STEPS)),
    "close date": lambda them, driver, deal: them.date(driver, deal),
    "forward": lambda _, driver, deal: driver.edit(deal, stage=driver.second_stage),
    "back": lambda _, driver, deal: driver.edit(deal, stage=driver.first_stage),
    "close": lambda them, driver, deal: them.close(driver, deal),
    "call": lambda _, driver, deal: driver.call(deal),
    "contact": lambda _, driver, deal: driver.contact(deal, "Champion"),
    "clone": lambda them, driver, deal: them.clone(driver, deal),
    "bin": lambda them, driver, deal: them.bin(driver, deal),
    "restore": lambda them, driver, _: them.restore(driver),
    "create": lambda them, driver, _: them.create(driver),
}


@contextmanager
def at_work(estate: Estate, seed: int, pause: float) -> Iterator[list[People]]:
    """People edit in every office while the block runs, each about every `pause` seconds."""
    ended = threading.Event()
    teams = [
        People(office, Random(f"{seed}/{office.name}"), pause, list(office.driver.theirs()))  # noqa: S311
        for office in estate.offices
    ]
    threads = [threading.Thread(target=team.work, args=(ended,), daemon=True) for team in teams]
    for thread in threads:
        thread.start()
    try:
        yield teams
    finally:
        ended.set()
        for thread in threads:
            thread.join()


@dataclass
class Probe:
    """Somebody takes the amount off a deal, or enters it: how long until the record shows it."""

    office: Office
    deal: str
    blank: bool = False
    since: float = 0.0

    def edit(self) -> None:
        """The edit."""
        self.blank, self.since = not self.blank, time.monotonic()
        self.office.driver.edit(self.deal, amount=None if self.blank else 100)

    def shows(self) -> bool:
        """Whether the record shows the flag, or shows it no more."""
        return (";no-amount;" in (self.office.driver.record(self.deal)["flag_ids"] or "")) == self.blank

    @property
    def seconds(self) -> float:
        """Since the edit."""
        return time.monotonic() - self.since
