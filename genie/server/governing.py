"""Approvals, agents and their switches, dead letters, incidents, policies, statistics and the audit trail."""

from __future__ import annotations

import contextlib
import itertools
from typing import TYPE_CHECKING, Any

import anyio

from genie.approvals.request import Seal, fields_of, merged
from genie.approvals.voting import validated
from genie.contracts.card import Risk
from genie.contracts.message import topic_of
from genie.contracts.serialization import as_values
from genie.errors import InputError, UnknownAgentError
from genie.server.bodies import Act, Ballot, Ballots, read
from genie.server.figures import agents_of, may_switch
from genie.server.messages import Json
from genie.server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from starlette.types import ASGIApp

    from genie.approvals.holds import Held
    from genie.contracts.card import AgentCard
    from genie.inflight.dead_letters import DeadLetter
    from genie.operations.incidents import Incident
    from genie.server.hosting import Hosted
    from genie.server.server import Call

MOST_LISTED = 500
MOST_LINES = 2_000
MOST_CHANGES = 200


def _page(call: Call, found: list[dict[str, Any]], name: str) -> ASGIApp:
    """Return one page of a list, with the cursor of the next page."""
    limit, after = max(1, call.number("limit", 100, MOST_LISTED)), call.number("after", 0, 10**9)
    shown = found[after : after + limit]
    return Json({name: shown, "next": str(after + limit) if len(found) > after + limit else None})


# --- approvals ---


async def list_approvals(call: Call) -> ASGIApp:
    """List the approvals of the caller's tenant, oldest first; payloads are shown only one at a time."""
    return _page(
        call,
        [
            {"pipeline": hosted.pipeline.id, "risk": str(risk_of(hosted, held)), **held.request.record()}
            for hosted, held in _holds(call)
        ],
        "approvals",
    )


async def show_approval(call: Call) -> ASGIApp:
    """Show one approval, with the payload as its approver may see it."""
    hosted, held = found_hold(call, call.path("id"))
    return Json(_approval(call, hosted, held))


async def vote(call: Call) -> ASGIApp:
    """Vote on an approval; a vote for anything but what was shown is void. High risk needs a recent sign-in."""
    ballot = await read(call.request, Ballot)
    hosted, held = found_hold(call, call.path("id"))
    if ballot.approve and risk_of(hosted, held) is Risk.HIGH:
        call.proved()
    stands = _cast(call, hosted, held, ballot)
    await hosted.kept()
    return Json(stands)


async def vote_on_several(call: Call) -> ASGIApp:
    """Vote on several approvals; none is cast if an id is unknown or an approval is of high risk."""
    given = (await read(call.request, Ballots)).ballots
    if len({ballot.id for ballot in given}) != len(given):
        raise Problem("conflict", "an approval is named twice")
    held = [(*found_hold(call, ballot.id), ballot) for ballot in given]
    if any(ballot.approve and risk_of(hosted, one) is Risk.HIGH for hosted, one, ballot in held):
        raise Problem("not_in_bulk", "approve high-risk items one by one")
    stands: list[dict[str, Any]] = []
    for hosted, one, ballot in held:
        try:
            stands.append({"code": "", **_cast(call, hosted, one, ballot)})
        except Problem as problem:
            stands.append(
                {"id": one.id, "pipeline": hosted.pipeline.id, "code": problem.code, "detail": problem.detail}
            )
    for hosted in dict.fromkeys(hosted for hosted, _, _ in held):
        await hosted.kept()
    return Json({"approvals": stands})


