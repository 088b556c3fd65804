"""Policies over the API: check, test, explain, compare and backtest a draft, and put it into force with four eyes.

A draft is the text of one policy file that an open pipeline names. Nothing changes until a second person has approved
it: then the file is written, and every pipeline that names it reads its policies again.
"""

from __future__ import annotations

import difflib
import os
import re
import secrets
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio

from genie.approvals.people import person
from genie.contracts.message import topic_of
from genie.errors import ConfigError, GenieError
from genie.journal.sample import Sample
from genie.server.bodies import Act, read
from genie.server.figures import everywhere
from genie.server.messages import Json
from genie.server.problems import Problem
from genie.server.proposals import Draft, Explained, Proposal, Proposed, digest_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp

    from genie.config.policies import PolicyFiles
    from genie.policy.policy import PolicySet
    from genie.policy_tools.sources import Sourced
    from genie.server.hosting import Hosted
    from genie.server.proposals import State
    from genie.server.server import Call

MOST_SHOWN = 200
_LINE = re.compile(r"^(?P<file>.*?):(?P<line>\d{1,9}): (?P<problem>.*)$", re.DOTALL)
_VARIABLE = re.compile(r"\$\{(\w{1,200})")


# --- files and drafts ---


async def list_files(call: Call) -> ASGIApp:
    """List the policy files of the open pipelines, with their text."""
    found = []
    for hosted in call.server.hosted.values():
        for name, path in _files(hosted).items():
            text = await _content(path)
            found.append({"pipeline": hosted.pipeline.id, "file": name, "text": text, "sha256": digest_of(text)})
    return Json({"files": found})


async def show_schema(call: Call) -> ASGIApp:  # noqa: ARG001 - every endpoint takes its call
    """Show the JSON Schema of policy files, for editors."""
    from genie.config.schema import policy_schema  # noqa: PLC0415 - start-up: for those who govern
    from genie.rules.schema import RulesSettings  # noqa: PLC0415 - as above

    return Json(policy_schema(RulesSettings.model_json_schema()))


async def check(call: Call) -> ASGIApp:
    """Check a draft: each problem with its line."""
    draft = await read(call.request, Draft)
    sourced, problems = await _read(call, draft)
    warnings = [] if sourced is None else [one.text for one in sourced.reading.warnings]
    return Json(
        {"problems": problems, "warnings": warnings, "sha256": None if sourced is None else sourced.policies.sha256}
    )


async def test(call: Call) -> ASGIApp:
    """Run the examples of the rules of a draft."""
    return Json(await _tried(await valid(call, await read(call.request, Draft))))


async def explain(call: Call) -> ASGIApp:
    """Explain the verdict of each policy of a draft on one of the latest messages, without payload text."""
    from genie.policy_tools.explain import explain as explained  # noqa: PLC0415 - start-up: for those who govern

    asked = await read(call.request, Explained)
    hosted = call.server.host(asked.pipeline)
    found = next((one for name, one in samples(call, hosted) if name == asked.message), None)
    if found is None:
        raise Problem("not_found", "there is no such message among the latest of your tenant")
    sourced = await valid(call, asked)
    return Json({"explanations": [one.as_json() for one in explained(sourced.policies, found)]})


async def diff(call: Call) -> ASGIApp:
    """Compare a draft with its file: changed lines, and policies that are added, removed or changed."""
    draft = await read(call.request, Draft)
    hosted = call.server.host(draft.pipeline)
    sourced = await valid(call, draft)
    return Json({
        "lines": _lines(await _content(_path(hosted, draft.file)), draft.text, draft.file),
        **_changes(hosted.runtime.bus.policies, sourced.policies),
    })  # fmt: skip


async def list_messages(call: Call) -> ASGIApp:
    """List the latest messages of the caller's tenant by id, for explanations; without payloads."""
    found = [
        {"pipeline": hosted.pipeline.id, "id": name, "topic": topic_of(one.message.payload).name,
         "sender": one.sender.id, "recipients": [card.id for card in one.recipients]}
        for hosted in call.server.hosted.values() for name, one in samples(call, hosted)
    ]  # fmt: skip
    return Json({"messages": found[-MOST_SHOWN:][::-1]})


# --- proposals ---


