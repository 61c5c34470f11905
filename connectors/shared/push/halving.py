"""Batches that are refused as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Key = TypeVar("Key")
Body = TypeVar("Body")
Result = TypeVar("Result")


def by_halves(sent: Mapping[Key, Body], send: Callable[[dict[Key, Body]], dict[Key, Result]]) -> dict[Key, Result]:
    """The results of both halves of a batch, each sent on its own."""
    keys, middle = list(sent), len(sent) // 2
    halves = [{key: sent[key] for key in some} for some in (keys[:middle], keys[middle:])]
    return {key: result for half in halves for key, result in send(half).items()}