def _cast(call: Call, hosted: Hosted, held: Held, ballot: Ballot) -> dict[str, Any]:
    call.signed_for(hosted)
    approvals, caller = hosted.runtime.approvals, call.who.caller
    request = held.request
    policies = request.seal.policies if ballot.policies is None else frozenset(ballot.policies)
    seal = Seal(ballot.payload_sha256, policies, request.recipient)
    try:
        if not ballot.approve:
            stands = approvals.deny(held.id, by=caller.user, roles=caller.roles, reason=ballot.reason, seal=seal)
        else:
            edit = None
            if ballot.edit is not None:
                original = held.message.payload
                seen = approvals.view(held.id, caller.clearance)
                edit = validated(type(original), merged(ballot.edit, seen, original), f"the edit of {held.id}")
            stands = approvals.approve(
                held.id, by=caller.user, roles=caller.roles, reason=ballot.reason, edit=edit, seal=seal
            )
    except InputError as error:
        raise Problem("conflict", str(error)) from None
    return {"pipeline": hosted.pipeline.id, **stands.record()}


def risk_of(hosted: Hosted, held: Held) -> Risk:
    """Return the risk of a held message: the higher one of sender and recipient; unknown agents count as high."""
    ends = {held.request.sender, held.request.recipient}
    found = {card.risk for card in hosted.runtime.cards() if card.id in ends}
    return next((risk for risk in (Risk.HIGH, Risk.MEDIUM, Risk.LOW) if risk in found), Risk.HIGH)


def _holds(call: Call) -> Iterator[tuple[Hosted, Held]]:
    for hosted in call.server.hosted.values():
        for held in hosted.runtime.approvals.holds():
            if held.message.headers.tenant == call.who.caller.tenant:
                yield hosted, held


def found_hold(call: Call, name: str) -> tuple[Hosted, Held]:
    """Return a hold of the caller's tenant by id.

    Raises:
        Problem: There is none.
    """
    found = next((one for one in _holds(call) if one[1].id == name), None)
    if found is None:
        raise Problem("not_found")
    return found


def _approval(call: Call, hosted: Hosted, held: Held) -> dict[str, Any]:
    approvals, clearance = hosted.runtime.approvals, call.who.caller.clearance
    seen, edited = approvals.view(held.id, clearance), approvals.changes(held.id, clearance)
    return {
        "pipeline": hosted.pipeline.id, "risk": str(risk_of(hosted, held)), **held.request.record(),
        "payload": None if seen.payload is None else fields_of(seen.payload),
        "changes": None if edited is None else list(edited[:MOST_CHANGES]),
        "masked": sorted([list(path) for path in seen.masked], key=str), "withheld": seen.withheld,
        "schema": type(held.message.payload).model_json_schema(),
    }  # fmt: skip


# --- agents ---


async def list_agents(call: Call) -> ASGIApp:
    """List the agents of all pipelines: cards, with figures for operators."""
    found = []
    for hosted in call.server.hosted.values():
        figures = agents_of(call, hosted)
        found += [
            _agent(hosted, card, figures.get(card.id)) for card in hosted.runtime.cards() if _works_for(call, card)
        ]
    return _page(call, found, "agents")


async def show_agent(call: Call) -> ASGIApp:
    """Show one agent."""
    hosted, card = _found_agent(call)
    figures = agents_of(call, hosted)
    return Json(_agent(hosted, card, figures.get(card.id)))


async def pause(call: Call) -> ASGIApp:
    """Pause an agent: deliveries to it stop."""
    return await _act(call, lambda hosted, agent, act, by: hosted.runtime.operations.pause(
        agent, for_s=act.for_s, by=by, reason=act.reason))  # fmt: skip


async def resume(call: Call) -> ASGIApp:
    """End the pause of an agent."""
    return await _act(call, lambda hosted, agent, act, by: hosted.runtime.operations.resume(
        agent, by=by, reason=act.reason))  # fmt: skip


async def kill(call: Call) -> ASGIApp:
    """Kill an agent: deliveries to it stop, and its running handlers are cancelled. Needs a recent sign-in."""
    call.proved_person()
    return await _act(call, lambda hosted, agent, act, by: hosted.runtime.operations.kill(
        agent, for_s=act.for_s, by=by, reason=act.reason))  # fmt: skip


