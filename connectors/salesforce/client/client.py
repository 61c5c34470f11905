"""Calls to one org over simple-salesforce: log in, retry by error code, stay within the budget."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, TypeVar

import orjson
import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceError
from simple_salesforce.util import exception_handler

from connectors.salesforce.client.auth import Token, log_in
from connectors.salesforce.client.faults import SessionEnded, TooMany, code_of, fault
from connectors.salesforce.settings import Credentials, SalesforceSettings
from connectors.shared.client.certificates import distrust, untrusted
from connectors.shared.client.crm_client import CrmClient
from connectors.shared.client.exact_json import load, load_fast
from connectors.shared.client.paging import Paging
from connectors.shared.client.retries import Transient, in_doubt
from model.errors import AccessRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")
Rows = list[dict[str, Any]]
_REFUSED: Final = 300
_USAGE: Final = re.compile(r"(?<![\w-])api-usage=([0-9]{1,9})/(0{0,9}[1-9][0-9]{0,8})(?![0-9])")
"""The header with the org's daily calls."""


class Client(CrmClient[SalesforceSettings, Credentials]):
    """One org, one session."""

    def __init__(self, settings: SalesforceSettings, **given: Any) -> None:
        super().__init__(settings, **given)
        self._session.headers["Sforce-Call-Options"] = "client=sluicegate"
        self._token: Token | None = None
        self._sf: Salesforce | None = None

    @staticmethod
    def _usage(reply: requests.Response) -> tuple[int, int] | None:
        usage = _USAGE.search(reply.headers.get("Sforce-Limit-Info", ""))
        return (int(usage[1]), int(usage[2])) if usage else None

    @property
    def user_id(self) -> str | None:
        """The user we act as, if the login gave it."""
        return self._token.user_id if self._token else None

    def rest(self, path: str, method: str = "GET", body: Any = None, *, repeatable: bool = True) -> Any:
        """The parsed reply of one call below /services/data/vNN/; None for an empty one."""
        data = None if body is None else orjson.dumps(body)
        return self._call(lambda sf: sf.restful(path, method=method, data=data), repeatable=repeatable)

    def part(self, path: str, params: dict[str, str], read: Callable[[requests.Response], T]) -> T:
        """What `read` makes of a reply in CSV; one that it cannot read (ValueError) is asked for again."""
        found: T = self._call(lambda sf: read(_got(sf, path, params, accept="text/csv")))
        return found

    def pages(self, soql: str, *, deleted: bool = False, exact: bool = True, most: int | None = None) -> Iterator[Rows]:
        """The pages of a query, one held at a time; `deleted` also gives rows in the bin and archived ones.

        `exact` keeps decimals as Decimal; without it they are floats and decoding takes half the time. Raises TooMany
        before the first page where the query has more than `most` rows.
        """
        path: str | None = "queryAll" if deleted else "query"
        params: dict[str, str] | None = {"q": soql}
        paging = Paging("a query")
        while path:
            body = self._call(_page(path, params, exact))
            _not_too_many(body, most)
            rows = self.only_records(body["records"], "a query")
            yield rows
            path, params = None if body["done"] else str(body["nextRecordsUrl"]), None
            if path:
                paging.check(path, len(rows))

    def rows(self, soql: str) -> Rows:
        """All rows of a small query."""
        return [row for page in self.pages(soql) for row in page]

    def _call(self, send: Callable[[Salesforce], Any], *, repeatable: bool = True) -> Any:
        return self._again(self._twice, send, repeatable)

    def _twice(self, send: Callable[[Salesforce], Any], repeatable: bool) -> Any:
        """Send; where the session has ended log in again and send once more, then give up."""
        try:
            return self._once(send, repeatable)
        except SessionEnded:
            self._sf = None
        try:
            return self._once(send, repeatable)
        except SessionEnded as error:
            raise AccessRefused(f"{error} A new login did not help; check the user's rights to the API.") from None

    def _once(self, send: Callable[[Salesforce], Any], repeatable: bool) -> Any:
        self._share.check(self.wire)
        sf = self._salesforce()
        self._share.confirm()
        try:
            return send(sf)
        except SalesforceError as error:
            problem = fault(error.status, self._scrubbed_body(error.content))
            raise problem if repeatable or not _fate_unknown(error) else in_doubt(str(problem)) from None
        except requests.exceptions.ConnectTimeout as error:
            raise Transient(f"{sf.sf_instance} does not answer: {type(error).__name__}.") from None
        except (requests.RequestException, ValueError, KeyError, TypeError, RecursionError) as error:
            if untrusted(error):
                raise distrust(sf.sf_instance, self.settings.name, error) from None
            text = f"The reply of {sf.sf_instance} broke off or cannot be read: {type(error).__name__}."
            raise Transient(text) if repeatable else in_doubt(text) from None

    def _scrubbed_body(self, content: Any) -> Any:
        """An error body without our secrets."""
        if isinstance(content, str):
            return self._scrubbed(content, self._token.access if self._token else "")
        if isinstance(content, list):
            return [self._scrubbed_body(part) for part in content]
        return {k: self._scrubbed_body(v) for k, v in content.items()} if isinstance(content, dict) else content

    def _salesforce(self) -> Salesforce:
        if self._sf is None:
            refresh = self._token.refresh_token if self._token else None
            token = log_in(self.settings, self._who, self._session, self._clock(), refresh=refresh)
            self._token = token
            self._sf = Salesforce(
                instance_url=token.instance_url,
                session_id=token.access,
                version=self.settings.api_version,
                session=self._session,
                object_pairs_hook=None,
            )
        return self._sf


def _page(path: str, params: dict[str, str] | None, exact: bool) -> Callable[[Salesforce], dict[str, Any]]:
    """One page, decoded from its bytes: simple-salesforce would ask for pretty printing and build ordered dicts."""

    def send(sf: Salesforce) -> dict[str, Any]:
        reply = _got(sf, path, params)
        body: dict[str, Any] = load(reply.content) if exact else load_fast(reply.content)
        if not isinstance(body["records"], list) or not (body["done"] or body["nextRecordsUrl"]):
            raise ValueError("no page of a query")
        return body

    return send


def _got(sf: Salesforce, path: str, params: dict[str, str] | None, accept: str = "*/*") -> requests.Response:
    """The reply to a GET, as it came."""
    headers = {name: value for name, value in sf.headers.items() if name != "X-PrettyPrint"} | {"Accept": accept}
    url = f"https://{sf.sf_instance}{path}" if path.startswith("/") else sf.base_url + path
    reply = sf.session.get(url, params=params, headers=headers)
    if reply.status_code >= _REFUSED:
        exception_handler(reply, name="query")
    return reply


def _not_too_many(body: dict[str, Any], most: int | None) -> None:
    total = body.get("totalSize")
    if most is not None and isinstance(total, int) and total > most:
        raise TooMany


def _fate_unknown(error: SalesforceError) -> bool:
    """A refusal with a code, or of our session, was not applied; after a gateway's page this is not known."""
    code, _ = code_of(error.content)
    return error.status >= 500 or not (code or error.status == 401)  # noqa: PLR2004 - their own names
