"""Reload policies of a running pipeline when their files change, and at SIGHUP."""

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
    """Reload the policies of an open runtime when their files change, until it closes; errors are logged."""
    runtime.operations.watch_policies()
    if hasattr(signal, "SIGHUP") and threading.current_thread() is threading.main_thread():
        runtime.bus.tasks.start(lambda: _on_signal(runtime))


async def _on_signal(runtime: Runtime) -> None:
    with anyio.open_signal_receiver(signal.SIGHUP) as received:
        async for _ in received:
            with contextlib.suppress(GenieError):  # it is in the log and in the audit trail
                await runtime.operations.reload(by="signal", reason="SIGHUP")