async def revive(call: Call) -> ASGIApp:
    """Lift the kill of an agent."""
    return await _act(call, lambda hosted, agent, act, by: hosted.runtime.operations.revive(
        agent, by=by, reason=act.reason))  # fmt: skip


async def _act(call: Call, act: Callable[[Hosted, str, Act, str], None]) -> ASGIApp:
    given = await read(call.request, Act)
    hosted, card = _found_agent(call)
    call.signed_for(hosted)
    may_switch(call, card)
    try:
        act(hosted, card.id, given, call.who.caller.user)
    except InputError as error:
        raise Problem("conflict", str(error)) from None
    return Json(_agent(hosted, card, agents_of(call, hosted).get(card.id)))


def _works_for(call: Call, card: AgentCard) -> bool:
    tenant = call.who.caller.tenant
    return card.tenants is None or tenant is None or tenant in card.tenants


def _found_agent(call: Call) -> tuple[Hosted, AgentCard]:
    """Return an agent by its id; ``?pipeline=`` selects among pipelines with the same id."""
    pipeline = call.request.query_params.get("pipeline")
    found = [
        (hosted, card) for hosted in call.server.hosted.values() for card in hosted.runtime.cards()
        if card.id == call.path("id") and pipeline in {None, hosted.pipeline.id} and _works_for(call, card)
    ]  # fmt: skip
    if not found:
        raise Problem("not_found")
    if len(found) > 1:
        raise Problem("conflict", "several pipelines have an agent of this id; add ?pipeline=ID")
    return found[0]


def _agent(hosted: Hosted, card: AgentCard, figures: dict[str, Any] | None) -> dict[str, Any]:
    def topics(kinds: Any) -> list[str]:
        return sorted(topic_of(kind).name for kind in kinds)

    return {
        "id": card.id, "pipeline": hosted.pipeline.id, "name": card.name, "version": card.version,
        "description": card.description, "risk": str(card.risk), "tier": str(card.tier),
        "clearance": card.clearance.label, "capabilities": list(card.capabilities), "rules": list(card.rules),
        "consumes": topics(card.consumes), "sends": topics(card.sends), "egress": card.egress, "region": card.region,
        "fallback": card.fallback, "executor": card.executor, "concurrency": card.concurrency,
        "asks": {topic_of(kind).name: [getattr(one, "__name__", str(one)) for one in parts]
                 for kind, parts in card.asks.items()},
        "suspended": _suspended(hosted, card),
        "figures": figures,
    }  # fmt: skip


def _suspended(hosted: Hosted, card: AgentCard) -> dict[str, str] | None:
    why = hosted.runtime.operations.subscriber(card.id).suspended
    return None if why is None else {"code": why.code, "detail": why.detail}


# --- failures ---


async def list_letters(call: Call) -> ASGIApp:
    """List the dead letters of the caller's tenant, oldest first; their payloads are not shown."""
    return _page(call, [_letter(hosted, one) for hosted, one in _letters(call)], "dead_letters")


async def redrive(call: Call) -> ASGIApp:
    """Publish the payload of a dead letter to its agent again; it is judged like any message."""
    given = await read(call.request, Act)
    hosted, letter = _found_letter(call)
    call.signed_for(hosted)
    try:
        await hosted.runtime.redrive(letter.id)
    except (InputError, UnknownAgentError) as error:
        raise Problem("conflict", str(error)) from None
    _noted(call, hosted, "redriven", letter, given)
    await hosted.kept()
    return Json(_letter(hosted, letter), 202)


async def drop(call: Call) -> ASGIApp:
    """Delete a dead letter."""
    given = await read(call.request, Act)
    hosted, letter = _found_letter(call)
    call.signed_for(hosted)
    hosted.runtime.bus.dead_letters.pop(letter.id)
    _noted(call, hosted, "dropped", letter, given)
    await hosted.kept()
    return Json(_letter(hosted, letter))