async def propose(call: Call) -> ASGIApp:
    """Propose a draft; it must be valid, and all of its examples must pass."""
    draft = await read(call.request, Proposed)
    hosted = call.server.host(draft.pipeline)
    path = _path(hosted, draft.file)
    call.signed_for(hosted)
    if digest_of(await _content(path)) != draft.base_sha256:
        raise Problem("conflict", "the file has changed since it was read; read it again")
    for one in _users(call, path):
        tested = await _tried(await valid(call, draft, one))
        if tested["failed"]:
            raise Problem("invalid", "examples of its rules fail; see /v1/policies/test")
    caller = call.who.caller
    made = Proposal(secrets.token_hex(8), draft, path, caller.user, caller.tenant, call.server.now())
    call.server.proposals.add(made)
    _noted(call, made, "policy_proposed", draft.reason)
    return Json(made.record(), 201)


async def list_proposals(call: Call) -> ASGIApp:
    """List proposals of the caller's tenant, the latest first; all of them to an operator of the server."""
    found = [one for one in call.server.proposals.all.values() if _visible(call, one)]
    return Json({"proposals": [one.record() for one in reversed(found)]})


async def show_proposal(call: Call) -> ASGIApp:
    """Show a proposal with its text, and how that differs from the file now."""
    made = _proposal(call)
    lines = _lines(await _content(made.path), made.draft.text, made.draft.file)
    return Json({**made.record(), "text": made.draft.text, "lines": lines})


async def approve(call: Call) -> ASGIApp:
    """Put another person's proposal into force: write the file, and reload every pipeline that names it."""
    given = await read(call.request, Act)
    made = _proposal(call)
    if person(made.by) == person(call.who.caller.user):
        raise Problem("forbidden", "a person other than the proposer must approve")
    if not everywhere(call):
        raise Problem("forbidden", "policies hold for all tenants; this needs the right 'operate_server' as well")
    call.proved_person()
    async with call.server.proposals.changing:
        users = _users(call, made.path)
        for hosted in users:
            call.signed_for(hosted)
        before = await _content(made.path)
        if made.state != "proposed":
            raise Problem("conflict", f"the proposal is {made.state}")
        if digest_of(before) != made.draft.base_sha256:
            made.state = "replaced"
            raise Problem("conflict", "the file has changed since the proposal; propose again")
        for hosted in users:
            await valid(call, made.draft, hosted)
        await _written(made.path, made.draft.text)
        done: list[Hosted] = []
        try:
            for hosted in users:
                await hosted.runtime.operations.reload(by=call.who.caller.user, reason=given.reason)
                done.append(hosted)
        except GenieError as error:
            await _written(made.path, before)
            for hosted in done:
                await hosted.runtime.operations.reload(by="server", reason="the policies were not accepted everywhere")
            raise Problem("conflict", f"the policies cannot be put into force: {error.code}") from None
        _decide(call, made, "in force", given.reason)
    _noted(call, made, "policy_approved", given.reason)
    return Json({**made.record(), "policy_sets": {one.pipeline.id: one.runtime.bus.policies.sha256 for one in users}})


async def reject(call: Call) -> ASGIApp:
    """Reject a proposal; its proposer may withdraw it."""
    given = await read(call.request, Act)
    made = _proposal(call)
    if made.state != "proposed":
        raise Problem("conflict", f"the proposal is {made.state}")
    _decide(call, made, "rejected", given.reason)
    _noted(call, made, "policy_rejected", given.reason)
    return Json(made.record())


def _decide(call: Call, made: Proposal, state: State, reason: str) -> None:
    made.state, made.decided_by, made.decided_because = state, call.who.caller.user, reason


def _noted(call: Call, made: Proposal, act: str, reason: str) -> None:
    detail = {"proposal": made.id, "sha256": made.sha256, "base_sha256": made.draft.base_sha256, "proposer": made.by}
    for hosted in _users(call, made.path):
        hosted.runtime.bus.record_act(act, made.draft.file, by=call.who.caller.user, reason=reason, detail=detail)


def _proposal(call: Call) -> Proposal:
    found = call.server.proposals.all.get(call.path("id"))
    if found is None or not _visible(call, found):
        raise Problem("not_found")
    return found


def _visible(call: Call, made: Proposal) -> bool:
    return everywhere(call) or made.tenant == call.who.caller.tenant


# --- reading ---


def _files(hosted: Hosted) -> dict[str, Path]:
    """Return the policy files of a pipeline, by the names in the pipeline file."""
    source = hosted.pipeline.policy_source
    return {os.path.relpath(path, source.folder): path for path in source.files}


def _path(hosted: Hosted, name: str) -> Path:
    found = _files(hosted).get(name)
    if found is None:
        raise Problem("not_found", "the pipeline names no such policy file")
    return found


def _users(call: Call, path: Path) -> list[Hosted]:
    """Return the pipelines that name a file."""
    own = path.resolve()
    return [
        hosted for hosted in call.server.hosted.values()
        if any(one.resolve() == own for one in _files(hosted).values())
    ]  # fmt: skip


