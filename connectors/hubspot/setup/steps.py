"""What HubSpot lets nobody do by API: showing our properties to people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connectors.shared.push.our_fields import label, names
from model.sync import READ_FIELDS

if TYPE_CHECKING:
    from connectors.shared.push.our_fields import Named

_CARD: Final = ("score", "top_flag", "reasons", "next_act", "gate", "missing", *READ_FIELDS)
_COLUMNS: Final = ("score", "top_flag", "next_act", "flagged_since")
_STEPS: Final = """\
Settings, Objects, Deals, Record customization: add a property list card named Sluicegate to the default view, with \
{card}.
CRM, Deals: save a view Flagged deals for everyone, where {flags} is greater than 0, with the columns Deal \
owner, {columns}; sort by {score}.
Settings, Objects, Deals, Pipelines, Customize cards: put {score} and {top} on the board's cards.
Reports, Create report, Single object, Deals: a bar chart Flags by owner of open deals, the sum of {flags} by Deal \
owner; a second one by {top}.
Settings, Properties: let only super admins edit Sluicegate's properties but {theirs} (field permissions, \
Professional and above). What somebody edits is put back."""


def record_page(settings: Named) -> list[str]:
    """Steps for an admin, each a sentence or two; `settings` say which properties there are."""
    words = {"flags": label("flag_count"), "score": label("score"), "top": label("top_flag")}
    lists = {"card": _CARD, "columns": _COLUMNS, "theirs": READ_FIELDS}
    return _STEPS.format(**words, **{place: _listed(settings, some) for place, some in lists.items()}).split("\n")


def _listed(settings: Named, wanted: tuple[str, ...]) -> str:
    every = [label(our_field) for our_field in wanted if our_field in names(settings)]
    return " and ".join([part for part in (", ".join(every[:-1]), *every[-1:]) if part])
