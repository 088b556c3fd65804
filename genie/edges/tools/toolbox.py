"""The tools of one loop: which are offered, and how the calls of a turn are executed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from genie.backend.asyncio_trio import together as at_once
from genie.contracts.model_call import ToolResult
from genie.edges.tools.chain.attempt import NOT_PINNED, TOO_MANY_CALLS, UNKNOWN_TOOL, RunCalls
from genie.edges.tools.chain.breaker import Breakers
from genie.edges.tools.chain.call import Chain
from genie.edges.tools.chain.layers import SWITCHED
from genie.edges.tools.schema import canonical
from genie.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from genie.contracts.context import Context
    from genie.contracts.headers import Headers
    from genie.contracts.message import Payload
    from genie.contracts.model_call import ToolCall, ToolSpec
    from genie.edges.tools.artifacts import Artifacts
    from genie.edges.tools.lock import Lock
    from genie.edges.tools.tool import Tool

MOST_TOOLS = 256
MOST_CALLS = 32
"""Maximum number of calls of one turn."""


class Toolbox:
    """Tools with their chains.

    Args:
        tools: Each name once.
        lock: The approved tools; a tool that differs is denied. None accepts every tool unchecked.
        breakers: Shared by the toolboxes of a process; new ones by default.
        approved: Called with the run and the agent of each executed call; see ``Granted.note``.
        artifacts: Keeps results that are cut, for its tool ``read_artifact``, which is one of ``tools``.
        layers: For measurements and tests: layers that are compiled in.

    Raises:
        InputError: A name occurs twice, or there are too many.
    """

    def __init__(
        self, tools: Iterable[Tool], *, lock: Lock | None = None, breakers: Breakers | None = None,
        approved: Callable[[str, str], None] | None = None, artifacts: Artifacts | None = None,
        layers: frozenset[str] = SWITCHED,
    ) -> None:  # fmt: skip
        self._artifacts = artifacts
        every = tuple(tools)
        names = [tool.name for tool in every]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise InputError(f"tool {twice!r}", "is listed twice in a toolbox", "give one of them another name")
        if len(every) > MOST_TOOLS:
            raise InputError("tools", f"are at most {MOST_TOOLS}, not {len(every)}", "split them over several loops")
        found = () if lock is None else lock.changes(every)
        self.changes = tuple(change for change in found if change.what != "removed")
        """Differences from the lock file; removed tools may belong to another loop."""
        denied = {change.tool for change in self.changes}
        self.denied = frozenset(name for name in names if name in denied)
        self.tools = tuple(tool for tool in every if tool.name not in denied)
        """The offered tools."""
        shared = breakers or Breakers()
        self.chains: Mapping[str, Chain] = {
            tool.name: Chain(tool, shared.of(tool.agent), approved=approved, layers=layers) for tool in self.tools
        }
        # Sorted by name: the prefix of a prompt stays the same, so the provider can cache it.
        self.specs: tuple[ToolSpec, ...] = tuple(tool.spec for tool in sorted(self.tools, key=lambda one: one.name))

    def asks(self) -> dict[type[Payload], tuple[type[Payload], ...]]:
        """Return the ``asks`` of the card of an agent that calls these tools."""
        made: dict[type[Payload], tuple[type[Payload], ...]] = {}
        for tool in self.tools:
            made[tool.arguments] = tuple(dict.fromkeys((*made.get(tool.arguments, ()), *tool.answers)))
        return made

    async def call(
        self, calls: Sequence[ToolCall], context: Context, run: RunCalls, *, headers: Headers | None = None
    ) -> tuple[ToolResult, ...]:
        """Make the calls of one turn, at once where the tools allow it; the results are in the order of the calls.

        Args:
            calls: The model's calls.
            context: Context of the calling handler.
            run: State of the run.
            headers: Narrower headers for the calls.
        """
        if self._artifacts is not None and run.store is None:
            run.store = self._artifacts.store(context)
        if len(calls) == 1:
            return (await self._one(calls[0], context, run, headers),)
        results: list[ToolResult | None] = [None] * len(calls)
        together: list[int] = []
        alone: list[int] = []

        async def make(position: int) -> None:
            results[position] = await self._one(calls[position], context, run, headers)

        for position, call in enumerate(calls[:MOST_CALLS]):
            chain = self.chains.get(call.name)
            (together if chain is None or chain.tool.parallel else alone).append(position)
        if together:
            await at_once([partial(make, position) for position in together])
        for position in alone:
            await make(position)
        return tuple(
            _refused(call, TOO_MANY_CALLS, run) if result is None else result
            for call, result in zip(calls, results, strict=True)
        )

    async def _one(self, call: ToolCall, context: Context, run: RunCalls, headers: Headers | None) -> ToolResult:
        chain = self.chains.get(call.name)
        if chain is None:
            return _refused(call, NOT_PINNED if call.name in self.denied else UNKNOWN_TOOL, run)
        return await chain.call(call, context, run, headers)


def _refused(call: ToolCall, code: str, run: RunCalls) -> ToolResult:
    run.codes[code] += 1
    run.history.append((call.name, hash(call.arguments), hash(code)))
    return ToolResult(id=call.id, name=call.name, text=canonical({"error": code}), code=code)
