"""`policies native`: the gates in the CRM's own terms, from what the store holds. Nothing is sent or even asked."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import polars as pl

from connectors.registry import crm
from model.errors import SettingsProblem
from model.snapshot import CRM_STAGES
from worker.pipeline.session import Session, read_once
from worker.usecases.diff import described

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policies.files import PolicySet
    from worker.wiring import Services


def native(services: Services, name: str, texts: Mapping[str, bytes], process: str | None = None) -> dict[str, Any]:
    """Rules or required properties that an admin may set, and what they cannot say, for the policy files `texts`.

    Raises PolicyProblem, and SettingsProblem where the connection was never pulled or has no rules of its own.
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
