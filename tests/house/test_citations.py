"""Code and docs cite only what this repository has."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = ROOT / "docs" / "rows.md"
SHARED_PAGES = re.compile(
    r"\b(?:DESIGN|CONTRACT|SALESFORCE|HUBSPOT|TRAPS|STACK|ASKS|CHECKLIST|STYLE)(?:\.md|'s|: `| sections? \d)"
)
"""Working papers that are not in this repository; docs/ has pages of its own."""
NUMBER = re.compile(r"\b[SXN]\d{1,3}\b")
LINTER_CODES = re.compile(r"noqa: .*")


def tracked(*patterns):
    listed = subprocess.run(["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()]


TEXTS = [path for path in tracked("*.py", "*.yaml", "*.md") if path != Path(__file__)]
DOCS = [path for path in TEXTS if path.suffix == ".md"]


def cited(path, pattern):
    lines = enumerate(path.read_text().splitlines(), 1)
    return [
        f"{path.relative_to(ROOT)}:{number}: {found}"
        for number, line in lines
        for found in pattern.findall(LINTER_CODES.sub("", line))
    ]


@pytest.mark.parametrize("kind", [".py", ".yaml", ".md"])
def test_nothing_cites_a_page_that_the_repository_does_not_have(kind):
    assert [line for path in TEXTS if path.suffix == kind for line in cited(path, SHARED_PAGES)] == []


@pytest.mark.parametrize("kind", [".py", ".yaml", ".md"])
def test_a_page_of_the_docs_that_a_text_names_is_there(kind):
    pages = re.compile(r"\bdocs/[\w/-]+\.md\b")
    named = [line for path in TEXTS if path.suffix == kind for line in cited(path, pages)]
    assert [line for line in named if not (ROOT / line.rpartition(" ")[2]).exists()] == []


def test_a_checklist_number_is_explained_in_the_table_of_rows():
    explained = set(re.findall(r"^\| ([SXN]\d+) \|", ROWS.read_text(), re.MULTILINE))
    outside_tests = [path for path in TEXTS if path != ROWS and "tests" not in path.relative_to(ROOT).parts]
    numbers = [line for path in outside_tests for line in cited(path, NUMBER)]
    assert [line for line in numbers if line.rpartition(" ")[2] not in explained] == []
