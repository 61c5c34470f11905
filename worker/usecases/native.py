"""`policies native`: the gates as the CRM's own rules, from the store. Calls no CRM."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import polars as pl

from connectors.registry import crm
from model.errors import SettingsProblem
from model.snapshot import CRM_STAGES
from worker.pipeline.session import Session, described, read_once

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policies.files import PolicySet
    from worker.wiring import Services


def native(services: Services, name: str, texts: Mapping[str, bytes], process: str | None = None) -> dict[str, Any]:
    """Rules or required properties for an admin to set, and gates that they cannot express, for the files `texts`.

    Raises PolicyProblem, and SettingsProblem if the connection was never pulled or its CRM has no rules.
    """
    kind = services.connection(name).kind
    session = Session(services, name, services.clock())
    offered = crm(kind)
    if offered.native is None:
        raise SettingsProblem(offered.no_rules.format(name=name))
    description = described(session)
    if not description.sources:
        raise SettingsProblem(
            f"The store does not know the fields of '{name}' yet; `sluicegate connection check {name}` asks the CRM."
        )
    policies = read_once(texts, description)
    known(policies, process)
    stages = pl.DataFrame(session.store.mirror.records(name, "crm_stage"), schema=CRM_STAGES, strict=False)
    found = offered.native(policies, description, stages, process)
    return {"connection": name, "kind": kind, "digest": policies.digest, **asdict(found)}


def known(policies: PolicySet, process: str | None) -> None:
    """Raises SettingsProblem where no process has this id."""
    ids = [one.id for one in policies.processes]
    if process is not None and process not in ids:
        raise SettingsProblem(f"There is no process '{process}'; the files have {', '.join(ids) or 'none'}.")
