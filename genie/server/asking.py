"""Questions, runs and their events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from genie.errors import IdentityError, KeyReusedError
from genie.server.bodies import Question, checked, parsed, received
from genie.server.hosting import ENDED, Ends
from genie.server.messages import Json
from genie.server.presence import told_when_gone
from genie.server.problems import Problem
from genie.server.streams import Events, Stream, position

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from genie.contracts.message import Payload
    from genie.server.hosting import Hosted, HostedRun
    from genie.server.server import Call

WAIT_S = 30.0
"""Seconds that ``POST /v1/ask`` waits if the caller sets no limit."""
LONGEST_WAIT_S = 120.0
MOST_LISTED = 500
LONGEST_KEY = 200
"""Maximum length of an ``Idempotency-Key``, in characters."""
_STATUSES = frozenset({"running", "held", "complete", "failed", ENDED})


async def ask(call: Call) -> ASGIApp:
    """Ask, and wait for the answer; the run is cancelled if the client disconnects."""
    hosted, run, fresh = await _started(call)
    wait_s, stays = _preferred(call)
    if not run.over and wait_s > 0:
        ends = Ends(run)

        def gone() -> None:
            if fresh and not stays:
                run.run.cancel("its caller disconnected")
            ends.wake()

        async with told_when_gone(call.request, gone):
            await hosted.waited(ends, wait_s)
    if fresh:
        hosted.follow(run)
    if not run.over:
        await hosted.kept()
    return _shown(call, run)


async def start_run(call: Call) -> ASGIApp:
    """Ask; the response shows the run, without waiting for its answer."""
    hosted, run, fresh = await _started(call)
    if fresh:
        hosted.follow(run)
    await hosted.kept()
    return shown_run(call, run, 202)


async def list_runs(call: Call) -> ASGIApp:
    """List the runs that the caller may see, newest first."""
    await call.server.recall.bring()
    query = call.request.query_params
    limit = max(1, call.number("limit", 50, MOST_LISTED))
    status, pipeline, after = query.get("status"), query.get("pipeline"), query.get("after")
    if status is not None and status not in _STATUSES:
        raise Problem("invalid", f"status is one of {', '.join(sorted(_STATUSES))}")
    found = [
        run for run in call.server.runs()
        if run.visible_to(call.who) and status in {None, run.status} and pipeline in {None, run.pipeline}
    ]  # fmt: skip
    found.sort(key=lambda run: (run.at, run.id), reverse=True)
    if after is not None:
        last = call.server.run(after, call.who)
        found = [run for run in found if (run.at, run.id) < (last.at, last.id)]
    shown = found[:limit]
    cursor = shown[-1].id if len(found) > limit else None
    return Json({"runs": [run.record(call.who) for run in shown], "next": cursor})


async def show_run(call: Call) -> ASGIApp:
    """Show a run; only the caller for whom the answer was judged sees it."""
    return shown_run(call, await named_run(call), 200)


async def cancel_run(call: Call) -> ASGIApp:
    """Cancel a run."""
    run = await named_run(call)
    if not run.principal.is_also(call.who) and "operate" not in call.who.rights:
        raise Problem("forbidden", "the runs of others are cancelled with the right 'operate'")
    run.run.cancel(f"cancelled by {call.who.caller.user}")
    await call.server.host(run.pipeline).kept()
    return shown_run(call, run, 202)


async def run_events(call: Call) -> ASGIApp:
    """Stream the events of a run as they happen; ``Last-Event-ID`` resumes."""
    server, who = call.server, call.who
    run = await named_run(call)
    after = _last_seen(call)
    if after and run.over and after == run.ring.last:
        return Response(status_code=204)  # an EventSource stops reconnecting then
    stream = Stream(run.ring, server.epoch, after, who=who, run=run, snapshot=lambda: run.record(who))
    return Events(server.streams, stream, call.request)


async def all_events(call: Call) -> ASGIApp:
    """Stream the events of all runs that the caller may see."""
    server, who = call.server, call.who
    query = call.request.query_params
    wanted, pipeline = frozenset(filter(None, query.get("runs", "")[:10_000].split(","))), query.get("pipeline")
    server.streams.feed(server.everything)
    stream = Stream(
        server.everything, server.epoch, _last_seen(call) if _given(call) else server.everything.last, who=who,
        allowed=lambda run: (
            run.visible_to(who) and (not wanted or run.id in wanted) and pipeline in {None, run.pipeline}
        ),
    )  # fmt: skip
    return Events(server.streams, stream, call.request)


async def list_pipelines(call: Call) -> ASGIApp:
    """List the questions that pipelines take, with schemas of questions and answers, and the graph of the agents."""
    return Json({"pipelines": [_pipeline(hosted) for hosted in call.server.hosted.values()]})


async def show_pipeline(call: Call) -> ASGIApp:
    """Show one pipeline."""
    return Json(_pipeline(call.server.host(call.path("id"))))


def _pipeline(hosted: Hosted) -> dict[str, object]:
    from genie.contracts.message import topic_of  # noqa: PLC0415 - beside its only use

    one = hosted.pipeline
    return {
        "id": one.id, "title": one.title, "within_s": one.within_s, "durability": one.durability,
        "signed_identity": one.signed is not None, "schedules": [schedule.id for schedule in one.schedules],
        "question": {"topic": topic_of(one.entry).name, "schema": one.entry.model_json_schema()},
        "answer": {"topic": topic_of(one.answer).name, "schema": one.answer.model_json_schema(mode="serialization")},
    }  # fmt: skip


async def _started(call: Call) -> tuple[Hosted, HostedRun, bool]:
    """Return the run that a request starts, or has started before."""
    asked = checked(Question, parsed(await received(call.request)))
    key = call.request.header(b"idempotency-key")
    if key is not None and not (0 < len(key) <= LONGEST_KEY and key.isprintable()):
        raise Problem("invalid", f"an Idempotency-Key must be 1 to {LONGEST_KEY} visible characters")
    hosted = call.server.host(asked.pipeline)
    question = checked(hosted.pipeline.entry, asked.payload, "/payload")
    return hosted, *await begun(call, hosted, question, asked.within_s, key)


async def begun(
    call: Call, hosted: Hosted, question: Payload, within_s: float | None, key: str | None
) -> tuple[HostedRun, bool]:
    """Start a run for a caller; return False for a run that its key has started before.

    Raises:
        Problem: The caller may not ask here, or its key stands for another question.
    """
    _identified(call, hosted)
    if hosted.spent is not None and not call.server.spending.has_room(call.who.caller.tenant):
        raise Problem("overflow", "the spending of no further tenant can be counted; serve with --store")
    try:
        return hosted.start(question, call.who, within_s, key)
    except IdentityError as error:
        raise Problem("unauthenticated", error.why) from None
    except KeyReusedError:
        raise Problem("idempotency_conflict", "send another key with another body") from None


def _identified(call: Call, hosted: Hosted) -> None:
    """Refuse callers without the signed identity that a pipeline requires, or with more rights than it grants."""
    signed = hosted.pipeline.signed
    if signed is None:
        return
    from genie.edges.identity.jwt import check_within  # noqa: PLC0415 - start-up: for pipelines with identities

    call.signed_for(hosted)
    try:
        check_within(call.who.caller, hosted.pipeline.caller)
    except IdentityError as error:
        raise Problem("forbidden", str(error)) from None


def _shown(call: Call, run: HostedRun) -> Json:
    if run.status == "failed":
        raise Problem(
            run.code, headers={"Location": f"/v1/runs/{run.id}"}, run=run.id, reason=run.detail,
            missing=run.record(call.who)["missing"],
        )  # fmt: skip
    return shown_run(call, run, 200 if run.status == "complete" else 202)


async def named_run(call: Call) -> HostedRun:
    """Return the run that a request names, of this process or of a log.

    Raises:
        Problem: There is none that the caller may see.
    """
    await call.server.recall.bring()
    return call.server.run(call.path("id"), call.who)


def shown_run(call: Call, run: HostedRun, status: int) -> Json:
    """Return the response that shows a run."""
    return Json(run.record(call.who), status, {"Location": f"/v1/runs/{run.id}"})


def _preferred(call: Call) -> tuple[float, bool]:
    """Return how long the caller waits, and whether its run continues without it (RFC 7240)."""
    wait_s, stays = WAIT_S, b"idempotency-key" in call.request.named
    for part in (call.request.header(b"prefer") or "").split(",") if b"prefer" in call.request.named else ():
        name, _, value = part.strip().partition("=")
        if name == "wait" and value.isascii() and value.isdigit():
            wait_s = min(float(value[:6]), LONGEST_WAIT_S)
        stays = stays or name == "respond-async"
    return wait_s, stays


def _given(call: Call) -> str | None:
    return call.request.header(b"last-event-id") or call.request.query_params.get("after")


def _last_seen(call: Call) -> int | None:
    return position(_given(call), call.server.epoch)
