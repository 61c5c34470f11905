"""Picklist values: most stand in the field itself, stages and currencies are rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.salesforce.org import Org
    from sandbox.salesforce.schema.fields import Field


def allowed_values(org: Org, entity: str, field: Field) -> tuple[str, ...]:
    """The active values of a picklist field, in order."""
    if field.name == "StageName" and entity == "Opportunity":
        stages = sorted(org.tables["OpportunityStage"].alive(), key=lambda s: s["SortOrder"] or 0)
        return tuple(s["MasterLabel"] for s in stages if s["IsActive"])
    if field.name == "CurrencyIsoCode" and "CurrencyType" in org.tables:
        return tuple(c["IsoCode"] for c in org.tables["CurrencyType"].alive() if c["IsActive"])
    return field.picklist
