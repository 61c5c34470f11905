"""Which scope a call needs: any one of those named will do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.hubspot.errors import missing_scopes

if TYPE_CHECKING:
    from sandbox.hubspot.api.tokens import Token

_OWN = frozenset({"deals", "contacts", "companies"})


def objects(kind: str, *, write: bool) -> list[str]:
    """For records: engagements go with contacts, mails need a scope of their own."""
    right = "write" if write else "read"
    if kind == "emails" and not write:
        return ["sales-email-read"]
    return [f"crm.objects.{kind if kind in _OWN else 'contacts'}.{right}"]


def schemas(kind: str, *, write: bool) -> list[str]:
    """For property definitions: reading records lets their definitions be read."""
    own = kind if kind in _OWN else "contacts"
    if write:
        return [f"crm.schemas.{own}.write"]
    return [
        f"crm.schemas.{own}.read",
        f"crm.objects.{own}.read",
        f"crm.objects.{own}.write",
        f"crm.schemas.{own}.write",
    ]


def owners() -> list[str]:
    """For owners."""
    return ["crm.objects.owners.read"]


def currencies() -> list[str]:
    """For exchange rates: the documents give it two names."""
    return ["settings.currencies.read", "multi_currency_details_read"]


def demand(token: Token, wanted: list[str]) -> None:
    """Raise the 403 unless the token has one of the scopes."""
    if wanted and not token.scopes & set(wanted):
        raise missing_scopes(wanted)
