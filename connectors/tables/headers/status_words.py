"""Words by which stages and statuses say that a deal is open, won or lost."""

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias

End: TypeAlias = Literal["open", "won", "lost", "closed"]
"""`closed` says that a deal has ended and not how."""

LOST: Final = frozenset({
    "lost", "disqualified", "canceled", "cancelled", "abandoned", "verloren", "perdu", "perdue", "perdido", "perdida",
    "perso", "persa", "förlorad", "tabt", "tapt", "przegrana", "przegrany", "utracona", "prohraná", "pierdut",
    "kaybedildi", "проиграна", "проиграно", "失注", "丢单", "输单", "closedlost",
})  # fmt: skip
WON: Final = frozenset({
    "won", "gewonnen", "gagné", "gagnée", "ganado", "ganada", "ganha", "ganho", "vinto", "vinta", "gewonnene",
    "vunnen", "vundet", "vunnet", "wygrana", "wygrany", "vyhraná", "câștigat", "kazanıldı", "выиграна", "выиграно",
    "受注", "成約", "赢单", "成交", "closedwon",
})  # fmt: skip
OPEN: Final = frozenset({
    "open", "opened", "active", "in progress", "in process", "ongoing", "pending", "working", "new", "on hold",
    "offen", "aktiv", "in arbeit", "ouvert", "ouverte", "en cours", "abierto", "abierta", "en curso", "aberto",
    "aberta", "aperto", "aperta", "in corso", "lopend", "otwarta", "otwarty", "öppen", "åben", "åpen", "открыта",
    "not closed", "not started",
})  # fmt: skip
CLOSED: Final = frozenset({"closed", "geschlossen", "abgeschlossen", "fermé", "fermée", "cerrado", "cerrada", "chiuso"})


def end_in_words(text: str) -> End | None:
    """What the words of a stage or a status say; None where they say nothing of an end."""
    words = set(re.findall(r"[^\W\d_]+", text.casefold()))
    if words & LOST:
        return "lost"
    if words & WON:
        return "won"
    return "closed" if words & CLOSED and "not" not in words else None


def means_an_end(text: str) -> bool:
    """Whether a status says open, won, lost or closed."""
    return says_open(text) or end_in_words(text) is not None


def says_open(text: str) -> bool:
    """Whether the words of a status say that the deal is open."""
    return " ".join(re.findall(r"[^\W\d_]+", text.casefold())) in OPEN
