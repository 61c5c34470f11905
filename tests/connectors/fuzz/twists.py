"""Replies as no CRM documents them: odd values, ids, shapes, orders, sizes, headers and redirects, by a seed."""

from __future__ import annotations

import copy
import gzip
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from sandbox.web import Reply

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from sandbox.web import Asked

VALUES: tuple[Any, ...] = (
    None, "", " ", "abc", "1e30", "-1e400", "NaN", "Infinity", "1" * 100, "0000-00-00", "99999-01-01", "0001-01-01",
    "9999-12-31T23:59:59Z", "253402300799999", "-1", "true", "Ω\u0000", "x\u202ey\u200b", "line\nRun done", "é" * 3000,
    "z" * 300_000, 0, -1, 1, 1e30, 1e300, -1e-300, 10**18, 2**63, 10**40, 1.5, True, False, [], ["x"], {}, {"a": [1]},
    "2026-02-30", "https://elsewhere.example/", "';--", "006" + "0" * 15, "😀" * 50,
)  # fmt: skip
RAW = (b"NaN", b"Infinity", b"-Infinity", b"1e99999999999", b"1" * 5000, b'"\\ud83d"', b'"\xff\xfe"', b'"a\x01b"',
       b"1E30", b"-0.0")  # fmt: skip
"""Values that no JSON library writes."""
MARK = "raw value goes here"
HEADERS = {
    "Date": (
        "Wed, 01 Jan 2099 00:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "yesterday", "Fri, 31 Dec 99999 0:0:0 GMT",
    ),
    "Retry-After": ("1e300", "nan", "-5", "inf", "Wed, 01 Jan 2099 00:00:00 GMT", "9" * 400),
    "X-HubSpot-RateLimit-Max": ("0", "-1", "9" * 30, "٣", "1e3"),
    "X-HubSpot-RateLimit-Interval-Milliseconds": ("0", "-1", "9" * 30, "1"),
    "X-HubSpot-RateLimit-Daily": ("0", "abc", "9" * 40),
    "X-HubSpot-RateLimit-Daily-Remaining": ("-1", "9" * 40, "1_0"),
    "Sforce-Limit-Info": ("api-usage=" + "9" * 400 + "/1", "api-usage=1/0", "api-usage=/", "api-usage=1/" + "9" * 50),
    "Content-Encoding": ("gzip", "br", "deflate", "gzip, gzip, gzip, gzip, gzip, gzip"),
    "Set-Cookie": ("a=b; Domain=elsewhere.example",),
}  # fmt: skip
STATUSES = (100, 204, 206, 207, 300, 304, 400, 401, 403, 404, 409, 414, 423, 429, 477, 500, 503, 599)


