"""What a CRM's folder offers to the rest of the house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

    from connectors.protocol import Connector
    from connectors.shared.connection import ConnectionSettings
    from connectors.shared.opening import Opening
    from connectors.shared.setup.native_rules import Native
    from connectors.shared.webhooks import Webhooks
    from model.sync import Description
    from policies.files import PolicySet


class NativeRules(Protocol):
    """Gates as rules of the CRM; `stages` is a frame of CRM_STAGES, `process` the id of the only one that is wanted."""

    def __call__(
        self, policies: PolicySet, description: Description, stages: pl.DataFrame, process: str | None = None
    ) -> Native:
        """The rules that an admin can set, and the criteria that no rule can express."""


@dataclass(frozen=True)
class Crm:
    """One kind of connection: what the folder of a CRM exports as `CRM`.

    `connection` is the model of its settings, and `open` makes a connector of one, importing the client only then; it
    raises ValidationError or SettingsProblem. `native` is None where the CRM has no rules for admins, as `no_rules`
    says. `template` is its part of the config file that `init` writes. `same_id` gives the one form of a record's id:
    two texts name one record where their forms are equal. `webhooks` reads what the CRM sends by itself; None where it
    sends nothing.
    """

    connection: type[ConnectionSettings]
    open: Callable[[Any, Opening], Connector]
    template: str = ""
    native: NativeRules | None = None
    no_rules: str = "'{name}' is a CRM without rules that an admin can set."
    same_id: Callable[[str], str] = str.strip
    webhooks: Webhooks | None = None
