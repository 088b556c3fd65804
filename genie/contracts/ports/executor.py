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
        """Number of cancelled calls that still run."""
        ...

    def call(self, payload: Payload) -> Coroutine[Any, Any, object]:
        """Call the function and wait for its result. When cancelled, it returns at once."""
        ...

    def close(self) -> None:
        """Accept no further call; returns at once."""
        ...


class Executor(Protocol):
    """An executor for the plain functions of one runtime."""

    def job(
        self, place: ExecutorName, agent: str, function: Callable[[Any], object], signature: Signature, slots: int
    ) -> Job:
        """Return the callable for an agent's function.

        Args:
            place: The executor on its card: ``thread`` or ``process``.
            agent: Its id.
            function: The function.
            signature: Its parameters and results.
            slots: Concurrent calls: the card's concurrency.

        Raises:
            AgentDefinitionError: The function cannot be called there.
        """
        ...

    async def close(self) -> None:
        """End everything that still runs; called once, after the last call."""
        ...
