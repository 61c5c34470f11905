"""`waivers add|list|expire`: the waivers of the policy files, rewritten with their comments kept."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ruamel.yaml import YAML

from model.errors import SettingsProblem
from policies.reader import read_policies
from worker.flows.session import read_once

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from policies.policy import PolicySet, Waiver
    from worker.wiring import Services

FILE: Final = "waivers.yaml"
NO_FOLDER: Final = (
    "[policies] paths names no folder to keep waivers in; name one there (`sluicegate policies packs` copies packs), "
    "or a file of it with --file."
)
EXCUSED: Final = "waived"


def listed(services: Services, name: str = "") -> list[dict[str, Any]]:
    """Each waiver, whether it still holds, and with a connection how many flags it keeps off records there."""
    found = _read(services, services.policy_texts(), name)
    today, flags = services.clock().date(), _waived(services, name) if name else {}
    return [_row(waiver, today, flags) for waiver in found.waivers if not name or waiver.connection in {"", name}]


def add(services: Services, said: Mapping[str, Any], file: Path | None) -> dict[str, Any]:
    """Write one more waiver; nothing is written where it is wrong. Raises PolicyProblem, SettingsProblem."""
    if said["connection"]:
        services.connection(said["connection"])
    if said["until"] < services.clock().date() - timedelta(days=1):  # west of us the day before may still be today
        raise SettingsProblem(f"--until {said['until']} is past, and a waiver holds through its last day only.")
    path = _file(services, file)
    document = _loaded(path)
    document.setdefault("waivers", []).append({key: value for key, value in said.items() if value})
    _save(services, path, document)
    return {"file": str(path), **said}


def expire(services: Services, policy: str, deal: str = "") -> list[dict[str, Any]]:
    """End waivers of a policy, or only what they say of one deal; which. Raises SettingsProblem where none holds."""
    today, ended = services.clock().date(), []
    for path in _files(services):
        document = _loaded(path)
        here = [entry for entry in document.get("waivers") or () if _meant(entry, policy, deal, today)]
        for entry in here:
            _end(entry, deal, today)
        if here:
            _save(services, path, document)
        ended += [{"file": str(path), "policy": policy, "deal": deal or None} for _ in here]
    if not ended:
        which = f" for the deal {deal}" if deal else ""
        raise SettingsProblem(f"No waiver of '{policy}'{which} is in force; `sluicegate waivers list` lists them.")
    return ended


def _meant(entry: Mapping[str, Any], policy: str, deal: str, today: date) -> bool:
    named = not deal or deal in (entry.get("deals") or ())
    return entry["policy"] == policy and named and entry["until"] >= today


def _end(entry: dict[str, Any], deal: str, today: date) -> None:
    """One deal of several is taken off the list; else the waiver ends with yesterday."""
    if deal and len(entry["deals"]) > 1:
        entry["deals"].remove(deal)
    else:
        entry["until"] = today - timedelta(days=1)


def _row(waiver: Waiver, today: date, flags: Mapping[str, list[str]]) -> dict[str, Any]:
    said = {"policy": waiver.policy, "deals": list(waiver.deals), "where": waiver.where.text if waiver.where else None}
    told = {"until": waiver.until.isoformat(), "reason": waiver.reason, "approved_by": waiver.approved_by}
    state = {"in_force": waiver.until >= today, "file": waiver.file, "line": waiver.line}
    deals = flags.get(waiver.policy, [])
    excused = [deal for deal in deals if state["in_force"] and (not waiver.deals or deal in waiver.deals)]
    return {**said, "connection": waiver.connection or None, **told, **state, "flags": len(excused)}


def _waived(services: Services, name: str) -> dict[str, list[str]]:
    """By policy the deals whose flag a waiver keeps off the record."""
    from worker.flows.answers import deals

    found: dict[str, list[str]] = {}
    for deal in deals(services, name):
        for flag in deal["flags"]:
            if (flag.get("excuse") or {}).get("why") == EXCUSED:
                found.setdefault(flag["policy"], []).append(deal["id"])
    return found


def _read(services: Services, texts: Mapping[str, bytes], name: str = "") -> PolicySet:
    description = services.store.description(name) if name else None
    return read_once(texts, description) if description else read_policies(texts)


def _files(services: Services) -> list[Path]:
    """The policy files that have waivers."""
    paths = services.settings.policies.paths
    named = {waiver.file for waiver in _read(services, services.policy_texts()).waivers} if paths else set()
    return [services.settings.path(Path(file)) for file in sorted(named)]


def _file(services: Services, said: Path | None) -> Path:
    """The file that a new waiver goes into."""
    folders = [path for path in map(services.settings.path, services.settings.policies.paths) if path.is_dir()]
    if said is None and not folders:
        raise SettingsProblem(NO_FOLDER)
    path = said or folders[0] / FILE
    if not path.parent.is_dir():
        raise SettingsProblem(f"There is no folder {path.parent} to keep waivers in.")
    return path


def _yaml() -> YAML:
    yaml = YAML(typ="rt")
    yaml.preserve_quotes, yaml.width = True, 120
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _loaded(path: Path) -> Any:
    """A file that our own reader has taken, or a new one."""
    if not path.exists():
        return _yaml().map(version=1)
    return _yaml().load(path.read_bytes())


def _save(services: Services, path: Path, document: Any) -> None:
    """Write the file if all policy files still read with it; by a name beside it, so that nobody reads half of it."""
    out = BytesIO()
    _yaml().dump(document, out)
    _read(services, {**services.policy_texts(), str(path): out.getvalue()})
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(out.getvalue())
    beside.replace(path)
    if str(path) not in services.policy_texts():
        raise SettingsProblem(f"{path} is written, but [policies] paths does not name it: no run reads it yet.")
