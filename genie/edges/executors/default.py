"""The executors that a runtime is given: threads and processes by default, inline in a simulation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genie.edges.executors.codec import packed, unpacked
from genie.edges.executors.processes import MAX_BYTES, Processes, ProcessJob
from genie.edges.executors.threads import ThreadJob
from genie.errors import AgentDefinitionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from genie.contracts.message import Payload
    from genie.contracts.ports.executor import Job
    from genie.contracts.signature import ExecutorName, Signature


class Places:
    """Threads for ``thread``, worker processes for ``process``; of one runtime.

    Args:
        processes: Worker processes at a time; as many as there are cores for this process by default.
        max_bytes: Most bytes of JSON of one input, and of one output, of a process.
    """

    def __init__(self, *, processes: int | None = None, max_bytes: int = MAX_BYTES) -> None:
        self._processes = Processes(processes, max_bytes)
        self._threads: set[ThreadJob] = set()

    def job(
        self, place: ExecutorName, agent: str, function: Callable[[Any], object], signature: Signature, slots: int
    ) -> Job:
        """Return how an agent's plain function is called.

        Raises:
            AgentDefinitionError: The function cannot be found by module and name.
        """
        if place == "thread":
            job = ThreadJob(agent, function, slots, closed=self._threads.discard)
            self._threads.add(job)
            return job
        return ProcessJob(agent, address_of(agent, function), signature, self._processes)

    async def close(self) -> None:
        """End threads and processes; a thread that does not return is left behind."""
        for job in tuple(self._threads):
            job.close()
        await self._processes.close()


class _InlineJob:
    abandoned = 0

    def __init__(self, function: Callable[[Any], object], *, carried: bool) -> None:
        self._function = function
        self._carried = carried

    async def call(self, payload: Payload) -> object:
        if self._carried:
            payload = unpacked(type(payload), packed(payload))
        return self._function(payload)

    def close(self) -> None:
        """There is nothing to end."""


class Inline:
    """Runs plain functions on the loop, where virtual time can see them; payloads still pass through JSON."""

    def job(
        self,
        place: ExecutorName,
        agent: str,  # noqa: ARG002 - the port's
        function: Callable[[Any], object],
        signature: Signature,  # noqa: ARG002 - the port's
        slots: int,  # noqa: ARG002 - the port's; the loop runs one at a time
    ) -> Job:
        """Return how an agent's plain function is called."""
        return _InlineJob(function, carried=place == "process")

    async def close(self) -> None:
        """There is nothing to end."""


def address_of(agent: str, function: Callable[..., object]) -> str:
    """Return ``module:function``, under which another process finds a function.

    Raises:
        AgentDefinitionError: Something else is there.
    """
    from genie.edges.executors.codec import ParcelError  # noqa: PLC0415 - as above
    from genie.edges.executors.worker import handler_at  # noqa: PLC0415 - needed by those alone that have such agents

    address = f"{function.__module__}:{function.__qualname__}"
    try:
        found, _ = handler_at(address)
    except ParcelError as error:
        raise AgentDefinitionError(f"agent {agent!r}", str(error)) from None
    if found is not function:
        raise AgentDefinitionError(f"agent {agent!r}", f"{address} is another function; give it a name of its own")
    return address
