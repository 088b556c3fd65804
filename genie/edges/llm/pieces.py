"""Publishes pieces of a reply to readers, joined so that fewer messages are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from genie.contracts.model_call import FailureClass, ModelDelta
from genie.contracts.ports.provider import ProviderError, WireDelta, WireEnd

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from genie.contracts.ports.provider import WirePart

ENOUGH = 48
"""Number of characters that are sent at once."""
LATEST_S = 0.020
"""Seconds for which fewer characters wait for more, after a piece was sent."""
MOST_UNSENT = 65_536
"""Number of unsent characters at which reading from the provider stops."""


class Pieces:
    """Reads a provider in a separate task, and publishes its text.

    Args:
        parts: Parts from the provider.
        heard: Called with each part; an exception from it ends the reading.
    """

    def __init__(self, parts: AsyncIterator[WirePart], heard: Callable[[WirePart], None]) -> None:
        self._parts = parts
        self._heard = heard
        self._waiting: list[tuple[int, str, list[str]]] = []
        self._size = 0
        self._came = anyio.Event()
        self._full = anyio.Event()
        self._taken = anyio.Event()
        self._over = False
        self._error: Exception | None = None
        self._end: WireEnd | None = None
        self.sent = False
        """True once a piece was sent."""

    async def run(self, publish: Callable[[ModelDelta], Awaitable[None]]) -> WireEnd:
        """Publish the pieces of a reply as they come, and return its end.

        Raises:
            ProviderError: The call failed.
            GenieError: As ``publish`` and ``heard`` raise it.
        """
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._read)
            try:
                await self._send(publish)
            except Exception as error:  # noqa: BLE001 - raised below: a task group would wrap it
                self._error = error
                tasks.cancel_scope.cancel()
        if self._error is not None:
            raise self._error
        if self._end is None:
            raise ProviderError(FailureClass.TRUNCATED)
        return self._end

    async def _read(self) -> None:
        try:
            async for part in self._parts:
                self._heard(part)
                if type(part) is WireDelta:
                    self._add(part)
                    while self._size >= MOST_UNSENT:
                        self._taken = anyio.Event()
                        await self._taken.wait()
                elif type(part) is WireEnd:
                    self._end = part
        except Exception as error:  # noqa: BLE001 - raised by ``run``: a task group would wrap it
            self._error = error
        finally:
            self._over = True
            self._came.set()
            self._full.set()

    def _add(self, part: WireDelta) -> None:
        last = self._waiting[-1] if self._waiting else None
        if last is not None and last[0] == part.position and last[1] == part.kind:
            last[2].append(part.text)
        else:
            self._waiting.append((part.position, part.kind, [part.text]))
        self._size += len(part.text)
        self._came.set()
        if self._size >= ENOUGH:
            self._full.set()

    async def _send(self, publish: Callable[[ModelDelta], Awaitable[None]]) -> None:
        last = -LATEST_S
        while True:
            if not self._waiting:
                if self._over:
                    return
                await self._came.wait()
            left_s = last + LATEST_S - anyio.current_time()
            if left_s > 0 and not self._over and self._size < ENOUGH:
                with anyio.move_on_after(left_s):
                    await self._full.wait()
            waiting, self._waiting, self._size = self._waiting, [], 0
            self._taken.set()
            if not self._over:
                self._came, self._full = anyio.Event(), anyio.Event()
            for position, kind, texts in waiting:
                self.sent = True
                await publish(ModelDelta(index=position, kind=kind, text="".join(texts)))  # type: ignore[arg-type]  # one of the three kinds
            last = anyio.current_time()
