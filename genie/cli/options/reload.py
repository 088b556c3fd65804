"""Policies that change while a pipeline runs: their files are watched, and SIGHUP has them read at once."""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import TYPE_CHECKING

import anyio

from genie.errors import GenieError

if TYPE_CHECKING:
    from genie.runtime.runtime import Runtime


def renew(runtime: Runtime) -> None:
    """Reload an open runtime's policies when their files change, until it closes; what is wrong is logged."""
    runtime.operations.watch_policies()
    if hasattr(signal, "SIGHUP") and threading.current_thread() is threading.main_thread():
        runtime.bus.tasks.start(lambda: _on_signal(runtime))


async def _on_signal(runtime: Runtime) -> None:
    with anyio.open_signal_receiver(signal.SIGHUP) as received:
        async for _ in received:
            with contextlib.suppress(GenieError):  # logged and in the audit
                await runtime.operations.reload(by="signal", reason="SIGHUP")
