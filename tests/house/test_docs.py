"""What the guides show is tried here."""

import re
import tomllib
from pathlib import Path

import pytest

from connectors.tables.headers.columns import guess
from connectors.tables.headers.synonyms import NEEDED
from kpis.catalogue import SHIPPED
from policies.files import read_kpis, read_policies
from policies.trying.examples import run_examples
from worker.reference import commands_page
from worker.settings import Settings
from worker.usecases.kpis.examples import failing

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "GLOSSARY.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(kind):
    return [
        pytest.param(block, id=f"{page.stem}-{number}")
        for page in PAGES
        for number, block in enumerate(re.findall(rf"```{kind}\n(.*?)```", page.read_text(), re.DOTALL))
    ]


@pytest.mark.parametrize("block", blocks("yaml"))
def test_a_policy_shown_in_a_guide_is_read_and_its_examples_hold(block):
    assert run_examples(read_policies({"guide.yaml": block})) == []
    assert failing(read_kpis({"guide.yaml": block}, shipped=tuple(SHIPPED))) == []


@pytest.mark.parametrize("block", blocks("toml"))
def test_settings_shown_in_a_guide_are_settings(block):
    found = tomllib.loads(block)
    for connection in found.get("connections", {}).values():
        connection.setdefault("kind", "salesforce")
    Settings(**found)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_in_a_guide_exists(page):
    known = set(re.findall(r"^## sluicegate (.+)$", commands_page(), re.MULTILINE))
    short = re.compile(" (show|start)$")  # `kpis NAME` is `kpis show NAME`
    named = {short.sub("", name) for name in known if short.search(name)}
    groups = {name.split()[0] for name in known if " " in name} - named
    known |= named
    found = re.findall(r"`?\.?[/\w]*sluicegate (?:--config \S+ )?([a-z]+)(?: ([a-z]+))?", page.read_text())
    strange = [
        f"{first} {second}".strip()
        for first, second in found
        if (f"{first} {second}" if first in groups else first) not in known
    ]
    assert [words for words in strange if words.split()[0] not in PROSE] == []


def test_the_headers_that_the_page_on_reports_names_are_read_as_it_says():
    page = (ROOT / "docs" / "reports.md").read_text()
    rows = re.findall(r"^\| (\w+) \| `(\w+)`(?: \((needed)\))? \| (.+) \|$", page, re.MULTILINE)
    for file, column, _, text in rows:
        headers, _, others = text.partition("; ")
        assert [h for h in headers.split(", ") if guess([h], (), file).found.get(column) != h] == [], (file, column)
        words, columns = STAND_INS.get((file, column), ("", ()))
        assert others.startswith(words)
        read = [{*guess([h], (), file).found} for h in others.removeprefix(words).split(", ") if columns]
        assert [found for found in read if len(found) != 1 or not found <= {*columns}] == [], (file, column)
    needed = {file: {column for named, column, found, _ in rows if named == file and found} for file in NEEDED}
    assert needed == {file: set(columns) for file, columns in NEEDED.items()}


STAND_INS = {
    ("opportunities", "close_date"): ("of closed deals ", ("closed_at", "won_at", "lost_at")),
    ("activities", "at"): ("or ", ("due", "done_at")),
}
"""Column → the words before the headers that are read in its place, and the columns that these are."""
PROSE = {"is", "reads", "writes", "and", "alone"}
"""Words that follow the name in a sentence."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []
