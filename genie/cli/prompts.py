"""Asking the person at the terminal what is to become of what is held."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import anyio
import click

from genie.approvals.request import State, fields_of
from genie.cli.terminal.drawing import plain
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
    """Stops the live picture while somebody is asked."""

_LONGEST_LINE = 4_096


class _Left(Exception):  # noqa: N818 - a person's wish, no error
    """Whoever was asked leaves the decision to others."""


def deciding(
    control: Control | None, paused: Paused | None
) -> Callable[[Runtime, Run[Payload]], Awaitable[bool]] | None:
    """Return what is done when all that is left of a run waits for people.

    Args:
        control: Where other terminals decide; what is held is waited for then.
        paused: Given where somebody sits at this terminal, who is asked.
    """
    if paused is not None:
        return Prompt(control, paused).decide
    return None if control is None else _waited


async def _waited(_runtime: Runtime, run: Run[Payload]) -> bool:
    click.echo(plain(f"run {run.id} waits for a decision; see genie approvals list"), err=True)
    await run.decided()
    return True


class Prompt:
    """Asks at the terminal. Who decides says their name: it is not that of who asked, whose run this is.

    Args:
        control: Where others may decide meanwhile, and what approvers may see; None for nowhere.
        paused: Stops the live picture.
    """

    def __init__(self, control: Control | None, paused: Paused) -> None:
        self._control = control
        self._paused = paused
        self._left: set[str] = set()

    async def decide(self, runtime: Runtime, run: Run[Payload]) -> bool:
        """Ask about everything that a run holds; False when it was left and nobody else can decide it."""
        with self._paused():
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._until_decided, run, tasks.cancel_scope)
                await self._ask_for(runtime, run)
                tasks.cancel_scope.cancel()
        waiting = [one for one in runtime.approvals.requests() if one.run_id == run.id]
        if any(one.id not in self._left for one in waiting) or not waiting:
            return True
        return False if self._control is None else await _waited(runtime, run)

    @staticmethod
    async def _until_decided(run: Run[Payload], scope: anyio.CancelScope) -> None:
        """Stop asking when it was decided elsewhere, has expired, or the run is over."""
        await run.decided()
        scope.cancel()

    async def _ask_for(self, runtime: Runtime, run: Run[Payload]) -> None:
        for request in runtime.approvals.requests():
            if request.run_id == run.id and request.id not in self._left:
                try:
                    await self._ask(runtime, request)
                except _Left:
                    self._left.add(request.id)
                except InputError as error:  # it was decided elsewhere, between two questions
                    _say(str(error))

    async def _ask(self, runtime: Runtime, request: ApprovalRequest) -> None:
        """Ask until it is decided.

        Raises:
            _Left: Nothing was answered.
        """
        from genie.cli.commands.approvals import described  # noqa: PLC0415 - for who is asked

        seen = runtime.approvals.sight(request.id, None if self._control is None else self._control.clearance)
        shown = None if seen.payload is None else fields_of(seen.payload)
        masked = sorted(".".join(map(str, path)) for path in seen.masked)
        for line in described({**request.record(), "payload": shown, "masked": masked, "withheld": seen.withheld}):
            _say(line)
        while request.state is State.PENDING:
            word = await _line("approve? y or n, nothing leaves it: ")
            if word.lower() not in {"y", "yes", "n", "no"}:
                _say("write y or n")
                continue
            approve = word.lower().startswith("y")
            if approve and seen.payload is None:
                _say(f"what nobody sees cannot be approved: {seen.withheld}")
                continue
            by = await _line(f"who decides (not {request.requester}): ")
            named = any(need.approvers for need in request.needs)
            roles = (await _line("with which roles, by commas: ")).split(",") if named else []
            reason = await _line("why: ")
            vote = runtime.approvals.approve if approve else runtime.approvals.deny
            try:
                request = vote(request.id, by=by, roles=[role.strip() for role in roles], reason=reason)
            except InputError as error:
                _say(str(error))
                if all(one.id != request.id for one in runtime.approvals.requests()):
                    return  # it was decided elsewhere meanwhile
                continue
            lacking = "; ".join(request.lacking())
            _say(f"counted; {lacking}" if request.state is State.PENDING else str(request.state))


def _say(text: str) -> None:
    click.echo(plain(text), err=True)


async def _line(question: str) -> str:
    """Return a line that is typed; the loop goes on meanwhile.

    Raises:
        _Left: It is empty, or there are no more.
    """
    click.echo(plain(question), err=True, nl=False)
    descriptor = sys.stdin.fileno()
    await anyio.wait_readable(descriptor)
    line = os.read(descriptor, _LONGEST_LINE).decode(errors="replace").strip()  # a terminal gives whole lines
    if not line:
        raise _Left
    return line
