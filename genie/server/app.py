"""The API as one ASGI application: a table of routes, each with the right that it needs."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any, NamedTuple

import anyio
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from genie.contracts.problems import problem_of
from genie.errors import CapacityError, RuntimeDrainingError
from genie.runtime.runtime import Runtime
from genie.server.hosting import Hosted, HostedRun
from genie.server.problems import Problem
from genie.server.streams import RunEvents

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence

    from starlette.types import ASGIApp

    from genie.config.pipeline import Pipeline
    from genie.server.principals import ApiKeys, Principal

MOST_BODY = 1_000_000
"""Bytes of a request's body."""
WAIT_S = 30.0
"""Seconds that ``POST /v1/ask`` waits where the caller states nothing."""
LONGEST_WAIT_S = 120.0


class Rule(NamedTuple):
    """One route: who may use it, and what answers."""

    method: str
    path: str
    right: str | None
    """Right that the caller needs; None for one that anybody may use and that shows nothing of anybody."""
    endpoint: Callable[[Server, Request, Any], Awaitable[ASGIApp]]


class Server:
    """Open pipelines behind one address.

    Args:
        pipelines: What is served.
        keys: Who may call.
    """

    def __init__(self, pipelines: Iterable[Pipeline], keys: ApiKeys) -> None:
        self.pipelines = {pipeline.id: pipeline for pipeline in pipelines}
        self.keys = keys
        self.hosted: dict[str, Hosted] = {}
        self.draining = False

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Open every pipeline for as long as the block lasts."""
        async with contextlib.AsyncExitStack() as stack, anyio.create_task_group() as tasks:
            for pipeline in self.pipelines.values():
                runtime = await stack.enter_async_context(Runtime.from_pipeline(pipeline))
                self.hosted[pipeline.id] = Hosted(pipeline, runtime, tasks)
            yield
            tasks.cancel_scope.cancel()

    def application(self, rules: Sequence[Rule]) -> Starlette:
        """Return the ASGI application of a table of routes."""
        return Starlette(
            routes=[Route(rule.path, self._guarded(rule), methods=[rule.method]) for rule in rules],
            exception_handlers={404: _not_found, 405: _not_found, Exception: _failed},
        )

    def _guarded(self, rule: Rule) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            try:
                principal = None if rule.right is None else self.principal(request, rule.right)
                return await rule.endpoint(self, request, principal)  # type: ignore[return-value]  # ASGI apps as well
            except Problem as problem:
                return problem.response()
            except RuntimeDrainingError:
                return Problem("draining", headers={"Retry-After": "5"}).response()
            except CapacityError as error:
                return Problem("overflow", reason=error.code, headers={"Retry-After": "1"}).response()

        return endpoint

    def principal(self, request: Request, right: str) -> Principal:
        """Return who calls, where it has a right.

        Raises:
            Problem: It has not shown who it is, or may not do this.
        """
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        found = self.keys.resolve(token.strip()) if scheme.lower() == "bearer" and len(token) < 8_192 else None
        if found is None:
            raise Problem("unauthenticated", headers={"WWW-Authenticate": "Bearer"})
        if right not in found.rights:
            raise Problem("forbidden", f"this needs the right {right!r}")
        return found

    def run(self, run_id: str, principal: Principal) -> HostedRun:
        """Return a run that somebody may see.

        Raises:
            Problem: There is none, or it is somebody else's; both look alike.
        """
        for hosted in self.hosted.values():
            found = hosted.runs.get(run_id)
            if found is not None and found.visible_to(principal):
                return found
        raise Problem("not_found")


async def body_of(request: Request) -> Any:
    """Return the JSON of a body.

    Raises:
        Problem: It is too large, or not JSON.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Problem("unsupported_media_type", "send application/json")
    whole = bytearray()
    async for chunk in request.stream():
        whole += chunk
        if len(whole) > MOST_BODY:
            raise Problem("too_large", f"the limit is {MOST_BODY:,} bytes")
    try:
        return json.loads(whole)
    except (ValueError, RecursionError):
        raise Problem("malformed", "the body is not JSON") from None


async def start_run(server: Server, request: Request, principal: Principal) -> Response:
    """``POST /v1/runs``: ask a pipeline a question; the answer is the run, not yet its result."""
    hosted, run = await _started(server, request, principal)
    return JSONResponse(run.record(), 202, {"Location": f"/v1/runs/{run.id}"})


