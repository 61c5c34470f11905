"""The same set-up as files for an admin's own hands: two JSON bodies and the steps."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from connectors.hubspot.setup import fields
from connectors.hubspot.setup.steps import record_page
from connectors.shared.setup.export_folder import write_files

if TYPE_CHECKING:
    from pathlib import Path

    from connectors.hubspot.settings import HubspotSettings
    from model.sync import Remark

_README: Final = """# Sluicegate's set-up for HubSpot

## 1. The properties

Either send the two files with a token that has the scope `{setup}`:

```sh
post() {{ curl -sS -X POST "https://api.hubapi.com$1" -H "Authorization: Bearer $TOKEN" \\
  -H "Content-Type: application/json" -d @"$2"; }}
post /crm/v3/properties/deals/groups group.json
post /crm/v3/properties/deals/batch/create properties.json
```

or make them by hand under Settings, Properties, Deal properties, with exactly these internal names and types:

{table}

Where HubSpot answers that a property exists, it stays as it is; see that its type and its options are these.

## 2. The app that Sluicegate signs in as

Make a private app (or an OAuth app) with these scopes and no others; none of them can change a property's definition:

{scopes}

Only where policies are to make tasks: `{action}`, and a property on tasks, too: send `tasks-group.json` and
`tasks-key.json` to `/crm/v3/properties/tasks/groups` and `/crm/v3/properties/tasks` with a token that has
`{task_setup}`. It must be unique.

## 3. The record page

{steps}
"""


def export(settings: HubspotSettings, folder: Path) -> list[Remark]:
    """Write everything below `folder`, replacing what an earlier export wrote there."""
    return write_files(files(settings), folder)


def files(settings: HubspotSettings) -> dict[str, str]:
    """Path → content of every file of the export."""
    made = fields.definitions(settings)
    readme = _README.format(
        setup=fields.SETUP_SCOPE,
        table="\n".join(_table(made)),
        scopes="\n".join(f"- `{scope}`: {use}" for scope, use in fields.SYNC_SCOPES.items()),
        action=fields.ACTION_SCOPE,
        task_setup=fields.TASK_SETUP_SCOPE,
        steps="\n".join(f"{number}. {step}" for number, step in enumerate(record_page(settings), 1)),
    )
    return {
        "README.md": readme,
        "group.json": _json(fields.group()),
        "properties.json": _json({"inputs": list(made.values())}),
        "tasks-group.json": _json(fields.group()),
        "tasks-key.json": _json(fields.task_key(settings.task_key)),
    }


def _table(made: dict[str, dict[str, Any]]) -> list[str]:
    rows = ["| label | internal name | type | field type | options |", "|---|---|---|---|---|"]
    for body in made.values():
        listed = ", ".join(option["value"] for option in body["options"])
        rows.append(f"| {body['label']} | {body['name']} | {body['type']} | {body['fieldType']} | {listed} |")
    return rows


def _json(body: dict[str, Any]) -> str:
    return json.dumps(body, indent=2, ensure_ascii=False) + "\n"
