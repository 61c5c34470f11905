"""The part of a connection's description about leads, for every CRM."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from connectors.shared.pull.mapping import type_of
from model.subjects import LEADS
from model.sync import Offer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connectors.shared.pull.mapping import Mapped
    from connectors.shared.settings import CrmSettings
    from model.sync import Description


def described_leads(
    found: Description, facts: Sequence[Mapped[Any]], settings: CrmSettings, choices: Mapping[str, tuple[str, ...]]
) -> Description:
    """The description with the facts of leads. A fact that cannot be read now is unknown, not dormant.

    `choices`: picklist values of the CRM's own fields, by fact.
    """
    given = {fact.name for fact in LEADS.facts.values() if "mapping" not in fact.needs}
    own = {m.name: m.field.choices for m in facts if m.field and m.field.choices}
    offer = Offer(
        mapped=frozenset(given | set(settings.lead_fields)),
        types={m.name: type_of(m.name, m.field, LEADS.facts) for m in facts if m.field},
        choices={**own, **choices},
    )
    return replace(found, offers={**found.offers, LEADS.table: offer})