def _noted(call: Call, hosted: Hosted, act: str, letter: DeadLetter, given: Act) -> None:
    hosted.runtime.bus.record_act(
        act, letter.id, by=call.who.caller.user, reason=given.reason, message=letter.message
    )  # fmt: skip


def _letters(call: Call) -> Iterator[tuple[Hosted, DeadLetter]]:
    for hosted in call.server.hosted.values():
        for letter in hosted.runtime.operations.dead_letters():
            message = letter.message  # None: stored by an earlier process, and its owner can no longer be read
            if message is not None and message.headers.tenant == call.who.caller.tenant:
                yield hosted, letter


def _found_letter(call: Call) -> tuple[Hosted, DeadLetter]:
    found = next((one for one in _letters(call) if one[1].id == call.path("id")), None)
    if found is None:
        raise Problem("not_found")
    return found


def _letter(hosted: Hosted, one: DeadLetter) -> dict[str, Any]:
    message = one.message
    return {
        "id": one.id, "pipeline": hosted.pipeline.id, "agent": one.agent, "topic": one.topic, "reason": one.reason,
        "code": one.code, "attempts": one.attempts, "failures": list(one.failures), "cycle": list(one.cycle),
        "run_id": None if message is None else message.correlation_id,
        "label": None if message is None else message.label.label,
        "age_s": round(hosted.runtime.bus.now() - one.at, 3), "effects": len(one.effects),
    }  # fmt: skip


async def list_incidents(call: Call) -> ASGIApp:
    """List repeated denials and failures of the caller's tenant, oldest first."""
    return _page(call, [_incident(hosted, one) for hosted, one in _incidents(call)], "incidents")


async def acknowledge(call: Call) -> ASGIApp:
    """Acknowledge an incident."""
    return await _incident_act(call, "acknowledge")


async def close_incident(call: Call) -> ASGIApp:
    """Close an incident."""
    return await _incident_act(call, "close_incident")


async def _incident_act(call: Call, act: str) -> ASGIApp:
    await read(call.request, Act)
    pipeline = call.request.query_params.get("pipeline")
    found = [
        one for one in _incidents(call) if one[1].id == call.path("id") and pipeline in {None, one[0].pipeline.id}
    ]  # fmt: skip
    if not found:
        raise Problem("not_found")
    if len(found) > 1:
        raise Problem("conflict", "several pipelines have an incident of this id; add ?pipeline=ID")
    hosted, incident = found[0]
    call.signed_for(hosted)
    operations = hosted.runtime.operations
    do = operations.acknowledge if act == "acknowledge" else operations.close_incident
    try:
        do(incident.id, by=call.who.caller.user)
    except InputError as error:
        raise Problem("conflict", str(error)) from None
    return Json(next(_incident(hosted, one) for one in operations.incidents() if one.id == incident.id))


def _incidents(call: Call) -> Iterator[tuple[Hosted, Incident]]:
    for hosted in call.server.hosted.values():
        for incident in hosted.runtime.operations.incidents():
            if incident.tenant == call.who.caller.tenant:
                yield hosted, incident


def _incident(hosted: Hosted, one: Incident) -> dict[str, Any]:
    return {"pipeline": hosted.pipeline.id, **one.record()}


# --- policies and figures ---


async def list_policies(call: Call) -> ASGIApp:
    """List the policies in force of each pipeline; settings are shown to auditors."""
    shown = "audit" in call.who.rights
    found = []
    for hosted in call.server.hosted.values():
        policies = hosted.runtime.bus.policies
        found.append({
            "pipeline": hosted.pipeline.id, "sha256": policies.sha256, "environment": policies.environment.name,
            "policies": [
                {"name": one.name, "version": one.version, "shadow": one.name in policies.shadow,
                 "settings": as_values(one.settings.model_dump(mode="json")) if shown else None}
                for one in policies.policies
            ],
        })  # fmt: skip
    return _page(call, found, "policies")


