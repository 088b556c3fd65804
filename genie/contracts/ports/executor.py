"""The executor port: where plain functions run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from genie.contracts.message import Payload
    from genie.contracts.signature import ExecutorName, Signature


class Job(Protocol):
    """One agent's plain function, as the loop calls it."""

    @property
    def abandoned(self) -> int:
        """Calls that were cancelled and still run."""
        ...

    def call(self, payload: Payload) -> Coroutine[Any, Any, object]:
        """Call the function and wait for what it returns. Cancelled: returns at once."""
        ...

    def close(self) -> None:
        """Nothing is called any more; returns at once."""
        ...


class Executor(Protocol):
    """Where the plain functions of one runtime run."""

    def job(
        self, place: ExecutorName, agent: str, function: Callable[[Any], object], signature: Signature, slots: int
    ) -> Job:
        """Return how an agent's function is called.

        Args:
            place: What its card says: ``thread`` or ``process``.
            agent: Its id.
            function: The function.
            signature: What it takes and gives.
            slots: Calls at a time, the card's concurrency.

        Raises:
            AgentDefinitionError: It cannot be called there.
        """
        ...

    async def close(self) -> None:
        """End whatever runs; called once, after the last call."""
        ...