async def _content(path: Path) -> str:
    try:
        return await anyio.Path(path).read_text("utf-8")
    except (OSError, UnicodeError):
        raise Problem("conflict", "the policy file cannot be read") from None


async def _written(path: Path, text: str) -> None:
    """Replace a file atomically, so that nobody reads a partial file."""

    def write() -> None:
        target = path.resolve()
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=target.parent, delete=False) as made:
            try:
                made.write(text)
                made.flush()
                os.fsync(made.fileno())
                Path(made.name).chmod(target.stat().st_mode & 0o777)
                Path(made.name).replace(target)
            except BaseException:  # a partial file is removed, then the error is re-raised
                Path(made.name).unlink(missing_ok=True)
                raise

    try:
        await anyio.to_thread.run_sync(write)
    except OSError:
        raise Problem("conflict", "the policy file cannot be written") from None


def _source(hosted: Hosted, path: Path, text: str, known: str) -> PolicyFiles:
    """Return the policies of a pipeline with another text for one file.

    A draft can use only the environment variables that the file in force names, because others could be secrets.
    """
    source = hosted.pipeline.policy_source
    names = set(_VARIABLE.findall(known))
    environ = {name: value for name, value in source.environ.items() if name in names}
    own = path.resolve()
    drafts = {one: (text.encode(), environ) for one in source.files if one.resolve() == own}
    return replace(source, drafts=drafts)


async def _read(call: Call, draft: Draft, hosted: Hosted | None = None) -> tuple[Sourced | None, list[dict[str, Any]]]:
    """Return the policies with a draft, None if it is not valid; and its problems."""
    from genie.policy_tools.sources import sourced_from  # noqa: PLC0415 - start-up: for those who govern

    first = call.server.host(draft.pipeline)
    path = _path(first, draft.file)
    hosted = hosted or first
    source = _source(hosted, path, draft.text, await _content(path))
    try:
        found = await anyio.to_thread.run_sync(partial(sourced_from, source, hosted.pipeline.caller))
    except ConfigError as error:
        return None, [_problem(line) for line in error.problems]
    return found, []


async def valid(call: Call, draft: Draft, hosted: Hosted | None = None) -> Sourced:
    """Return the policies with a draft.

    Raises:
        Problem: The draft is not valid.
    """
    found, problems = await _read(call, draft, hosted)
    if found is None:
        errors = [{"pointer": "/text", **one} for one in problems]
        raise Problem("invalid", "the policies are not valid", errors=errors)
    return found


async def _tried(sourced: Sourced) -> dict[str, Any]:
    from genie.policy_tools.examples import tried  # noqa: PLC0415 - start-up: for those who govern

    try:
        return (await anyio.to_thread.run_sync(partial(tried, sourced))).as_json()
    except ConfigError as error:
        errors = [{"pointer": "/text", **_problem(line)} for line in error.problems]
        raise Problem("invalid", "an example is not a valid message", errors=errors) from None


def _problem(line: str) -> dict[str, Any]:
    found = _LINE.match(line)
    if found is None:
        return {"file": "", "line": None, "problem": line}
    return {"file": Path(found["file"]).name, "line": int(found["line"]), "problem": found["problem"]}


def samples(call: Call, hosted: Hosted) -> Iterator[tuple[str, Sample]]:
    """Yield the latest messages of the caller's tenant, with their recipients."""
    cards = {card.id: card for card in hosted.runtime.cards()}
    found: dict[str, tuple[Any, dict[str, None]]] = {}
    for message, recipient in hosted.recent:
        if message.headers.tenant == call.who.caller.tenant and recipient in cards:
            found.setdefault(message.id, (message, {}))[1][recipient] = None
    for name, (message, recipients) in found.items():
        sender = cards.get(message.sender) or hosted.pipeline.caller.card()
        yield name, Sample(message, sender, tuple(cards[one] for one in recipients))


def _lines(before: str, after: str, name: str) -> list[str]:
    return list(difflib.unified_diff(before.splitlines(), after.splitlines(), name, name, lineterm=""))[:2_000]


def _changes(before: PolicySet, after: PolicySet) -> dict[str, Any]:
    """Return which policies are added, removed or changed."""
    old, new = ({one.name: one for one in of.policies} for of in (before, after))
    return {
        "before": before.sha256, "after": after.sha256, "added": sorted(new.keys() - old.keys()),
        "removed": sorted(old.keys() - new.keys()),
        "changed": sorted(
            name for name in old.keys() & new.keys()
            if (old[name].version, old[name].settings, name in before.shadow)
            != (new[name].version, new[name].settings, name in after.shadow)
        ),
    }  # fmt: skip
