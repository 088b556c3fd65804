"""Policies that change while a pipeline runs: their files are watched, and SIGHUP has them read at once."""

from __future__ import annotations

import contextlib
import signal
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio

from genie.errors import GenieError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from genie.runtime import Runtime


@asynccontextmanager
async def renewing(runtime: Runtime) -> AsyncIterator[None]:
    """Reload the policies when their files change, until the block ends; what is wrong with them is logged."""
    runtime.watch_policies()
    if not hasattr(signal, "SIGHUP") or threading.current_thread() is not threading.main_thread():
        yield
        return
    async with anyio.create_task_group() as tasks:
        with anyio.open_signal_receiver(signal.SIGHUP) as received:
            tasks.start_soon(_on_signal, runtime, received)
            yield
            tasks.cancel_scope.cancel()


async def _on_signal(runtime: Runtime, received: AsyncIterator[signal.Signals]) -> None:
    async for _ in received:
        with contextlib.suppress(GenieError):  # logged and in the audit
            await runtime.reload(by="signal", reason="SIGHUP")
