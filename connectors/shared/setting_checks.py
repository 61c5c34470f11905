"""Single values of a connection's settings, each checked with a sentence of its own."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from model.sync import OUR_FIELDS, READ_FIELDS

if TYPE_CHECKING:
    from collections.abc import Collection

BESIDE = ("owners", "activities", "history")
"""Side files of an exported report with columns that may be named."""


def currency_code(code: str) -> str:
    """Three capital letters."""
    if not re.fullmatch("[A-Z]{3}", code):
        raise ValueError(f"'{code}' is no currency; write its ISO 4217 code, like USD")
    return code


def zone_name(zone: str) -> str:
    """An IANA zone that this machine knows."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"'{zone}' is no time zone; write an IANA name like America/New_York") from None
    return zone


def calendar_name(name: str) -> str:
    """A country of the holidays library, with an optional region: US, DE-BY."""
    if name:
        import holidays

        country, _, region = name.partition("-")
        known = holidays.list_supported_countries()
        if country not in known or (region and region not in known[country]):
            raise ValueError(f"'{name}' is no calendar; write a country and region, as in US or DE-BY")
    return name


def fact_name(name: str) -> str:
    """A name that conditions can use."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", name) or name.endswith("__known"):
        raise ValueError(f"'{name}' cannot be a fact's name; use small letters, digits and _")
    return name


def column_name(name: str) -> str:
    """A fact's name; for an exported report also a column of a side file, such as history.stage_name."""
    file, dot, column = name.rpartition(".")
    if dot and file not in BESIDE:
        raise ValueError(f"'{name}' names no file; write {', '.join(f'{one}.COLUMN' for one in BESIDE)}")
    fact_name(column)
    return name


def our_field(name: str) -> str:
    """One of the fields that we write, or read from reps."""
    known = (*OUR_FIELDS, *READ_FIELDS)
    if name not in known:
        close = difflib.get_close_matches(name, known, 1)
        hint = f"; did you mean '{close[0]}'" if close else ""
        raise ValueError(f"'{name}' is none of our fields ({', '.join(known)}){hint}")
    return name


def crm_field(name: str) -> str:
    """The name of a field that we write: a word, as it also names a file of `provision --export`."""
    if not re.fullmatch(r"[A-Za-z]\w{0,99}", name, re.ASCII):
        raise ValueError("a CRM field's name starts with a letter and has letters, digits and _ alone")
    return name


def plain_https(url: str) -> str:
    """An https URL that carries no user name or password."""
    if not url.startswith("https://") or "@" in url.partition("?")[0]:
        raise ValueError("write https://HOST without a user name or password in it")
    return url


def https_or_loopback(url: str) -> str:
    """An https URL, or plain http to this very machine, without a user name or password."""
    parts = urlsplit(url)
    local = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "::1", "localhost"}
    if parts.username or not parts.hostname or not (local or parts.scheme == "https"):
        raise ValueError("write https://HOST without a user name or password in it; http is for 127.0.0.1 alone")
    return url.rstrip("/")


def condition_mistakes(text: str, mapped: Collection[str]) -> list[str]:
    """What is wrong in a condition, each with its column.

    The type of a fact that exists by mapping only is the CRM's, so a condition over one is checked on the connection.
    """
    if not text:
        return []
    from model.facts import FACTS, Fact
    from policies.language import parse_condition

    own = {name: Fact(name, "text", "", name) for name in mapped if name not in FACTS}
    found = parse_condition(text, {**FACTS, **own})
    if not isinstance(found, list) or any(re.search(rf"\b{re.escape(name)}\b", text) for name in own):
        return []
    return [f"column {one.column}: {one.text}" for one in found]
