"""What admins do in the portal behind the API: pipelines, people, properties, scopes, locks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.hubspot.pipelines import api as pipelines
from sandbox.hubspot.schema.definitions import kind_of
from sandbox.hubspot.setup import new_stage_in

if TYPE_CHECKING:
    from sandbox.hubspot.portal import Portal


def edit_pipeline(portal: Portal, pipeline: str = "default", label: str | None = None, order: int | None = None) -> int:
    """An admin edits a pipeline, so that all its deals count as changed; how many."""
    with portal.lock:
        known = pipelines.pipeline_of(portal, pipeline)
        known.label = label or known.label
        known.order = known.order if order is None else order
        return pipelines.touched(portal, known)


def edit_stage(portal: Portal, stage: str, **changes: Any) -> int:
    """An admin edits a stage: `label`, `displayOrder`, `metadata`."""
    with portal.lock:
        pipeline, known = portal.stages[stage]
        pipelines.patch(known, changes)
        return pipelines.touched(portal, pipeline)


def add_stage(portal: Portal, pipeline: str, key: str, label: str, probability: float, *, order: int = 99) -> None:
    """An admin adds a stage; it has no legacy properties."""
    with portal.lock:
        known = pipelines.pipeline_of(portal, pipeline)
        portal.add_stage(known, new_stage_in(portal, key, label, probability, order))
        pipelines.touched(portal, known)


def archive_stage(portal: Portal, stage: str) -> int:
    """An admin takes a stage away, though deals are in it; they stay there."""
    with portal.lock:
        pipeline, known = portal.stages[stage]
        known.archived_at = portal.clock.ms()
        return pipelines.touched(portal, pipeline)


def deactivate_owner(portal: Portal, user: str) -> None:
    """A user leaves; their records stay theirs."""
    with portal.lock:
        owner = portal.owner(user)
        owner.archived, owner.updated = True, portal.clock.ms()


def activate_owner(portal: Portal, user: str) -> None:
    """A user comes back."""
    with portal.lock:
        owner = portal.owner(user)
        owner.archived, owner.updated = False, portal.clock.ms()


def hide_property(portal: Portal, name: str, kind: str = "deals") -> None:
    """An admin archives a property, also one of HubSpot's: it is neither shown nor written any more."""
    with portal.lock:
        portal.properties[kind_of(kind)][name].archived_at = portal.clock.ms()


def show_property(portal: Portal, name: str, kind: str = "deals") -> None:
    """Undo `hide_property`."""
    with portal.lock:
        portal.properties[kind_of(kind)][name].archived_at = None


def take_scope(portal: Portal, scope: str) -> None:
    """An admin takes a scope from the sync's private app and from the OAuth app."""
    with portal.lock:
        portal.tokens.oauth_scopes.discard(scope)
        for token in portal.tokens.by_text.values():
            if token.app_id != portal.tokens.admin.app_id:
                token.scopes.discard(scope)


def give_scope(portal: Portal, scope: str) -> None:
    """Undo `take_scope`."""
    with portal.lock:
        portal.tokens.oauth_scopes.add(scope)
        for token in portal.tokens.by_text.values():
            token.scopes.add(scope)


def lock(portal: Portal, key: str | int) -> None:
    """Writes of this record are answered with 423."""
    portal.locked.add(int(key))


def unlock(portal: Portal, key: str | int) -> None:
    """Undo `lock`."""
    portal.locked.discard(int(key))
