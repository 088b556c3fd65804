"""The default executor (threads and worker processes) and the inline executor of simulations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genie.edges.executors.codec import decode, encode
from genie.edges.executors.processes import MAX_BYTES, Processes, ProcessJob
from genie.edges.executors.threads import ThreadJob
from genie.errors import AgentDefinitionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from genie.contracts.message import Payload
    from genie.contracts.ports.executor import Job
    from genie.contracts.signature import ExecutorName, Signature


class DefaultExecutor:
    """Runs ``thread`` functions in threads and ``process`` functions in worker processes, for one runtime.

    Args:
        processes: Worker processes at a time; the number of available cores by default.
        max_bytes: Limit of the JSON of one input, and of one output, of a process.
        memory_bytes: Limit of each worker's address space; a function that exceeds it fails with ``MemoryError``. No
            limit by default. Libraries that reserve address space ahead, such as numpy, need a generous one.
        debug: Include tracebacks of failures in worker processes. A runtime with ``debug`` sets this.
    """

    def __init__(
        self, *, processes: int | None = None, max_bytes: int = MAX_BYTES, memory_bytes: int | None = None,
        debug: bool = False,
    ) -> None:  # fmt: skip
        self._processes = Processes(processes, max_bytes, memory_bytes, debug=debug)
        self._threads: set[ThreadJob] = set()

    def job(
        self, place: ExecutorName, agent: str, function: Callable[[Any], object], signature: Signature, slots: int
    ) -> Job:
        """Return the job that calls an agent's plain function.

        Raises:
            AgentDefinitionError: The function cannot be found by module and name.
        """
        if place == "thread":
            job = ThreadJob(agent, function, slots, closed=self._threads.discard)
            self._threads.add(job)
            return job
        return ProcessJob(agent, address_of(agent, function), signature, self._processes)

    async def close(self) -> None:
        """End threads and processes; a thread whose function does not return is abandoned."""
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
            payload = decode(type(payload), encode(payload))
        return self._function(payload)

    def close(self) -> None:
        """Do nothing."""


class InlineExecutor:
    """Runs plain functions on the loop, in virtual time; payloads of ``process`` functions still pass through JSON."""

    def job(
        self,
        place: ExecutorName,
        agent: str,  # noqa: ARG002 - the port's
        function: Callable[[Any], object],
        signature: Signature,  # noqa: ARG002 - the port's
        slots: int,  # noqa: ARG002 - the port's; the loop runs one at a time
    ) -> Job:
        """Return the job that calls an agent's plain function."""
        return _InlineJob(function, carried=place == "process")

    async def close(self) -> None:
        """Do nothing."""


def address_of(agent: str, function: Callable[..., object]) -> str:
    """Return ``module:function``, the address by which a worker process finds a function.

    Raises:
        AgentDefinitionError: That address leads to nothing, or to another object.
    """
    from genie.edges.executors.codec import CodecError  # noqa: PLC0415 - as above
    from genie.edges.executors.worker import handler_at  # noqa: PLC0415 - needed by those alone that have such agents

    address = f"{function.__module__}:{function.__qualname__}"
    try:
        found, _ = handler_at(address)
    except CodecError as error:
        raise AgentDefinitionError(f"agent {agent!r}", str(error)) from None
    if found is not function:
        raise AgentDefinitionError(f"agent {agent!r}", f"{address} is another function; give this one a unique name")
    return address
