"""Questions as CloudEvents 1.0 over HTTP: structured, binary or batched."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import unquote

from pydantic import BaseModel, ConfigDict, Field

from genie.contracts.message import topic_of
from genie.server.asking import begun, shown_run
from genie.server.bodies import checked, parsed, received
from genie.server.messages import Json
from genie.server.problems import Problem

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from genie.server.hosting import Hosted
    from genie.server.messages import Incoming
    from genie.server.server import Call

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
BINARY = "application/json"
MOST_EVENTS = 100
JSON_MEDIA = r"^\s*[aA][pP][pP][lL][iI][cC][aA][tT][iI][oO][nN]/[jJ][sS][oO][nN]\s*(;.*)?$"
Name = Annotated[str, Field(min_length=1, max_length=1_000)]


class CloudEvent(BaseModel):
    """Body of ``POST /v1/cloudevents``: ``type`` is the topic of a pipeline's question, ``data`` its payload."""

    model_config = ConfigDict(extra="ignore", strict=True)

    specversion: Literal["1.0"]
    id: Name = Field(description="Together with `source` the idempotency key: the same event starts one run.")
    source: Name
    type: Name
    datacontenttype: Annotated[str, Field(max_length=1_000, pattern=JSON_MEDIA)] = "application/json"
    data: dict[str, Any] = Field(default_factory=dict)


async def take(call: Call) -> ASGIApp:
    """Start a run for each event; a repeated event leads to the same run."""
    media = _media(call.request)
    body = parsed(await received(call.request, media=frozenset({STRUCTURED, BATCH, BINARY})))
    if media == BATCH:
        if not isinstance(body, list) or not 0 < len(body) <= MOST_EVENTS:
            raise Problem("invalid", f"a batch must be a list of 1 to {MOST_EVENTS} events")
        events = [checked(CloudEvent, one, f"/{number}") for number, one in enumerate(body)]
    elif media == STRUCTURED:
        events = [checked(CloudEvent, body)]
    else:
        events = [checked(CloudEvent, {**_attributes(call.request), "data": body})]
    asked = [(_asked(call, event), event) for event in events]  # either all events of a batch are accepted, or none
    questions = [
        (hosted, checked(hosted.pipeline.entry, event.data, "/data" if len(events) == 1 else f"/{number}/data"), event)
        for number, (hosted, event) in enumerate(asked)
    ]
    runs = []
    for hosted, question, event in questions:
        run, fresh = await begun(call, hosted, question, None, _key(event))
        if fresh:
            hosted.follow(run)
        runs.append(run)
    for hosted in dict.fromkeys(one for one, _, _ in questions):
        await hosted.kept()
    if media != BATCH:
        return shown_run(call, runs[0], 202)
    return Json({"runs": [run.record(call.who) for run in runs]}, 202)


def _media(request: Incoming) -> str:
    return (request.header(b"content-type") or "").partition(";")[0].strip().lower()


def _attributes(request: Incoming) -> dict[str, str]:
    """Return the attributes of an event in binary mode, which are headers."""
    names = {"specversion", "id", "source", "type"}
    found = {name: request.header(f"ce-{name}".encode()) for name in names}
    try:
        return {name: unquote(value, errors="strict") for name, value in found.items() if value is not None}
    except UnicodeDecodeError:
        raise Problem("invalid", "an attribute of the event is not percent-encoded UTF-8") from None


def _asked(call: Call, event: CloudEvent) -> Hosted:
    """Return the pipeline whose question an event is; ``?pipeline=`` selects one of several."""
    wanted = call.request.query_params.get("pipeline")
    found = [
        hosted for hosted in call.server.hosted.values()
        if topic_of(hosted.pipeline.entry).name == event.type and wanted in {None, hosted.pipeline.id}
    ]  # fmt: skip
    if not found:
        raise Problem("not_found", "no pipeline here takes events of this type")
    if len(found) > 1:
        raise Problem("conflict", "several pipelines take events of this type; add ?pipeline=ID")
    return found[0]


def _key(event: CloudEvent) -> str:
    """Return the idempotency key of an event; the included lengths make pairs of names unambiguous."""
    text = f"{len(event.source)}:{event.source}{event.id}"
    return f"ce-{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"
