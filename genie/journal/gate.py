"""`every_message`: a handler is called when the message that it handles is in the log."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from genie.bus.routes import instrument

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from genie.bus.bus import Bus
    from genie.contracts.card import AgentCard
    from genie.contracts.message import Payload
    from genie.inflight.handlers import Call


def gate(bus: Bus, barrier: Callable[[], Awaitable[None]]) -> None:
    """Let every handler wait until everything so far is kept, before it is called."""

    def behind(call: Callable[..., Any]) -> Callable[..., Any]:
        async def kept(*given: object) -> Any:
            await barrier()
            output = call(*given)
            return await output if inspect.isawaitable(output) else output

        return kept

    def wrap(_card: AgentCard, calls: Mapping[type[Payload], Call]) -> dict[type[Payload], Call]:
        return {kind: (behind(call), wants, branches) for kind, (call, wants, branches) in calls.items()}

    instrument(bus, wrap)