@dataclass
class Twister:
    """Twists one reply in `every`; `trap` is a host that must never be called."""

    dice: Random
    trap: str
    every: int = 4
    done: Counter[str] = field(default_factory=Counter)

    def __call__(self, asked: Asked, reply: Reply) -> Reply:
        if self.dice.randrange(self.every):
            return reply
        name, how = self.dice.choice(WAYS)
        self.done[name] += 1
        twisted = how(self, Reply(copy.deepcopy(reply.body), reply.status, dict(reply.headers), reply.kind))
        del asked
        if not isinstance(twisted.body, bytes):  # the standard library also writes integers of any length
            twisted.body = json.dumps(twisted.body, default=str).encode()
        return twisted

    def values(self, reply: Reply) -> Reply:
        """Some values anywhere in the body."""
        for _ in range(self.dice.choice((1, 1, 2, 5, 20))):
            self._at_some_place(reply, lambda _old: copy.deepcopy(self.dice.choice(VALUES)))
        return reply

    def raw(self, reply: Reply) -> Reply:
        """A value that only bytes can say."""
        self._at_some_place(reply, lambda _old: MARK)
        reply.body = reply.bytes().replace(orjson.dumps(MARK), self.dice.choice(RAW))
        return reply

    def missing(self, reply: Reply) -> Reply:
        """A key or a row is left out."""
        self._at_some_place(reply, None)
        return reply

    def ids(self, reply: Reply) -> Reply:
        """An id that cannot be one."""
        for holder in _dicts(reply.body):
            for key in ("Id", "id", "toObjectId"):
                if key in holder and not self.dice.randrange(3):
                    holder[key] = copy.deepcopy(self.dice.choice(VALUES))
        return reply

    def order(self, reply: Reply) -> Reply:
        """Rows in another order, twice, or not at all."""
        for rows in _lists(reply.body):
            self.dice.shuffle(rows)
            if rows and not self.dice.randrange(2):
                rows.extend(copy.deepcopy(rows[: self.dice.randrange(1, 4)]))
            if not self.dice.randrange(5):
                rows.clear()
        return reply

    def pages(self, reply: Reply) -> Reply:
        """A next page that never ends."""
        body = reply.body if isinstance(reply.body, dict) else {}
        if "records" in body:
            body |= {"done": False, "nextRecordsUrl": f"/services/data/v62.0/query/{self.dice.choice('ab')}-2000"}
        elif "results" in body:
            body["paging"] = {"next": {"after": self.dice.choice(("1", "2", "x", str(self.dice.random())))}}
        return reply

    def headers(self, reply: Reply) -> Reply:
        """Headers that lie."""
        name = self.dice.choice(list(HEADERS))
        reply.headers[name.lower()] = self.dice.choice(HEADERS[name]).encode().decode("latin-1")
        return reply

    def status(self, reply: Reply) -> Reply:
        """Another status with the same body."""
        reply.status = self.dice.choice(STATUSES[1:])
        return reply

    def redirect(self, reply: Reply) -> Reply:
        """A redirect to another host."""
        reply.status = self.dice.choice((301, 302, 303, 307, 308))
        reply.headers["location"] = self.dice.choice((self.trap, f"{self.trap}/x?y=z", "//[", "/login"))
        return reply

    def size(self, reply: Reply) -> Reply:
        """A bomb, a very deep body, or half of one."""
        way = self.dice.randrange(4)
        if way == 0:
            reply.headers["content-encoding"] = "gzip"
            reply.body = gzip.compress(b" " * (80 << 20), 1)
        elif way == 1:
            reply.body = b'{"records":' + b"[" * 100_000
        elif way == 2:
            reply.body = b'{"done":true,"records":[' + b"{}," * 2_500_000 + b"{}]}"
        else:
            reply.body = reply.bytes()[: len(reply.bytes()) // 2]
        return reply

    def shape(self, reply: Reply) -> Reply:
        """Another body altogether."""
        reply.body = copy.deepcopy(self.dice.choice((*VALUES, [{}], {"results": 1}, {"records": {}, "done": 1})))
        reply.body = orjson.dumps(reply.body, default=str) if not isinstance(reply.body, int) else b"7"
        return reply

    def _at_some_place(self, reply: Reply, change: Callable[[Any], Any] | None) -> None:
        places = list(_places(reply.body))
        if not places:
            return
        holder, key = self.dice.choice(places)
        try:
            if change is None:
                del holder[key]
            else:
                holder[key] = change(holder[key])
        except (IndexError, KeyError):
            return


WAYS: tuple[tuple[str, Callable[[Twister, Reply], Reply]], ...] = (
    ("values", Twister.values), ("values", Twister.values), ("values", Twister.values), ("raw", Twister.raw),
    ("missing", Twister.missing), ("ids", Twister.ids), ("order", Twister.order), ("pages", Twister.pages),
    ("headers", Twister.headers), ("status", Twister.status), ("redirect", Twister.redirect), ("shape", Twister.shape),
)  # fmt: skip
RARE: tuple[tuple[str, Callable[[Twister, Reply], Reply]], ...] = (("size", Twister.size),)


def _places(body: Any) -> Any:
    """Every place in a body that holds a value: (its holder, its key)."""
    if isinstance(body, dict | list):
        for key, value in body.items() if isinstance(body, dict) else enumerate(body):
            yield body, key
            yield from _places(value)


def _dicts(body: Any) -> Any:
    return [holder[key] for holder, key in _places(body) if isinstance(holder[key], dict)]


def _lists(body: Any) -> Any:
    return [holder[key] for holder, key in _places(body) if isinstance(holder[key], list)]
