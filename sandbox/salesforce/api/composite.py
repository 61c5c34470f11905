"""POST composite: up to 25 calls in one, each of which may name results of those before it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import orjson

from sandbox.salesforce.api.call import Call, Reply
from sandbox.salesforce.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_CALLS = 25
_REFERENCE = re.compile(r"@\{(\w+)\.([\w.\[\]]+)\}")
_FAILED = 300


def run(call: Call, dispatch: Callable[[Call, str], Reply]) -> Reply:
    """Run the sub-requests in order by `dispatch`; with allOrNone the first failure undoes and halts all."""
    body = call.json()
    wanted = body.get("compositeRequest") if isinstance(body, dict) else None
    if not isinstance(wanted, list):
        raise ApiError("JSON_PARSER_ERROR", "The request needs a list named compositeRequest")
    if len(wanted) > MOST_CALLS:
        raise ApiError("LIMIT_EXCEEDED", f"The maximum number of subrequests is {MOST_CALLS}")
    replies: list[dict[str, Any]] = []
    with call.org.transaction() as journal:
        for one in wanted:
            replies.append(_one(call, one, replies, dispatch))
            if replies[-1]["httpStatusCode"] >= _FAILED and body.get("allOrNone"):
                call.org.rollback(journal)
                replies = [_halted(other) for other in wanted]
                break
    return Reply({"compositeResponse": replies})


def _halted(wanted: dict[str, Any]) -> dict[str, Any]:
    message = "The transaction was rolled back since another operation failed."
    error = {"errorCode": "PROCESSING_HALTED", "message": message}
    return {"body": [error], "httpHeaders": {}, "httpStatusCode": 400, "referenceId": wanted.get("referenceId")}


def _one(
    call: Call, wanted: dict[str, Any], before: list[dict[str, Any]], dispatch: Callable[[Call, str], Reply]
) -> dict[str, Any]:
    filled = orjson.loads(_REFERENCE.sub(lambda m: _value(m, before), orjson.dumps(wanted).decode()))
    path, _, query = str(filled.get("url", "")).partition("?")
    body = orjson.dumps(filled["body"]) if "body" in filled else b""
    inner = replace(call, method=filled["method"], path=path, params=dict(parse_qsl(query)), body=body)
    try:
        reply = dispatch(inner, path.partition(f"/v{call.version}/")[2].strip("/"))
    except ApiError as error:
        reply = Reply([error.row()], error.status)
    status = {"httpHeaders": {}, "httpStatusCode": reply.status, "referenceId": filled.get("referenceId")}
    return {"body": reply.body, **status}


def _value(match: re.Match[str], before: list[dict[str, Any]]) -> str:
    found: Any = next((r["body"] for r in before if r["referenceId"] == match[1]), None)
    for part in re.findall(r"\w+", match[2]):
        found = found[int(part)] if isinstance(found, list) else (found or {}).get(part)
    return str(found)
