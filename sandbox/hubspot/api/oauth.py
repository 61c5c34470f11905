"""Tokens: given for a refresh token, described, revoked. /oauth/v1 is served until a setting ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote

import orjson

from sandbox.hubspot.api.call import Reply
from sandbox.hubspot.api.tokens import LIFE, Token, refused
from sandbox.hubspot.errors import invalid, not_found

if TYPE_CHECKING:
    from sandbox.hubspot.portal import Portal
    from sandbox.web import Asked


def private_token(portal: Portal, asked: Asked) -> Reply:
    """POST /oauth/v2/private-apps/get/access-token-info: the token's app and portal, and its scopes."""
    try:
        text = orjson.loads(asked.body).get("tokenKey")
    except (orjson.JSONDecodeError, AttributeError) as error:
        raise invalid("Invalid input JSON: tokenKey is missing") from error
    token = portal.tokens.by_text.get(text)
    if token is None or token.oauth:
        raise not_found("No private app has this token")
    ids = {"userId": token.user_id, "hubId": portal.settings.portal_id, "appId": token.app_id}
    return Reply({**ids, "scopes": sorted(token.scopes)})


def token(portal: Portal, asked: Asked) -> Reply:
    """POST token with a form: a refresh token gives an access token of thirty minutes."""
    _served(portal, asked)
    form, oauth = _form(asked), portal.tokens.oauth
    if form.get("grant_type") != "refresh_token":
        raise refused("unsupported_grant_type", "BAD_GRANT_TYPE", "missing or unknown grant type")
    _known_client(portal, form)
    if form.get("refresh_token") != oauth.refresh_token or portal.tokens.refused:
        raise refused("invalid_grant", "BAD_REFRESH_TOKEN", "missing or invalid refresh token")
    made = portal.tokens.refresh()
    life = round(LIFE.total_seconds())
    values = {"token_type": "bearer", "refresh_token": oauth.refresh_token, "access_token": made.text}
    return Reply({**values, "expires_in": life})


def introspect(portal: Portal, asked: Asked) -> Reply:
    """POST token/introspect with a form, instead of a token in an address; an unknown one is not active."""
    form = _form(asked)
    _known_client(portal, form)
    now, found = portal.clock.ms(), portal.tokens.by_text.get(form.get("token", ""))
    if found is None or found.ends is None or found.ends <= now:
        return Reply({"active": False})
    values = {"active": True, "token_use": "access_token", "token": found.text, "client_id": form["client_id"]}
    return Reply({**_whose(portal, found), **values, "expires_in": (found.ends - now) // 1000})


def revoke(portal: Portal, asked: Asked) -> Reply:
    """POST token/revoke with a form: a refresh token gives no access from then on."""
    form = _form(asked)
    _known_client(portal, form)
    if form.get("token") == portal.tokens.oauth.refresh_token:
        portal.tokens.refused = True
    return Reply(None, 204)


def end_refresh(portal: Portal, asked: Asked) -> Reply:
    """DELETE /oauth/v1/refresh-tokens/…: it gives no access from then on."""
    _served(portal, asked)
    portal.tokens.refused |= unquote(asked.path.rsplit("/", 1)[1]) == portal.tokens.oauth.refresh_token
    return Reply(None, 204)


def _served(portal: Portal, asked: Asked) -> None:
    if asked.path.startswith("/oauth/v1/") and not portal.settings.oauth_v1:
        raise not_found("Unable to find the requested resource")


def _form(asked: Asked) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(asked.body.decode()).items()}


def _known_client(portal: Portal, form: dict[str, str]) -> None:
    oauth = portal.tokens.oauth
    if (form.get("client_id"), form.get("client_secret")) != (oauth.client_id, oauth.client_secret):
        raise refused("invalid_client", "BAD_CLIENT_ID", "missing or unknown client id")


def access_token(portal: Portal, asked: Asked) -> Reply:
    """GET /oauth/v1/access-tokens/…: the token's app and portal, its scopes and when it ends."""
    _served(portal, asked)
    found = portal.tokens.by_text.get(unquote(asked.path.rsplit("/", 1)[1]))
    now = portal.clock.ms()
    if found is None or found.ends is None or found.ends <= now:
        raise not_found("access token not found")
    return Reply({**_whose(portal, found), "token": found.text, "expires_in": (found.ends - now) // 1000})


def refresh_token(portal: Portal, asked: Asked) -> Reply:
    """GET /oauth/v1/refresh-tokens/…: the user it belongs to, and its scopes."""
    _served(portal, asked)
    oauth = portal.tokens.oauth
    if unquote(asked.path.rsplit("/", 1)[1]) != oauth.refresh_token:
        raise not_found("refresh token not found")
    owner = Token("", 0, "", portal.tokens.sync.user_id, portal.tokens.oauth_scopes)
    owner_values = {k: v for k, v in _whose(portal, owner).items() if k != "app_id"}
    return Reply({**owner_values, "token_type": "refresh", "token": oauth.refresh_token, "client_id": oauth.client_id})


def _whose(portal: Portal, found: Token) -> dict[str, object]:
    return {
        "user": "admin@acme.example",
        "hub_domain": "acme.example",
        "scopes": sorted(found.scopes),
        "hub_id": portal.settings.portal_id,
        "app_id": found.app_id,
        "user_id": found.user_id,
        "token_type": "access",
    }
