"""Generate the reference pages: `python -m worker.reference` writes them, and a test compares them."""

from __future__ import annotations

from pathlib import Path
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr

from connectors.registry import KINDS, crm
from connectors.shared.connection import ConnectionSettings
from model.facts import FACTS
from model.subjects import LEADS
from worker.packs import pack_texts
from worker.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic.fields import FieldInfo

    from model.facts import Fact

CONNECTION = "connections.NAME."
DOCS = Path(__file__).parents[1] / "docs"
SETTINGS_HEAD = """# Settings

`python -m worker.reference` generates this page from the settings. The environment takes precedence over the secrets
folder (`SLUICEGATE_SECRETS_DIR`, a file for each value, named like the variable). The secrets folder takes precedence
over the TOML file. The name of a variable is the path of the setting in capitals, with two underscores for each dot:
`SLUICEGATE_CONNECTIONS__ACME__CONSUMER_SECRET`. Relative paths start at the folder of the config file.

"""
SETTINGS_TABLE = "| setting | default | meaning |\n|---|---|---|\n"
KIND_HEAD = """
## `kind = "{kind}"`

A connection of this kind also has:

"""
FACTS_HEAD = """# Facts

A condition of a policy may use these names. `python -m worker.reference` generates this page from the code. A fact
without a mapped field is *dormant* on a connection. Any other name under `[connections.NAME.fields]` is a fact too,
with the type of its CRM field.

`stage`, `stage_order`, `created_in_stage`, `stage_since`, `days_in_stage`, `days_in_visit` and `stage_median_days` are
known only of deals that a process claims, in a stage that it names. `stage_name` is known of every deal. A process
without criteria is enough: it names the stages of a pipeline, in order.

| fact | type | unit | meaning |
|---|---|---|---|
"""
LEAD_FACTS_HEAD = """
## Facts of leads

A policy with `subject: lead` uses these facts instead of the facts above. Any other name under
`[connections.NAME.lead_fields]` is a fact of leads too. A field that is mapped to a name below replaces that fact.

| fact | type | unit | meaning |
|---|---|---|---|
"""
COMMANDS_HEAD = """# Commands

`python -m worker.reference` generates this page from the command line's own help. Every command takes `--json`,
except `worker start`, `beat` and `web`. [The contract](contract.md#json) describes the JSON.

Exit codes: 0 done · 1 done, some records refused or set aside · 2 wrong input or settings · 3 CRM out of reach or out
of budget (resumable) · 4 something is held for a person · 5 another run holds the connection · 70 a fault
in Sluicegate.
"""


def pages() -> dict[str, str]:
    """File name to text."""
    from ruamel.yaml import YAML

    from kpis.reference_page import render
    from policies.files import read_policies
    from policies.reporting.packs_page import flags_page, packs_page
    from worker.watching.metrics_page import metrics_page

    texts = pack_texts()
    packs = {name: read_policies({name: text}) for name, text in texts.items()}
    return {
        "settings.md": settings_page(),
        "facts.md": facts_page(),
        "commands.md": commands_page(),
        "kpis.md": render(),
        "metrics.md": metrics_page(YAML(typ="safe").load(DOCS / "alerts.yaml")),
        "flags.md": flags_page(read_policies(texts)),
        "packs.md": packs_page(packs),
    }


def settings_page() -> str:
    """A table of all shared settings, then a table of each kind's own connection settings."""
    shared = dict(leaves(ConnectionSettings, CONNECTION))
    everywhere = {**dict(leaves(Settings)), **shared}
    kinds = (KIND_HEAD.format(kind=kind) + _settings(_own(crm(kind).connection, shared)) for kind in KINDS)
    return "".join([SETTINGS_HEAD, _settings(everywhere), *kinds])


def _own(connection: type[ConnectionSettings], shared: Mapping[str, FieldInfo]) -> dict[str, FieldInfo]:
    """The settings that only this kind has, or that mean something else there."""
    every = leaves(connection, CONNECTION)
    kind = f"{CONNECTION}kind"
    return {
        path: info
        for path, info in every
        if path != kind and (path not in shared or info.description != shared[path].description)
    }


def _settings(found: Mapping[str, FieldInfo]) -> str:
    rows = (f"| `{path}` | {default(info)} | {info.description} |" for path, info in found.items())
    return SETTINGS_TABLE + "\n".join(rows) + "\n"


def leaves(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every setting by its path, without the connection settings."""
    for name, info in model.model_fields.items():
        inner, here = _table(info.annotation), f"{path}{name}"
        if name in {"home", "connections"}:
            continue
        if inner is None:
            yield here, info
        else:
            yield from leaves(inner, f"{here}.")


def _table(annotation: Any) -> type[BaseModel] | None:
    """The settings table in a field, or None."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in {Union, UnionType}:
        kinds = [_table(kind) for kind in get_args(annotation) if kind is not NoneType]
        return kinds[0] if len(kinds) == 1 else None
    return None


def default(info: FieldInfo) -> str:
    """A default value as TOML."""
    if info.is_required():
        return "required"
    value = info.get_default(call_default_factory=True)
    if value is None or value in ("", (), {}) or isinstance(value, SecretStr):
        return ""
    return f"`{list(value)}`" if isinstance(value, tuple) else f"`{str(value).lower() if value is False else value}`"


def facts_page() -> str:
    """The tables of all facts."""
    of_deals, of_leads = ("\n".join(map(_fact, facts.values())) for facts in (FACTS, LEADS.facts))
    return f"{FACTS_HEAD}{of_deals}\n{LEAD_FACTS_HEAD}{of_leads}\n"


def _fact(fact: Fact) -> str:
    return f"| `{fact.name}` | {fact.type} | {fact.unit} | {fact.meaning} |"


def commands_page() -> str:
    """Every command with its help."""
    import typer

    from worker.cli.main import app

    parts = [COMMANDS_HEAD]
    for name, command in commands(typer.main.get_command(app)):
        parts.append(f"## sluicegate {name}\n\n{command.help}\n{_options(command)}")
    return "\n".join(parts)


def commands(group: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every leaf command by its full name."""
    for name, command in sorted(group.commands.items()):
        if hasattr(command, "commands"):
            yield from commands(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", command


def _options(command: Any) -> str:
    shown = [parameter for parameter in command.params if getattr(parameter, "help", None)]
    rows = [f"- `{_named(parameter)}` {parameter.help}" for parameter in shown]
    return "\n" + "\n".join(rows) + "\n" if rows else ""


def _named(parameter: Any) -> str:
    is_option = parameter.param_type_name == "option"
    return " / ".join(parameter.opts) if is_option else str(parameter.name).upper()


def main() -> None:
    """Write the pages."""
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