async def ask(server: Server, request: Request, principal: Principal) -> Response:
    """``POST /v1/ask``: ask, and wait for the answer; a client that goes away cancels its run."""
    _, run = await _started(server, request, principal)
    within_s = _wait_of(request)
    with anyio.move_on_after(within_s):
        async with anyio.create_task_group() as tasks:

            async def gone() -> None:
                while not await request.is_disconnected():
                    await anyio.sleep(0.05)
                run.run.cancel("its caller went away")

            tasks.start_soon(gone)
            while not run.over and run.status != "held":
                await run.changed.wait()
            tasks.cancel_scope.cancel()
    status = 200 if run.status == "complete" else 202 if run.status in {"held", "running"} else None
    if status is None:
        raise Problem("failed", run=run.id, reason=run.code)
    return JSONResponse(run.record(), status, {"Location": f"/v1/runs/{run.id}"})


async def list_runs(server: Server, request: Request, principal: Principal) -> Response:
    """``GET /v1/runs``: the runs that the caller may see, newest first."""
    found = [run for hosted in server.hosted.values() for run in hosted.runs.values() if run.visible_to(principal)]
    found.sort(key=lambda run: (run.at, run.id), reverse=True)
    return JSONResponse({"runs": [run.record() for run in found[:100]]})


async def show_run(server: Server, request: Request, principal: Principal) -> Response:
    """``GET /v1/runs/{id}``."""
    return JSONResponse(server.run(request.path_params["id"], principal).record())


async def cancel_run(server: Server, request: Request, principal: Principal) -> Response:
    """``DELETE /v1/runs/{id}``."""
    run = server.run(request.path_params["id"], principal)
    run.run.cancel("cancelled by its caller")
    return JSONResponse(run.record(), 202)


async def run_events(server: Server, request: Request, principal: Principal) -> ASGIApp:
    """``GET /v1/runs/{id}/events``: the events of a run as they happen."""
    run = server.run(request.path_params["id"], principal)
    last = request.headers.get("last-event-id", request.query_params.get("after", "0"))
    if not (last.isascii() and last.isdigit() and len(last) < 16):
        raise Problem("malformed", "Last-Event-ID is a number that this server has sent")
    return RunEvents(run, int(last))


async def list_pipelines(server: Server, request: Request, principal: Principal) -> Response:
    """``GET /v1/pipelines``: what can be asked, with the schema of each question."""
    return JSONResponse({"pipelines": [
        {"id": one.id, "title": one.title, "question": one.entry.model_json_schema()} for one in server.pipelines.values()
    ]})  # fmt: skip


async def live(server: Server, request: Request, principal: None) -> Response:
    """``GET /livez``: the loop answers."""
    return JSONResponse({"status": "live"})


async def ready(server: Server, request: Request, principal: None) -> Response:
    """``GET /readyz``: every pipeline is open and nothing drains."""
    good = bool(server.hosted) and not server.draining
    return JSONResponse({"status": "ready" if good else "draining"}, 200 if good else 503)


RULES: tuple[Rule, ...] = (
    Rule("POST", "/v1/runs", "ask", start_run),
    Rule("POST", "/v1/ask", "ask", ask),
    Rule("GET", "/v1/runs", "observe", list_runs),
    Rule("GET", "/v1/runs/{id}", "observe", show_run),
    Rule("DELETE", "/v1/runs/{id}", "ask", cancel_run),
    Rule("GET", "/v1/runs/{id}/events", "observe", run_events),
    Rule("GET", "/v1/pipelines", "observe", list_pipelines),
    Rule("GET", "/livez", None, live),
    Rule("GET", "/readyz", None, ready),
)


async def _started(server: Server, request: Request, principal: Principal) -> tuple[Hosted, HostedRun]:
    body = await body_of(request)
    if not isinstance(body, dict) or set(body) - {"pipeline", "payload"} or not isinstance(body.get("pipeline"), str):
        raise Problem("invalid", "the body is an object with the keys pipeline and payload")
    hosted = server.hosted.get(body["pipeline"])
    if hosted is None:
        raise Problem("not_found")
    try:
        question = hosted.pipeline.entry.model_validate(body.get("payload"))
    except ValidationError as error:
        found = [
            {"pointer": "/payload/" + "/".join(map(str, one["loc"])), "problem": problem_of(one)}
            for one in error.errors(include_url=False, include_input=False)[:50]
        ]
        raise Problem("invalid", errors=found) from None
    return hosted, hosted.start(question, principal.caller)


def _wait_of(request: Request) -> float:
    for part in request.headers.get("prefer", "").split(","):
        name, _, value = part.strip().partition("=")
        if name == "wait" and value.isascii() and value.isdigit():
            return min(float(value), LONGEST_WAIT_S)
    return WAIT_S


async def _not_found(request: Request, error: Exception) -> Response:
    return Problem("not_found").response()


async def _failed(request: Request, error: Exception) -> Response:
    return Problem("internal_error").response()
