"""`every_message`: a handler is called only once its message is in the log."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from genie.contracts.message import Payload
    from genie.inflight.handlers import Call


def gated(calls: Mapping[type[Payload], Call], barrier: Callable[[], Awaitable[None]]) -> dict[type[Payload], Call]:
    """Return handlers that wait before each call until everything so far is stored."""

    def behind(call: Callable[..., Any]) -> Callable[..., Any]:
        async def kept(*given: object) -> Any:
            await barrier()
            output = call(*given)
            return await output if inspect.isawaitable(output) else output

        return kept

    return {kind: (behind(call), wants, branches) for kind, (call, wants, branches) in calls.items()}
