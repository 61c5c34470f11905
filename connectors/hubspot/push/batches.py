"""One batch of writes, and what to do where HubSpot refuses it as a whole: halve it down to the guilty record.

A value that was refused alone is not sent again on other deals, so that an option that somebody took away costs about
ten calls a batch and not two hundred.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connectors.hubspot.client import answers
from connectors.hubspot.client.answers import FIELD, LOCKED, NOT_FOUND, UNSENT, Result, Sent
from connectors.hubspot.client.faults import Locked, Refused
from connectors.shared.push.halving import by_halves
from model.errors import RetryLater

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from connectors.hubspot.client.client import Client

_MOST_CALLS: Final = 64
"""Calls that one batch may cost; what is not sent by then waits for the next run."""
_UNSENT: Final = Result(UNSENT, "HubSpot refuses too much of this batch one by one; the rest waits for the next run")


class Batches:
    """The calls of one push, and what they taught."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._left = _MOST_CALLS
        self._refused: dict[tuple[str, str], Result] = {}

    def send(self, sent: Sent) -> dict[str, Result]:
        """A result for each deal; raises what the client raises where no record is to blame."""
        known = {deal: result for deal, body in sent.items() if (result := self._known(body))}
        rest = {deal: body for deal, body in sent.items() if deal not in known}
        if not rest:
            return known
        if self._left <= 0:
            return known | dict.fromkeys(rest, _UNSENT)
        try:
            return known | self._once(rest)
        except Locked as error:
            return known | self._narrowed(rest, Result(LOCKED, str(error)))
        except Refused as error:
            if not answers.by_input(error, rest):
                raise
            return known | self._narrowed(
                rest, answers.refusal(error.body, error.status), answers.meant(error.body, {})
            )

    def _once(self, sent: Sent) -> dict[str, Result]:
        self._left -= 1
        inputs = [
            {"id": deal, "objectWriteTraceId": answers.trace(deal), "properties": body} for deal, body in sent.items()
        ]
        update = self._client.api("crm.deals.batch_api").update
        reply = self._client.call(update, {"inputs": inputs}, repeatable=False)
        if not isinstance(reply, dict) or not isinstance(reply.get("results"), list):
            raise RetryLater("HubSpot did not answer for every record: read them again before sending them again.")
        return answers.results(reply, sent)

    def _known(self, body: Mapping[str, str]) -> Result | None:
        """The refusal of a value that was refused alone before."""
        return next((self._refused[pair] for pair in body.items() if pair in self._refused), None)

    def _narrowed(self, sent: Sent, result: Result, named: Iterable[str] = ()) -> dict[str, Result]:
        """The records that the refusal of a whole call is about; `named`: ids in its message."""
        guilty = {deal for deal in named if deal in sent and result.code == NOT_FOUND}
        if result.code in FIELD:
            guilty = {deal for deal, body in sent.items() if set(result.names) & set(body)}
        if guilty:
            rest = {deal: body for deal, body in sent.items() if deal not in guilty}
            return dict.fromkeys(guilty, result) | self.send(rest)
        if len(sent) > 1:
            return by_halves(sent, self.send)
        if result.by_value:
            self._refused |= {
                pair: result for body in sent.values() for pair in body.items() if pair[0] in result.names
            }
        return dict.fromkeys(sent, result)
