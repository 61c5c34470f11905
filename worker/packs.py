"""The policy packs that ship with the program: read, list and copy them."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

from connectors.shared.files import new_file
from model.errors import SettingsProblem
from model.helpers.words import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def pack_texts() -> dict[str, bytes]:
    """The shipped packs by file name. The starter pack comes first because it is the default."""
    files = (file for file in resources.files("policies").joinpath("packs").iterdir() if file.name.endswith(".yaml"))
    ordered = sorted(files, key=lambda file: (file.name != "starter.yaml", file.name))
    return {file.name: file.read_bytes() for file in ordered}


def copied(names: Sequence[str], folder: Path) -> list[Path]:
    """Copy the named packs into a folder. Raises SettingsProblem before anything is written."""
    texts = {name.removesuffix(".yaml"): text for name, text in pack_texts().items()}
    wanted = list(dict.fromkeys(name.removesuffix(".yaml") for name in names))
    for name in wanted:
        if name not in texts:
            hint = did_you_mean(name, texts) or f"; there are {', '.join(texts)}"
            raise SettingsProblem(f"There is no pack '{name}'{hint}")
        if (folder / f"{name}.yaml").exists():
            raise SettingsProblem(
                f"{folder / name}.yaml is there already; move it away, or name another folder with --to."
            )
    for name in wanted:
        new_file(folder / f"{name}.yaml", texts[name])
    return [folder / f"{name}.yaml" for name in wanted]
