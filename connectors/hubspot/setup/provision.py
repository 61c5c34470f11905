"""Setting a portal up by API: our property group and our properties. Asks first, so it can be run again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from connectors.hubspot.client.faults import Refused
from connectors.hubspot.client.windows import results
from connectors.hubspot.push.tasks import TASKS
from connectors.hubspot.setup import fields, steps
from model.sync import Remark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from connectors.hubspot.client.client import Client
    from connectors.hubspot.settings import HubspotSettings

_DEALS: Final = "deals"
_THERE: Final = 409


def provision(admin: Client, settings: HubspotSettings) -> Iterator[Remark]:
    """Make what is missing, with one sentence each. Stops at the first refusal with a sentence on what to do."""
    if settings.admin is None:
        yield Remark(
            "warning",
            "No admin credentials are given, so the connection's own token sets the portal up. It needs the scope "
            f"{fields.SETUP_SCOPE} for that and should lose it afterwards; better give "
            f"[connections.{settings.name}.admin] access_token.",
        )
    try:
        yield from _group(admin)
        yield from _properties(admin, settings)
    except Refused as error:
        yield Remark(
            "missing",
            f"Set-up stopped: {error.message} ({error.category}). It needs a token with the scope "
            f"{fields.SETUP_SCOPE}; or run provision --export DIR and let an admin make the properties.",
        )
        return
    yield from _tasks(admin, settings.task_key)
    yield from (Remark("note", step) for step in steps.record_page(settings))


def _group(admin: Client) -> Iterator[Remark]:
    api = admin.api("crm.properties.groups_api")
    groups = results(admin.call(api.get_all, _DEALS), "groups")
    if all(group["name"] != fields.GROUP for group in groups):
        _create(admin, api.create, fields.group())
    yield Remark("ok", f"The property group {fields.GROUP_LABEL} is there.")


def _tasks(admin: Client, name: str) -> Iterator[Remark]:
    """The property that names our tasks; without it no task is made, all else works."""
    groups, core = admin.api("crm.properties.groups_api"), admin.api("crm.properties.core_api")
    try:
        there = {row["name"]: row for row in results(admin.call(core.get_all, TASKS), "properties")}
        if name not in there:
            if all(group["name"] != fields.GROUP for group in results(admin.call(groups.get_all, TASKS), "groups")):
                _create(admin, groups.create, fields.group(), TASKS)
            there[name] = _create(admin, core.create, fields.task_key(name), TASKS) or {}
    except Refused as error:
        text = f"{name} could not be made on tasks, so policies can make none: {error.message}"
        yield Remark("note", f"{text.rstrip('.')}. It needs a token with {fields.TASK_SETUP_SCOPE}.")
        return
    if there[name].get("hasUniqueValue"):
        scope = f"where policies are to make tasks, give our app {fields.ACTION_SCOPE}"
        yield Remark("ok", f"{name} is on tasks, for the tasks of policies that enforce; {scope}.")
    else:
        yield Remark("warning", f"{name} on tasks is not unique, so no task is made: archive it, and name another.")


@dataclass
class _Done:
    """Names of properties, by what was done to them."""

    made: list[str] = field(default_factory=list)
    restored: list[str] = field(default_factory=list)
    completed: list[str] = field(default_factory=list)
    wrong: list[Remark] = field(default_factory=list)


def _properties(admin: Client, settings: HubspotSettings) -> Iterator[Remark]:
    api = admin.api("crm.properties.core_api")
    there, archived = _all(admin), _all(admin, archived=True)
    wanted, done = fields.definitions(settings), _Done()
    for body in wanted.values():
        name = body["name"]
        found = there.get(name)
        if found is None:
            (done.restored if name in archived else done.made).append(name)
            found = _create(admin, api.create, body) or admin.call(api.get_by_name, _DEALS, name)
        _fit(admin, body, found, done)
    yield Remark("ok", f"{len(wanted)} properties are on deals; made now: {', '.join(done.made) or 'none'}.")
    if done.restored:
        yield Remark("note", f"Restored from the archive, with what they held: {', '.join(done.restored)}.")
    if done.completed:
        yield Remark("ok", f"Options were added, none taken away: {', '.join(done.completed)}.")
    yield from done.wrong


def _fit(admin: Client, body: Mapping[str, Any], found: Mapping[str, Any], done: _Done) -> None:
    """Add the options that a property lacks; say where its type is another, which nobody can change."""
    name, kind = body["name"], found.get("type")
    if kind != body["type"]:
        text = (
            f"{name} is a {kind} property and {body['type']} is needed. HubSpot changes no type by API: archive it in "
            "the portal and make it anew under another name, and name that one under writes."
        )
        done.wrong.append(Remark("missing", text))
        return
    kept = list(found.get("options") or ())
    values, labels = ({option[key] for option in kept} for key in ("value", "label"))
    lacking = [option for option in body["options"] if option["value"] not in values]
    lacking = [one | ({"label": f"{one['label']} (Sluicegate)"} if one["label"] in labels else {}) for one in lacking]
    if lacking:
        api = admin.api("crm.properties.core_api")
        admin.call(api.update, _DEALS, name, {"options": [*kept, *lacking]})
        done.completed.append(name)


def _all(admin: Client, *, archived: bool = False) -> dict[str, dict[str, Any]]:
    ask = admin.api("crm.properties.core_api").get_all
    return {str(row["name"]): row for row in results(admin.call(ask, _DEALS, archived=archived), "properties")}


def _create(
    admin: Client, create: Callable[..., Any], body: dict[str, Any], kind: str = _DEALS
) -> dict[str, Any] | None:
    """What was made; None where it was there already."""
    try:
        made: dict[str, Any] = admin.call(create, kind, body)
    except Refused as error:
        if error.status == _THERE:
            return None
        raise
    return made
