"""Sending patches: what is the same for every CRM; how a batch is sent and settled is the CRM's own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from connectors.shared.push import write_guard

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from connectors.shared.settings import CrmSettings
    from model.sync import Outcome, Patch

ClientT = TypeVar("ClientT")
SchemaT = TypeVar("SchemaT", bound="Forgetful")
SettingsT = TypeVar("SettingsT", bound="CrmSettings")
ResultT = TypeVar("ResultT")


class Forgetful(Protocol):
    """What a CRM lets us see."""

    def forget(self) -> None:
        """Describe anew from here on."""


class OwnField(Protocol):
    """One of our fields in the CRM."""

    @property
    def path(self) -> str:
        """The CRM's name of it."""


class CrmPush(ABC, Generic[ClientT, SchemaT, SettingsT, ResultT]):
    """Sends batches; `jitter(least, most)` spreads the waits before a locked record is tried again."""

    most: int
    """Patches of one batch."""

    def __init__(
        self,
        client: ClientT,
        schema: SchemaT,
        settings: SettingsT,
        *,
        sleep: Callable[[float], None],
        jitter: Callable[[float, float], float],
    ) -> None:
        self._client, self._schema, self._settings = client, schema, settings
        self._sleep, self._jitter = sleep, jitter

    def send(self, patches: Sequence[Patch]) -> list[Outcome]:
        """One outcome for each patch, in order; see connectors.protocol. Raises ValueError for other fields."""
        write_guard.check_patches(patches, self._settings.writes, self.most)
        sent = {patch.id: self._body(patch) for patch in patches}
        results = self._settle({deal: body for deal, body in sent.items() if body})
        return [self._outcome(patch, results.get(patch.id)) for patch in patches]

    def _body(self, patch: Patch) -> dict[str, Any]:
        """What may be sent of a patch now: fields that exist and may be written."""
        own = self._writable()
        return {own[name].path: self._value(value) for name, value in patch.fields.items() if name in own}

    def _still_writable(
        self, sent: dict[str, dict[str, Any]], failed: Mapping[str, Collection[str]]
    ) -> dict[str, dict[str, Any]]:
        """Describe again: the bodies of the deals that `failed` by some fields, without those; none where empty.

        `sent` is changed, too, so that a later attempt does not send those fields again.
        """
        if not failed:
            return {}
        self._schema.forget()
        sent |= write_guard.without(sent, failed, {field.path for field in self._writable().values()})
        return {deal: sent[deal] for deal in failed if sent[deal]}

    @abstractmethod
    def _writable(self) -> Mapping[str, OwnField]:
        """Our fields that exist and may be written now."""

    @abstractmethod
    def _value(self, value: Any) -> Any:
        """A value as the CRM takes it."""

    @abstractmethod
    def _settle(self, sent: dict[str, dict[str, Any]]) -> dict[str, ResultT]:
        """Send, and send again what may still be written."""

    @abstractmethod
    def _outcome(self, patch: Patch, result: ResultT | None) -> Outcome:
        """What became of a patch; `result` None: nothing of it could be sent."""
