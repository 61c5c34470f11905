"""`waivers add|list|expire`: edit the waivers in policy files, and keep their comments."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from connectors.registry import KINDS, crm
from connectors.shared.files import replace_file
from model.errors import SettingsProblem
from model.helpers.words import did_you_mean
from policies.files import add_waiver, end_waivers, read_policies
from worker.pipeline.session import read_once

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import date

    from policies.files import PolicySet, Waiver
    from worker.wiring import Services

FILE: Final = "waivers.yaml"
NO_FOLDER: Final = (
    "[policies] paths names no folder to keep waivers in; name one there (`sluicegate policies packs` copies packs), "
    "or a file of it with --file."
)
NOT_READ: Final = "[policies] paths does not name {}, so that no run would read it; nothing is written."
NO_PARENT: Final = "There is no folder to keep {} in."
WAIVED: Final = "waived"


def listed(services: Services, name: str = "") -> list[dict[str, Any]]:
    """Each waiver and whether it is in force; with a connection, also how many flags it hides there."""
    found = _read(services, services.policy_texts(), name)
    today, flags = services.clock().date(), _waived(services, name) if name else {}
    form = crm(services.connection(name).kind).same_id if name else _any_form
    return [_row(waiver, today, flags, form) for waiver in found.waivers if not name or waiver.connection in {"", name}]


def _any_form(deal: str) -> str:
    """The one form of an id of any CRM: a waiver without a connection may mean a deal of each."""
    for kind in KINDS:
        deal = crm(kind).same_id(deal)
    return deal


def add(services: Services, waiver: Mapping[str, Any], file: Path | None) -> dict[str, Any]:
    """Add a waiver. Raises PolicyProblem or SettingsProblem before anything is written."""
    if waiver["connection"]:
        services.connection(waiver["connection"])
    if waiver["until"] < services.clock().date() - timedelta(days=1):  # further west it may still be the day before
        raise SettingsProblem(f"--until {waiver['until']} is past, and a waiver holds through its last day only.")
    path = _file(services, file)
    with _alone(path):
        texts = services.policy_texts()
        name = _named(services, texts, path)
        _known(waiver["policy"], _read(services, texts))
        _save(services, texts, name, add_waiver(texts.get(name, b"").decode("utf-8"), waiver))
    return {"file": str(path), **waiver}


def _known(policy: str, found: PolicySet) -> None:
    """Raise SettingsProblem where no policy or criterion has this id; the waiver has no line in a file yet."""
    known = {*(place.id for place in found.criteria()), *(one.id for one in found.policies)}
    if policy not in known:
        hint = did_you_mean(policy, known) or "; `sluicegate policies show` lists them."
        raise SettingsProblem(f"There is no policy or criterion '{policy}' to waive{hint}")


def expire(services: Services, policy: str, deal: str = "") -> list[dict[str, Any]]:
    """End the waivers of a policy, or only for one deal, and return them. Raises SettingsProblem if there are none."""
    today, ended = services.clock().date(), []
    for name in sorted({waiver.file for waiver in _read(services, services.policy_texts()).waivers}):
        with _alone(Path(name)):
            texts = services.policy_texts()
            text, number = end_waivers(texts[name].decode("utf-8"), policy, deal, today, _any_form)
            if number:
                _save(services, texts, name, text)
        ended += [{"file": name, "policy": policy, "deal": deal or None}] * number
    if not ended:
        which = f" for the deal {deal}" if deal else ""
        raise SettingsProblem(f"No waiver of '{policy}'{which} is in force; `sluicegate waivers list` lists them.")
    return ended


def _row(waiver: Waiver, today: date, flags: Mapping[str, list[str]], form: Callable[[str], str]) -> dict[str, Any]:
    reach = {"policy": waiver.policy, "deals": list(waiver.deals), "where": waiver.where.text if waiver.where else None}
    terms = {"until": waiver.until.isoformat(), "reason": waiver.reason, "approved_by": waiver.approved_by}
    state = {"in_force": waiver.until >= today, "file": waiver.file, "line": waiver.line}
    deals, named = flags.get(waiver.policy, []), set(map(form, waiver.deals))
    exempt = [deal for deal in deals if state["in_force"] and (not named or form(deal) in named)]
    return {**reach, "connection": waiver.connection or None, **terms, **state, "flags": len(exempt)}


def _waived(services: Services, name: str) -> dict[str, list[str]]:
    """Deals by policy with a flag that a waiver hides."""
    from worker.usecases.answers import deals

    found: dict[str, list[str]] = {}
    for deal in deals(services, name):
        for flag in deal["flags"]:
            if (flag.get("excuse") or {}).get("why") == WAIVED:
                found.setdefault(flag["policy"], []).append(deal["id"])
    return found


def _read(services: Services, texts: Mapping[str, bytes], name: str = "") -> PolicySet:
    description = services.store.connections.description(name) if name else None
    return read_once(texts, description) if description else read_policies(texts, kinds=KINDS)


def _file(services: Services, given: Path | None) -> Path:
    """The file for new waivers."""
    folders = [path for path in map(services.settings.path, services.settings.policies.paths) if path.is_dir()]
    if given is None and not folders:
        raise SettingsProblem(NO_FOLDER)
    path = given or folders[0] / FILE
    if path.is_dir() or not path.parent.is_dir():
        raise SettingsProblem(f"{path} is a folder; name a file in it." if path.is_dir() else NO_PARENT.format(path))
    return path


def _named(services: Services, texts: Mapping[str, bytes], path: Path) -> str:
    """The file's name in runs. Raises SettingsProblem if no run reads it."""
    known = {Path(name).resolve(): name for name in texts} if services.settings.policies.paths else {}
    folders = [services.settings.path(one).resolve() for one in services.settings.policies.paths]
    inside = path.suffix in {".yaml", ".yml"} and any(path.resolve().is_relative_to(one) for one in folders)
    if path.resolve() not in known and not inside:
        raise SettingsProblem(NOT_READ.format(path))
    return known.get(path.resolve(), str(path))


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Lock the folder against other writers of waivers."""
    folder = os.open(path.resolve().parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _save(services: Services, texts: Mapping[str, bytes], name: str, text: str) -> None:
    """Write the file if all policy files stay valid with it. A rename makes the write atomic."""
    _read(services, {**texts, name: text.encode()})
    replace_file(Path(name).resolve(), text.encode())
