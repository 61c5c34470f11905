"""The Maven "CRM Sales Opportunities" files as words of no CRM: accounts.csv, sales_pipeline.csv, sales_teams.csv.

What the source leaves blank stays blank. Where a CRM must have a value that the source does not give, one is
invented by a fixed rule, and each invention is noted. Pure but for reading the files.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

AS_OF: Final = datetime(2017, 12, 31, 23, tzinfo=UTC)
"""The set ends here; a server's clock is stopped at this instant."""
FIRST, LAST = "2016-10-01", "2017-12-31"


@dataclass(frozen=True)
class Invention:
    """A value that the source did not give: which row, which field, what was put there and why."""

    source_id: str
    field: str
    value: str
    reason: str


@dataclass(frozen=True)
class Seller:
    """An agent, or with no manager a manager. `login` is invented."""

    name: str
    login: str
    manager: str = ""
    region: str = ""


@dataclass(frozen=True)
class Company:
    """A customer; revenue in dollars."""

    name: str
    sector: str
    driver: str
    revenue: int
    employees: int
    parent: str


@dataclass(frozen=True)
class Deal:
    """A line of the pipeline. Days are ISO dates; it begins at `first` and, if `stage` differs, moves on its close."""

    key: str
    name: str
    owner: str
    company: str
    product: str
    first: str
    stage: str
    created: str
    engaged: str
    close: str
    amount: str


@dataclass
class Files:
    """All of a folder, and what had to be invented."""

    sellers: list[Seller] = field(default_factory=list)
    companies: list[Company] = field(default_factory=list)
    deals: list[Deal] = field(default_factory=list)
    invented: list[Invention] = field(default_factory=list)

    def invent(self, source_id: str, name: str, value: str, reason: str) -> str:
        """Note an invention; its value."""
        self.invented.append(Invention(source_id, name, value, reason))
        return value


def read(folder: Path, names: dict[str, str]) -> Files:
    """The files of a folder; `names` says how a CRM calls login, name, created and close."""
    files = Files()
    lines = _read(folder / "sales_teams.csv")
    for manager in dict.fromkeys(line["manager"] for line in lines):
        files.sellers.append(Seller(manager, _login(files, names, manager)))
    for line in lines:
        login = _login(files, names, line["sales_agent"])
        files.sellers.append(Seller(line["sales_agent"], login, line["manager"], line["regional_office"]))
    files.companies = [_company(line) for line in _read(folder / "accounts.csv")]
    files.deals = [_deal(files, names, line) for line in _read(folder / "sales_pipeline.csv")]
    return files


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _login(files: Files, names: dict[str, str], person: str) -> str:
    login = f"{person.lower().replace(' ', '.')}@maven.example"
    return files.invent(person, names["login"], login, "the source has names only")


def _company(line: dict[str, str]) -> Company:
    revenue = round(float(line["revenue"]) * 1_000_000)
    place = (line["account"], line["sector"], line["office_location"])
    return Company(*place, revenue, int(line["employees"]), line["subsidiary_of"])


def _deal(files: Files, names: dict[str, str], line: dict[str, str]) -> Deal:
    key, engaged, closed = line["opportunity_id"], line["engage_date"], line["close_date"]
    first_day = "no engage date: the first day of the set"
    created = engaged or files.invent(key, names["created"], FIRST, first_day)
    close = closed or files.invent(key, names["close"], LAST, "no close date: the last day of the set")
    name = f"{line['account'] or 'No account'} – {key}"
    return Deal(
        key=key,
        name=files.invent(key, names["name"], name, "the source has no deal names"),
        owner=line["sales_agent"],
        company=line["account"],
        product=line["product"],
        first="Engaging" if engaged else "Prospecting",
        stage=line["deal_stage"],
        created=created,
        engaged=engaged,
        close=close,
        amount=line["close_value"],
    )
