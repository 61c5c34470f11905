"""The pipelines API. Editing a pipeline or a stage moves the date of the last change of all its deals."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from sandbox.hubspot.api.call import Call, Reply
from sandbox.hubspot.errors import ApiError, invalid, not_found
from sandbox.hubspot.pipelines.stages import Pipeline, Stage
from sandbox.hubspot.schema.definitions import kind_of

if TYPE_CHECKING:
    from sandbox.hubspot.portal import Portal


def _deals_only(name: str) -> None:
    if kind_of(name) != "deals":
        raise invalid(f"Object type {name} has no pipelines here")


def pipeline_of(portal: Portal, key: str, *, archived: bool = False) -> Pipeline:
    """A pipeline by id; raises 404."""
    found = portal.pipelines.get(key)
    if found is None or (found.archived_at is not None and not archived):
        raise not_found(f"Pipeline {key} was not found")
    return found


def stage_of(pipeline: Pipeline, key: str) -> Stage:
    """A stage of a pipeline by id, archived or not; raises 404."""
    found = next((s for s in pipeline.stages if s.id == key), None)
    if found is None:
        raise not_found(f"Stage {key} was not found in pipeline {pipeline.id}")
    return found


def touched(portal: Portal, pipeline: Pipeline) -> int:
    """All deals of a pipeline count as changed now; how many."""
    now, count = portal.clock.ms(), 0
    pipeline.updated = now
    for deal in portal.deals():
        if deal.props.get("pipeline") == pipeline.id:
            portal.touch("deals", deal, now)
            count += 1
    portal.refresh_options()
    return count


def list_all(call: Call, name: str) -> Reply:
    """GET: all pipelines, in their order."""
    _deals_only(name)
    living = [p for p in call.portal.pipelines.values() if p.archived_at is None]
    return Reply({"results": [p.body() for p in sorted(living, key=lambda p: p.order)]})


def get_one(call: Call, name: str, key: str) -> Reply:
    """GET one pipeline; an archived one can still be read by its id."""
    _deals_only(name)
    return Reply(pipeline_of(call.portal, key, archived=True).body())


def create_one(call: Call, name: str) -> Reply:
    """POST a pipeline with its stages."""
    _deals_only(name)
    given, now = call.json(), call.portal.clock.ms()
    if not given.get("label") or not given.get("stages"):
        raise invalid("A pipeline needs a label and stages")
    _free(call.portal, given["label"])
    made = Pipeline(str(uuid.uuid4()), given["label"], int(given.get("displayOrder", 0)), now, now)
    made.stages = [new_stage(call.portal, each) for each in given["stages"]]
    call.portal.add_pipeline(made)
    return Reply(made.body(), 201)


def _free(portal: Portal, label: str) -> None:
    if any(p.label == label and p.archived_at is None for p in portal.pipelines.values()):
        raise ApiError(409, "CONFLICT", f"A pipeline with the label '{label}' already exists")


def new_stage(portal: Portal, given: dict[str, Any]) -> Stage:
    """A stage as a caller describes it; deal stages need a probability."""
    now = portal.clock.ms()
    if not given.get("label"):
        raise invalid("A stage needs a label")
    number = str(1_000_000_000 + len(portal.stages) * 7)
    return Stage(number, given["label"], int(given.get("displayOrder", 0)), _metadata(given.get("metadata")), now, now)


def _metadata(given: Any) -> dict[str, str]:
    """Texts, whatever came; a probability of 0 or 1 closes the deal."""
    chance = (given or {}).get("probability")
    try:
        number = float(str(chance))
    except ValueError as error:
        raise invalid(f"Deal stages need a probability from 0.0 to 1.0 in their metadata, not {chance}") from error
    if not 0 <= number <= 1:
        raise invalid(f"Deal stages need a probability from 0.0 to 1.0 in their metadata, not {chance}")
    return {"isClosed": "true" if number in {0.0, 1.0} else "false", "probability": str(number)}


def update_one(call: Call, name: str, key: str) -> Reply:
    """PATCH label, place or archived; PUT replaces the stages, too."""
    _deals_only(name)
    pipeline, given = pipeline_of(call.portal, key, archived=True), call.json()
    if given.get("label") and given["label"] != pipeline.label:
        _free(call.portal, given["label"])
    if call.asked.method == "PUT":
        _replace(call.portal, pipeline, given)
    pipeline.label = given.get("label", pipeline.label)
    pipeline.order = given.get("displayOrder", pipeline.order)
    if given.get("archived") is False:
        pipeline.archived_at = None
    touched(call.portal, pipeline)
    return Reply(pipeline.body())


def _replace(portal: Portal, pipeline: Pipeline, given: dict[str, Any]) -> None:
    known = {s.label: s for s in pipeline.stages if s.archived_at is None}
    for each in given.get("stages") or []:
        if each.get("label") in known:
            patch(known.pop(each["label"]), each)
        else:
            portal.add_stage(pipeline, new_stage(portal, each))
    for gone in known.values():
        gone.archived_at = portal.clock.ms()


def patch(stage: Stage, given: dict[str, Any]) -> None:
    """Set what is given of a stage."""
    stage.label = given.get("label", stage.label)
    stage.order = given.get("displayOrder", stage.order)
    if given.get("metadata"):
        stage.metadata = _metadata({**stage.metadata, **given["metadata"]})
    if given.get("archived") is False:
        stage.archived_at = None


def archive_one(call: Call, name: str, key: str) -> Reply:
    """DELETE a pipeline: refused while deals are in it, by setting or if asked."""
    _deals_only(name)
    pipeline = pipeline_of(call.portal, key)
    _unused(call, "pipeline", key)
    pipeline.archived_at = call.portal.clock.ms()
    call.portal.refresh_options()
    return Reply(None, 204)


def _unused(call: Call, name: str, key: str) -> None:
    """Raise the 400 while deals are there, where the portal is set so or the caller asks for it."""
    held = [str(deal.id) for deal in call.portal.deals() if deal.props.get(name) == key]
    asked = call.yes("validateReferencesBeforeDelete") or call.yes("validateDealStageUsagesBeforeDelete")
    if held and (asked or call.portal.settings.keeps_used_stages):
        sub = "STAGE_ID_IN_USE" if name == "dealstage" else "PIPELINE_ID_IN_USE"
        raise invalid(f"{key} is used by {len(held)} deals and cannot be deleted", sub=sub)


def list_stages(call: Call, name: str, key: str) -> Reply:
    """GET the stages of a pipeline."""
    _deals_only(name)
    return Reply({"results": pipeline_of(call.portal, key).body()["stages"]})


def get_stage(call: Call, name: str, key: str, stage: str) -> Reply:
    """GET a stage; an archived one can still be read by its id."""
    _deals_only(name)
    return Reply(stage_of(pipeline_of(call.portal, key, archived=True), stage).body())


def create_stage(call: Call, name: str, key: str) -> Reply:
    """POST a stage."""
    _deals_only(name)
    pipeline, given = pipeline_of(call.portal, key), call.json()
    if any(s.label == given.get("label") and s.archived_at is None for s in pipeline.stages):
        raise ApiError(409, "CONFLICT", f"A stage with the label '{given['label']}' already exists")
    made = new_stage(call.portal, given)
    call.portal.add_stage(pipeline, made)
    touched(call.portal, pipeline)
    return Reply(made.body(), 201)


def update_stage(call: Call, name: str, key: str, stage: str) -> Reply:
    """PATCH or PUT a stage."""
    _deals_only(name)
    pipeline = pipeline_of(call.portal, key)
    known = stage_of(pipeline, stage)
    patch(known, call.json())
    known.updated = call.portal.clock.ms()
    touched(call.portal, pipeline)
    return Reply(known.body())


def archive_stage(call: Call, name: str, key: str, stage: str) -> Reply:
    """DELETE a stage: refused while deals are in it, by setting or if asked."""
    _deals_only(name)
    pipeline = pipeline_of(call.portal, key)
    known = stage_of(pipeline, stage)
    _unused(call, "dealstage", stage)
    known.archived_at = call.portal.clock.ms()
    touched(call.portal, pipeline)
    return Reply(None, 204)
