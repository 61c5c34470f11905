"""Calls to one portal over hubspot-api-client: one session, one retry loop, limits in front, raw bodies."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import orjson
import requests

from connectors.hubspot.client import headers
from connectors.hubspot.client.account import Account, app_actor, midnight, zone
from connectors.hubspot.client.auth import Login
from connectors.hubspot.client.faults import Refused, SessionEnded, fault, of_write, parsed
from connectors.hubspot.client.library import Library
from connectors.hubspot.client.limits import FIRST_WINDOW, SEARCHES, Gate, app_key, bucket, portal_key
from connectors.hubspot.client.oauth import OAuth, first_served
from connectors.hubspot.settings import Credentials, HubspotSettings
from connectors.shared.client.certificates import distrust, untrusted
from connectors.shared.client.crm_client import CrmClient
from connectors.shared.client.daily_budget import Share
from connectors.shared.client.exact_json import load_fast
from connectors.shared.client.retries import Transient, in_doubt
from model.errors import AccessRefused
from model.helpers.gc_paused import uncollected
from model.sync import Budget, Window

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from connectors.hubspot.client.pool import Reply
    from connectors.shared.client.daily_budget import Allowance

_REFUSED: Final = 300


class Client(CrmClient[HubspotSettings, Credentials]):
    """One portal, one session."""

    def __init__(self, settings: HubspotSettings, **given: Any) -> None:
        super().__init__(settings, **given)
        self._login = Login(self._who, self._clock, self._renew)
        self._library = Library(settings.base_url, self._session)
        self._oauth = OAuth(self._library)
        self._account: Account | None = None
        self._turn = Lock()  # lists are read ahead in another thread; budget, token and limits are one for all
        self.window: int | None = None
        """Calls in ten seconds that our app may send, by HubSpot's last reply."""

    _usage = staticmethod(headers.usage)

    def _budget_share(self, allowance: Allowance) -> Share:
        share = self.settings.budget_share
        return Share(share, allowance, self._clock, owner="the account", refilled=self.midnight)

    def budget(self) -> Budget:
        """The account's daily calls, our own calls, and the windows that our processes keep to together."""
        seconds = f"{FIRST_WINDOW.interval // 1000} seconds"
        windows = (
            Window(f"calls of our app in {seconds}", self.window or FIRST_WINDOW.limit),
            Window("searches of all our apps in a second", SEARCHES.limit),
        )
        return replace(super().budget(), windows=windows)

    def api(self, path: str) -> Any:
        """One of the library's api objects, kept for the life of the process: "crm.deals.batch_api"."""
        return self._library.api(path)

    def call(self, function: Callable[..., Any], *given: Any, repeatable: bool = True, **named: Any) -> Any:
        """The parsed reply of one of the library's calls; None for an empty one. 207 is a reply: read its `errors`.

        Without `repeatable` a write of unknown fate raises RetryLater. Raises Refused, AccessRefused, BudgetSpent.
        """
        return self._send(self._window, lambda: self._library.typed(function, given, named), repeatable=repeatable)

    def search(self, kind: str, request: dict[str, Any]) -> dict[str, Any]:
        """One page of a search of an object type; held to the portal's searches a second, not to the window."""
        ask = self.api("crm.objects.search_api").do_search
        gate = self._searches
        found: dict[str, Any] = self._send(gate, lambda: self._library.typed(ask, (kind, request), {}), repeatable=True)
        return found

    def rest(self, path: str, method: str = "GET", body: Any = None, *, repeatable: bool = True) -> Any:
        """The parsed reply of a path that the library does not know."""
        data = None if body is None else orjson.dumps(body)
        return self._send(self._window, lambda: self._library.plain(method, path, data), repeatable=repeatable)

    def token_info(self) -> dict[str, Any]:
        """The scopes and owner of our token, read from HubSpot each time; raises Refused."""
        token = self._login.token()
        if self._login.renewable:
            ways = self._oauth.description(self._login.client, token)
            return first_served(ways, lambda way: self._send(self._window, way, repeatable=True))
        found = self.rest("/oauth/v2/private-apps/get/access-token-info", "POST", {"tokenKey": token})
        return found if isinstance(found, dict) else {}

    @property
    def actor(self) -> str | None:
        """Our own app as histories name it, "integration:" and its number; None if HubSpot does not give it."""
        return app_actor(self._token_details)

    @property
    def scopes(self) -> frozenset[str]:
        """Scopes that our token has; empty if HubSpot does not give them."""
        return frozenset(map(str, self._token_details.get("scopes") or ()))

    @cached_property
    def _token_details(self) -> dict[str, Any]:
        try:
            return self.token_info()
        except Refused:
            return {}

    def midnight(self, now: datetime) -> datetime:
        """When the account's next day begins: then its daily calls come back."""
        return midnight(now, self._account.zone if self._account else zone(self.settings.zone))

    @property
    def account(self) -> Account:
        """The portal as it describes itself, asked once; where it does not, deals can be read all the same."""
        if self._account is None:
            try:
                self._account = Account.parse(self.rest("/account-info/v3/details") or {})
            except Refused:
                self._account = Account.from_token(self._token_details, self.settings.zone)
        return self._account

    @cached_property
    def _window(self) -> Gate:
        return self._gate(app_key(self._who.secrets()), FIRST_WINDOW)

    @cached_property
    def _searches(self) -> Gate:
        return self._gate(portal_key(self.account.portal), SEARCHES)

    def _gate(self, key: str, rate: Any) -> Gate:
        return Gate(bucket(self.settings.limits, key, rate), key, self._clock, self._sleep)

    def _send(self, gate: Gate, send: Callable[[], Reply], *, repeatable: bool) -> Any:
        return self._again(self._twice, gate, send, repeatable)

    def _twice(self, gate: Gate, send: Callable[[], Reply], repeatable: bool) -> Any:
        """Send; where an OAuth token has ended renew it and send once more, then give up."""
        try:
            return self._once(gate, send, repeatable)
        except SessionEnded as error:
            if not self._login.renewable:
                raise AccessRefused(f"{error} Check access_token of connection {self.settings.name}.") from None
        try:
            return self._once(gate, send, repeatable)
        except SessionEnded as error:
            raise AccessRefused(f"{error} A new token did not help; connect the app again.") from None

    def _once(self, gate: Gate, send: Callable[[], Reply], repeatable: bool) -> Any:
        with self._turn:
            self._share.check(self.wire)
            token = self._login.token()
            self._library.take(token)
            gate.enter()
        self._share.confirm()
        try:
            reply = send()
        except requests.exceptions.ConnectTimeout as error:
            raise Transient(f"{self.settings.base_url} does not answer: {type(error).__name__}.") from None
        except requests.RequestException as error:
            raise self._broken(error, repeatable) from None
        self._note(reply)
        try:
            return self._read(reply, repeatable)
        except SessionEnded:
            with self._turn:
                self._login.ended(token)
            raise

    def _renew(self, form: dict[str, str]) -> dict[str, Any]:
        """A new access token, by whichever path HubSpot serves."""
        return first_served(self._oauth.renewal(form), self._renewed)

    def _renewed(self, send: Callable[[], Reply]) -> Any:
        self._window.enter()
        try:
            reply = send()
        except requests.RequestException as error:
            raise self._broken(error, repeatable=True) from None
        return self._read(reply, repeatable=True)

    def _broken(self, error: requests.RequestException, repeatable: bool) -> Exception:
        where = self.settings.base_url
        if untrusted(error):
            return distrust(where, self.settings.name, error)
        text = f"The reply of {where} broke off: {type(error).__name__}."
        return Transient(text) if repeatable else in_doubt(text)

    def _note(self, reply: Reply) -> None:
        """How many calls a window this app may send."""
        if window := headers.window(reply.headers):
            self.window = window[0]
            self._window.allow(*window)

    def _read(self, reply: Reply, repeatable: bool) -> Any:
        if reply.status >= _REFUSED:
            body = parsed(self._scrubbed(reply.data.decode(errors="replace"), self._library.token))
            problem = fault(reply.status, body, reply.headers, self.midnight(self.now()))
            raise problem if repeatable else of_write(problem, reply.status)
        try:
            with uncollected():
                found = load_fast(reply.data) if reply.data else None
        except ValueError:
            found = reply
        if found is None or isinstance(found, dict | list):
            return found
        text = f"HubSpot answers {reply.status} with a body that is no JSON."
        raise Transient(text) if repeatable else in_doubt(text)
