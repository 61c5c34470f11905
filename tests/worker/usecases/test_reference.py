import pytest

from worker.reference import DOCS, commands_page, pages


@pytest.fixture(scope="module")
def written():
    return pages()


PAGES = ("settings.md", "facts.md", "commands.md", "kpis.md", "flags.md", "packs.md", "metrics.md")


@pytest.mark.parametrize("name", PAGES)
def test_a_reference_page_says_what_the_code_says(name, written):
    assert (DOCS / name).read_text(encoding="utf-8") == written[name], "run: python -m worker.reference"


def test_every_command_has_an_example():
    sections = commands_page().split("\n## ")[1:]
    assert len(sections) > 15
    assert [section.splitlines()[0] for section in sections if "Example: sluicegate" not in section] == []
