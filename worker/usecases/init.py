"""`init`: a starting folder. With a connection, it drafts mappings and processes from the org."""

from __future__ import annotations

import json
import re
from importlib import resources
from typing import TYPE_CHECKING

from connectors.registry import KINDS, crm
from connectors.shared.files import new_file
from model.errors import SettingsProblem
from worker.pipeline.home_currency import home_currency
from worker.pipeline.running import counted
from worker.pipeline.session import Session

if TYPE_CHECKING:
    from pathlib import Path

    from model.sync import Draft, DraftProcess
    from worker.wiring import Services

BARE = re.compile(r"[A-Za-z0-9_-]+")
"""Names that TOML takes without quotes."""
CONFIG_HEAD = """\
# Sluicegate. Every setting: docs/settings.md. Secrets belong in the environment or a secrets folder, not here.
[policies]
paths = ["policies/"]
"""
KPIS_TEXT = """\
# KPIs of your own: docs/revops.md, "KPIs of your own", is the guide. Take the signs away from the lines below,
# then try them with `sluicegate kpis test`.
version: 1
# kpis:
#   - name: large_win_rate              # its id; never change it
#     label: Win rate over 50k
#     type: ratio                       # simple | ratio | derived
#     numerator: {agg: count, filter: is_won}
#     denominator: {agg: count}
#     filter: amount_home > 50000
#     window: closed                    # closed | created | as_of
#     examples:
#       - {rows: [{is_won: true, amount_home: 60000}, {is_lost: true, amount_home: 70000}], value: 0.5}
"""
FIELDS_HEAD = """\
# Drafted from the org: fact = field, with the share of deals on which it is filled. Take what fits into the
# [connections.{name}.fields] table of your config file.
[connections.{name}.fields]
"""
PROCESS_HEAD = """\
# Drafted from the org's own stages: put them in order, cut what is not yours, then write the criteria.
version: 1
processes:
"""


def init(folder: Path, services: Services | None, source: str) -> list[Path]:
    """Write the files and return their names.

    Raises SettingsProblem if the folder already holds a config, or if the connection's currency is not the org's.
    """
    if (folder / "sluicegate.toml").exists():
        raise SettingsProblem(f"{folder} has a sluicegate.toml already; name a new folder.")
    starter = resources.files("policies") / "packs" / "starter.yaml"
    texts = {
        "sluicegate.toml": config_text(),
        "policies/starter.yaml": starter.read_text("utf-8"),
        "policies/kpis.yaml": KPIS_TEXT,
    }
    if services is not None:
        kind, draft = services.connection(source).kind, _draft(services, source)
        texts["sluicegate.toml"] = config_text(kind, source)
        texts |= {"fields.toml": fields_text(source, draft), "processes-draft.yaml": processes_text(kind, draft)}
    return [_write(folder / name, text) for name, text in texts.items()]


def _draft(services: Services, source: str) -> Draft:
    connector = services.connect(source)
    with counted(Session(services, source, services.clock())):
        home_currency(services, source, connector.describe())
        return connector.draft()


def config_text(kind: str = "", name: str = "") -> str:
    """The config file, with a table of every kind of connection that has a template; of one kind and name if given."""
    kinds = [kind] if kind else KINDS
    tables = [template for one in kinds if (template := crm(one).template)]
    return "\n".join([CONFIG_HEAD, *(_named(table, name) for table in tables)] if name else [CONFIG_HEAD, *tables])


def _named(template: str, name: str) -> str:
    """A connection's table under its own name, without the signs that make it a comment."""
    lines = template.splitlines()
    head = next(n for n, line in enumerate(lines) if line.removeprefix("# ").startswith("[connections."))
    table = [line.removeprefix("#").removeprefix(" ") for line in lines[head:]]
    given = table[0].removeprefix("[connections.").removesuffix("]")
    key = name if BARE.fullmatch(name) else _quoted(name)
    body = "\n".join(table[1:]).replace(f"CONNECTIONS__{given.upper()}__", f"CONNECTIONS__{name.upper()}__")
    return f"[connections.{key}]\n{body}\n".replace(f"[connections.{given}.", f"[connections.{key}.")


def next_step(folder: Path, source: str) -> str:
    """The sentence that says what to do with the files."""
    config = folder / "sluicegate.toml"
    if not source:
        return f"Next: fill in the connection in {config}, then `sluicegate --config {config} connection check NAME`."
    return (
        f"Next: copy the login of '{source}' and the lines that fit of {folder / 'fields.toml'} into {config}; "
        f"copy the processes that you want from {folder / 'processes-draft.yaml'} into {folder / 'policies'}; "
        f"then run `sluicegate --config {config} connection check {source}`."
    )


def fields_text(name: str, draft: Draft) -> str:
    """The drafted mappings, fullest first."""
    lines = [f'{m.fact} = "{m.field}"   # {" ".join(m.label.split())}: {m.filled:.0%} filled' for m in draft.fields]
    return FIELDS_HEAD.format(name=name) + "\n".join(lines) + "\n"


def processes_text(kind: str, draft: Draft) -> str:
    """The drafted processes, one per record type or pipeline. The org writes the criteria."""
    return PROCESS_HEAD + "".join(_process(process, kind) for process in draft.processes)


def _process(process: DraftProcess, kind: str) -> str:
    claim = f"    applies_to: {_quoted(process.condition)}\n" if process.condition else ""
    stages = "".join(
        f"      - id: {_id(process.labels.get(stage, stage))}\n        names: {{{kind}: [{_quoted(stage)}]}}\n"
        for stage in process.stages
    )
    return f"  - id: {_id(process.id)}\n    title: {_quoted(process.title)}\n{claim}    stages:\n{stages}"


def _id(text: str) -> str:
    """Small letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", text.casefold()).strip("-") or "stage"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _write(path: Path, text: str) -> Path:
    new_file(path, text.encode())
    return path
