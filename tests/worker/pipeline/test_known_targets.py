"""Targets name owners and teams that the connection knows, or the file's line is an error."""

from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest

from model.errors import SettingsProblem
from worker.pipeline.measuring.known_targets import targets

DEALS = pl.DataFrame({"owner": ["Ann Lee", "Cid"], "team": ["West", None]}, schema={"owner": str, "team": str})
OWNERS = [
    {"id": "1", "name": "Ann Lee", "username": "ann@x.example", "team": "West"},
    {"id": "2", "name": "Sam", "username": "sam@x.example", "team": "East"},
    {"id": "3", "name": "Sam", "username": "sam.two@x.example", "team": None},
]


def session(folder, rows, people=""):
    """A connection with these targets."""
    (folder / "targets.csv").write_text("owner,team,period,amount\n" + rows, encoding="utf-8")
    (folder / "people.csv").write_text("owner,team\n" + people, encoding="utf-8")
    files = {"targets": Path("targets.csv"), "people": Path("people.csv") if people else None}
    return SimpleNamespace(
        name="crm", connection=SimpleNamespace(**files),
        services=SimpleNamespace(settings=SimpleNamespace(path=lambda path: folder / path)),
        store=SimpleNamespace(mirror=SimpleNamespace(records=lambda *_: OWNERS)),
    )  # fmt: skip


@pytest.mark.parametrize("word", ["Ann Lee", "ann lee", "ANN@x.example", "1"])
def test_an_owner_is_known_by_name_login_or_id_and_has_the_team_of_their_deals(tmp_path, word):
    found = targets(session(tmp_path, f"{word},,2026-Q4,5\n"), DEALS)
    assert found.select("owner", "team").row(0) == ("Ann Lee", "West")


def test_the_people_file_gives_the_team_and_knows_people_without_deals(tmp_path):
    found = targets(session(tmp_path, "Cid,,2026,5\nNew,,2026,6\n,north,2026,7\n", "Cid,North\nNew,North\n"), DEALS)
    assert found.select("owner", "team").rows() == [("Cid", "North"), ("New", "North"), (None, "North")]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("Ann Le,,2026,5", r"targets.csv:3: no owner is called 'Ann Le'; did you mean 'Ann Lee'\?$"),
        (
            "Zed,,2026,5",
            r"targets.csv:3: no owner is called 'Zed'; there are Ann Lee, Cid, Sam \(sam.two@x.example\), ",
        ),
        (",Wset,2026,5", r"targets.csv:3: no owner is in a team 'Wset'; did you mean 'West'\?$"),
        ("Ann Lee,Nord,2026,5", r"targets.csv:3: no owner is in a team 'Nord'; there are East, West\.$"),
        ("Sam,,2026,5", r"targets.csv:3: 'Sam' names 2 owners; write one of Sam \(sam.two@x.example\), Sam \(sam@x"),
    ],
)
def test_an_owner_or_team_that_nobody_knows_is_an_error_with_its_line(tmp_path, row, expected):
    with pytest.raises(SettingsProblem, match=expected):
        targets(session(tmp_path, f"Ann Lee,,2026,5\n{row}\n"), DEALS)
