"""Ask the person at the terminal to decide on held deliveries."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import anyio
import click

from genie.approvals.request import State
from genie.cli.terminal.approvals import described
from genie.cli.terminal.drawing import plain
from genie.cli.terminal.screen import width_of
from genie.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextlib import AbstractContextManager

    from genie.approvals.request import ApprovalRequest
    from genie.contracts.message import Payload
    from genie.contracts.ports.control import Control
    from genie.runtime.run import Run
    from genie.runtime.runtime import Runtime

    Paused = Callable[[], AbstractContextManager[None]]
    """Stops the live view during a question."""

_LONGEST_LINE = 4_096


class _Skipped(Exception):  # noqa: N818 - a choice, not an error
    """The person pressed Enter, so that others may decide."""


def deciding(
    control: Control | None, paused: Paused | None
) -> Callable[[Runtime, Run[Payload]], Awaitable[bool]] | None:
    """Return the function that `conduct` calls when the rest of a run waits for approvals; None ends the run as held.

    Args:
        control: Where other terminals decide; with it, the run waits for them.
        paused: Given when a person is at this terminal; they are asked.
    """
    if paused is not None:
        return Prompt(control, paused).decide
    return None if control is None else _waited


async def _waited(_runtime: Runtime, run: Run[Payload]) -> bool:
    click.echo(plain(f"run {run.id} waits for a decision; see genie approvals list"), err=True)
    await run.decided()
    return True


class Prompt:
    """Asks at the terminal. Approvers give their own name, because requesters cannot approve their own messages.

    Args:
        control: Where others may decide meanwhile; its clearance limits what approvers see.
        paused: Stops the live view.
    """

    def __init__(self, control: Control | None, paused: Paused) -> None:
        self._control = control
        self._paused = paused
        self._skipped: set[str] = set()

    async def decide(self, runtime: Runtime, run: Run[Payload]) -> bool:
        """Ask about each held delivery of a run; False when all were skipped and nobody else can decide."""
        with self._paused():
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._until_decided, run, tasks.cancel_scope)
                await self._ask_for(runtime, run)
                tasks.cancel_scope.cancel()
        waiting = [one for one in runtime.approvals.requests() if one.run_id == run.id]
        if any(one.id not in self._skipped for one in waiting) or not waiting:
            return True
        return False if self._control is None else await _waited(runtime, run)

    @staticmethod
    async def _until_decided(run: Run[Payload], scope: anyio.CancelScope) -> None:
        """Stop asking when the hold was decided elsewhere or expired, or the run has ended."""
        await run.decided()
        scope.cancel()

    async def _ask_for(self, runtime: Runtime, run: Run[Payload]) -> None:
        for request in runtime.approvals.requests():
            if request.run_id == run.id and request.id not in self._skipped:
                try:
                    await self._ask(runtime, request)
                except _Skipped:
                    self._skipped.add(request.id)
                except InputError as error:  # another terminal decided it between two questions
                    _say(str(error))

    async def _ask(self, runtime: Runtime, request: ApprovalRequest) -> None:
        """Ask until the request is decided.

        Raises:
            _Skipped: The person pressed Enter.
        """
        seen = runtime.approvals.view(request.id, None if self._control is None else self._control.clearance)
        masked = sorted(".".join(map(str, path)) for path in seen.masked)
        asked = {**request.record(), "payload": None, "masked": masked, "withheld": seen.withheld}
        for line in described(asked, seen.payload, width=width_of(sys.stderr)):
            _say(line)
        while request.state is State.PENDING:
            word = await _line("approve? y or n, Enter to skip: ")
            if word.lower() not in {"y", "yes", "n", "no"}:
                _say("answer y or n")
                continue
            approve = word.lower().startswith("y")
            if approve and seen.payload is None:
                _say(f"a payload that you cannot see cannot be approved: {seen.withheld}")
                continue
            by = await _line(f"your name (not {request.requester}): ")
            named = any(need.approvers for need in request.needs)
            roles = (await _line("your roles, separated by commas: ")).split(",") if named else []
            reason = await _line("reason: ")
            vote = runtime.approvals.approve if approve else runtime.approvals.deny
            try:
                request = vote(request.id, by=by, roles=[role.strip() for role in roles], reason=reason)
            except InputError as error:
                _say(str(error))
                if all(one.id != request.id for one in runtime.approvals.requests()):
                    return  # another terminal decided it meanwhile
                continue
            lacking = "; ".join(request.lacking())
            _say(f"counted; {lacking}" if request.state is State.PENDING else str(request.state))


def _say(text: str) -> None:
    click.echo(plain(text), err=True)


async def _line(question: str) -> str:
    """Return a typed line; the event loop continues meanwhile.

    Raises:
        _Skipped: The line is empty, or the input has ended.
    """
    click.echo(plain(question), err=True, nl=False)
    descriptor = sys.stdin.fileno()
    await anyio.wait_readable(descriptor)
    line = os.read(descriptor, _LONGEST_LINE).decode(errors="replace").strip()  # a terminal returns whole lines
    if not line:
        raise _Skipped
    return line