# --- audit ---


async def query_audit(call: Call) -> ASGIApp:
    """List records of the audit trails, oldest first; a tenant's auditor sees only the tenant's runs."""
    query = call.request.query_params
    limit, after = max(1, call.number("limit", 100, MOST_LISTED)), call.number("after", 0, 10**12)
    hosted, path = _trail(call)
    kind, run = query.get("kind"), query.get("run")
    tenant = call.who.caller.tenant
    own = None if tenant is None else {one.id for one in call.server.runs() if one.visible_to(call.who)}

    def wanted(record: Any) -> bool:
        of = record.get("run")
        return (
            record.get("seq", 0) > after and kind in {None, record.get("kind")} and run in {None, of}
            and (own is None or of in own)
        )  # fmt: skip

    def found() -> list[dict[str, Any]]:
        from genie.edges.audit.verify import records_of  # noqa: PLC0415 - start-up: for those that audit

        return list(itertools.islice(records_of([path], wanted), limit + 1))

    records = await anyio.to_thread.run_sync(found)
    more = str(records[limit - 1]["seq"]) if len(records) > limit else None
    return Json({"pipeline": hosted.pipeline.id, "records": records[:limit], "next": more})


async def audit_chain(call: Call) -> ASGIApp:
    """Show lines of a trail in stored form, so that a browser can verify their chain."""
    if call.who.caller.tenant is not None:
        raise Problem("not_found", "the chain has the records of all tenants; it is for auditors without a tenant")
    limit, after = max(1, call.number("limit", 1_000, MOST_LINES)), call.number("after", 0, 10**12)
    hosted, path = _trail(call)

    def found() -> list[str]:
        from genie.edges.audit.verify import files_of  # noqa: PLC0415 - start-up: for those that audit

        with contextlib.ExitStack() as stack:
            files = [stack.enter_context(file.open("rb")) for file in files_of([path])]
            lines = itertools.islice(itertools.chain.from_iterable(files), after, after + limit)
            return [line.decode("ascii", "replace").removesuffix("\n") for line in lines]

    lines = await anyio.to_thread.run_sync(found)
    more = str(after + limit) if len(lines) == limit else None
    return Json({"pipeline": hosted.pipeline.id, "lines": lines, "next": more})


async def verify_audit(call: Call) -> ASGIApp:
    """Check that a trail is intact; signatures are checked if the trail has its own key."""
    hosted, path = _trail(call)

    def found() -> Any:
        from genie.edges.audit.verify import verify  # noqa: PLC0415 - as above

        return verify([path], unfinished=True)

    try:
        said = await anyio.to_thread.run_sync(found)
    except InputError as error:
        raise Problem("conflict", error.problem) from None
    return Json({
        "pipeline": hosted.pipeline.id, "intact": said.intact, "records": said.records, "files": said.files,
        "heads": said.heads, "last_seq": said.last_seq, "broken": said.broken, "signatures_checked": False,
        "breaks": [{"seq": one.seq, "problem": one.problem} for one in said.breaks],
    })  # fmt: skip


def _trail(call: Call) -> tuple[Hosted, Path]:
    """Return the folder of a pipeline's trail; ``?pipeline=`` selects among several."""
    from genie.edges.audit.trail import AuditTrail  # noqa: PLC0415 - as above

    wanted = call.request.query_params.get("pipeline")
    found = [
        (hosted, hosted.pipeline.audit.settings.path) for hosted in call.server.hosted.values()
        if isinstance(hosted.pipeline.audit, AuditTrail) and wanted in {None, hosted.pipeline.id}
    ]  # fmt: skip
    if not found:
        raise Problem("not_found", "no pipeline here keeps an audit trail")
    if len(found) > 1:
        raise Problem("conflict", "several pipelines keep a trail; add ?pipeline=ID")
    return found[0]
