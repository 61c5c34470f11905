"""What is no table, although its name says so: each with what to do instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from model.errors import SettingsProblem

if TYPE_CHECKING:
    from pathlib import Path

BINARIES: Final = {
    b"%PDF": "a PDF",
    b"\x1f\x8b": "a compressed file",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"7z\xbc\xaf": "a compressed file",
    b"Rar!": "a compressed file",
}
PAGES: Final = ("<html", "<!doctype html", "<table", "<head", "<body", "<meta", "<style")
LOOKED_AT: Final = 2_000


def refuse_binary(path: Path, raw: bytes) -> None:
    """Raises SettingsProblem where the bytes begin as those of a file that holds no table."""
    for start, what in BINARIES.items():
        if raw.startswith(start):
            raise SettingsProblem(f"{path} is {what}, not a table; export the report as CSV or XLSX.")


def refuse_page(path: Path, text: str) -> None:
    """Raises SettingsProblem where the text is a web page or another markup."""
    start = text[:LOOKED_AT].lstrip("\ufeff \t\r\n").lower()
    named = f"named {path.suffix or path.name}"
    if start.startswith(PAGES) or (start.startswith("<?xml") and "<html" in start):
        raise SettingsProblem(
            f"{path} is a web page {named}, as Salesforce's classic Excel export is; export the report as CSV or XLSX."
        )
    if start.startswith("<?xml"):
        raise SettingsProblem(f"{path} is XML {named}; open it in a spreadsheet and save it as CSV or XLSX.")
    if start.startswith(("{", "[{")):
        raise SettingsProblem(f"{path} is JSON {named}; export the report as CSV or XLSX.")
