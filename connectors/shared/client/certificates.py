"""The certificates of CRMs and proxies: why one is refused, and when the one in use ends."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import requests

from model.errors import SettingsProblem
from model.helpers.words import many

if TYPE_CHECKING:
    from pathlib import Path

SOON: Final = timedelta(days=14)
"""A certificate that ends earlier is worth a remark."""
_REFUSED: Final = "CERTIFICATE_VERIFY_FAILED"
_EXPIRED: Final = "certificate has expired"
_NOT_YET: Final = "certificate is not yet valid"
_OTHER_NAME: Final = ("mismatch", "not valid for")
_THEIRS: Final = "Ask whoever runs it to renew it, and check the proxy if there is one; if it is in ca_file, replace it"


def untrusted(error: Exception) -> bool:
    """The other side's certificate is not trusted: no repetition helps. Other TLS errors are dropped lines."""
    return isinstance(error, requests.exceptions.SSLError) and _REFUSED in str(error)


def distrust(where: str, connection: str, error: Exception) -> SettingsProblem:
    """What an error of `untrusted` means, with what to do; `where`: the address."""
    text = str(error)
    if _EXPIRED in text:
        return SettingsProblem(f"The certificate of {where} has expired. {_THEIRS}.")
    if _NOT_YET in text:
        return SettingsProblem(f"The certificate of {where} is not valid yet. Check this machine's clock.")
    if any(words in text for words in _OTHER_NAME):
        return SettingsProblem(
            f"The certificate of {where} is for another name. Check the address of connection {connection} and its "
            "proxy."
        )
    advice = f"set ca_file for connection {connection} to the authority that signed it"
    return SettingsProblem(f"The certificate of {where} is not trusted: {advice}.")


def end_of(certificate: dict[str, Any]) -> datetime:
    """When a certificate ends, as the ssl module describes it."""
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)


def first_end(ca_file: Path) -> datetime | None:
    """When the first certificate of a file ends; None where it has none."""
    context = ssl.create_default_context(cafile=ca_file)
    return min(map(end_of, context.get_ca_certs()), default=None)


def ends_soon(what: str, until: datetime | None, now: datetime) -> str | None:
    """A sentence where a certificate has ended or ends soon; `what`: whose it is."""
    if until is None or until - now > SOON:
        return None
    if until <= now:
        return f"{what} ended on {until:%-d %b %Y}. {_THEIRS}."
    return f"{what} ends on {until:%-d %b %Y}, in {many((until - now).days, 'day')}. {_THEIRS}."
