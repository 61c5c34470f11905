"""What the client of every CRM does the same way: retries, one renewal of the session, the budget, clean texts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from connectors.shared.client.certificates import ends_soon
from connectors.shared.client.daily_budget import Alone, Share
from connectors.shared.client.http_session import Wire, open_session
from connectors.shared.client.retries import Again
from connectors.shared.pull.rows import usable
from model.helpers.words import many
from model.sync import Budget, SetAside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    import requests

    from connectors.shared.client.daily_budget import Allowance
    from connectors.shared.settings import CrmSettings, Secretive

SettingsT = TypeVar("SettingsT", bound="CrmSettings")
WhoT = TypeVar("WhoT", bound="Secretive")

FAR: Final = timedelta(minutes=5)
"""Two clocks that differ by more are worth a remark."""


class CrmClient(ABC, Generic[SettingsT, WhoT]):
    """One connection, one session. `clock` and `sleep` are given; `random` spreads the retries.

    `who` calls, where it is not the settings' own login. `allowance`: what the connection has called and may call.
    """

    def __init__(
        self,
        settings: SettingsT,
        *,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
        random: Random | None = None,
        who: WhoT | None = None,
        allowance: Allowance | None = None,
    ) -> None:
        self.settings, self._clock, self._sleep = settings, clock, sleep
        self._who: WhoT = who or settings  # type: ignore[assignment]  # the settings are a login, too
        self._again = Again(sleep, random or Random())  # noqa: S311 - jitter, not a secret
        self.wire = Wire(settings.timeout, self._usage, longest=settings.longest)
        self._session = open_session(self.wire, ca_file=settings.ca_file, proxy=settings.proxy)
        self._share = self._budget_share(allowance or Alone(clock))
        self.misfits: list[SetAside] = []
        """Records of the pages read so far that have no usable id; whoever keeps the page takes them."""

    @staticmethod
    @abstractmethod
    def _usage(reply: requests.Response) -> tuple[int, int] | None:
        """Calls of the day, used and allowed, as a reply's headers say; None where they do not."""

    def _budget_share(self, allowance: Allowance) -> Share:
        return Share(self.settings.budget_share, allowance, self._clock)

    def now(self) -> datetime:
        """The server's time by its last reply, or our own if that is earlier.

        What changes later is read next time. So a clock that is ahead, theirs or ours, costs no record.
        """
        ours = self._clock()
        return min(self.wire.server_time or ours, ours)

    def pause(self, seconds: float) -> None:
        """Wait for the server to finish something."""
        self._sleep(seconds)

    @property
    def clock_remark(self) -> str | None:
        """A sentence where the server's clock and ours are far apart."""
        off = (self.wire.server_time - self._clock()) if self.wire.server_time else timedelta()
        if abs(off) < FAR:
            return None
        return (
            f"The server's clock is {_span(abs(off))} {'ahead of' if off > timedelta() else 'behind'} this machine's. "
            "Set the wrong one; until then the earlier time counts, so that no change is missed."
        )

    @property
    def certificate_remark(self) -> str | None:
        """A sentence where the certificate of the server, or of the proxy before it, ends soon."""
        return ends_soon("The certificate in use", self.wire.certificate_until, self._clock())

    def only_records(self, rows: Sequence[Any], table: str) -> list[dict[str, Any]]:
        """The rows that are JSON objects; the others are noted as misfits."""
        found = [row for row in rows if isinstance(row, dict)]
        self.misfits += [SetAside(table, "", "a record is no JSON object")] * (len(rows) - len(found))
        return found

    def with_ids(self, rows: Iterable[Any], table: str, key: str) -> list[dict[str, Any]]:
        """The rows with a usable id, as text; the others are noted as misfits."""
        return usable(rows, table, key, self.misfits)

    def budget(self) -> Budget:
        """The CRM's daily calls by its last reply, and our own calls."""
        return Budget(self.wire.used, self.wire.allowed, self.wire.calls)

    def _scrubbed(self, text: str, token: str) -> str:
        """An error text without our token and secrets, should a proxy echo one."""
        return scrub(self._who, text.replace(token, "…") if token else text)

    def _retried(self, send: Callable[..., Any], *given: Any) -> Any:
        """What `send(*given)` gives, sent again while it raises Transient."""
        return self._again(send, *given)


def _span(off: timedelta) -> str:
    return many(off.days, "day") if off.days else many(off.seconds // 60, "minute")


def scrub(who: Secretive, text: str) -> str:
    """`text` without any of our secrets, should the other side echo one."""
    for secret in who.secrets():
        text = text.replace(secret, "…")
    return text
