"""Profile of the loop of this process: another thread samples its stack every few milliseconds.

It shows names of functions, never their values.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import anyio

from genie.server.figures import everywhere
from genie.server.messages import Json
from genie.server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from starlette.types import ASGIApp

    from genie.server.server import Call

EVERY_S = 0.005
LONGEST_S = 10
MOST_SHOWN = 40
DEEPEST = 200
_NEVER = threading.Event()
_running = threading.Lock()
"""One profile at a time."""


async def profile(call: Call) -> ASGIApp:
    """Profile the loop for some seconds: shares of functions, without their values."""
    if not everywhere(call):
        raise Problem("forbidden", "the process works for all tenants; this needs the right 'operate_server' as well")
    seconds = max(1, call.number("seconds", 3, LONGEST_S))
    loop = threading.get_ident()
    if not _running.acquire(blocking=False):
        raise Problem("overflow", "another profile is in progress")
    try:
        found = await anyio.to_thread.run_sync(
            lambda: sampled(lambda: sys._current_frames().get(loop), seconds)  # noqa: SLF001 - the one way to another thread's stack
        )
    finally:
        _running.release()
    return Json(found)


def sampled(
    look: Callable[[], FrameType | None], seconds: float, wait: Callable[[float], object] = _NEVER.wait,
    now: Callable[[], float] = time.monotonic,
) -> dict[str, Any]:  # fmt: skip
    """Return how often each function was on top of the stack, and how often it was anywhere in it.

    Args:
        look: Returns the stack of the thread.
        seconds: Duration of the profile.
        wait: Waits between two samples.
        now: Seconds on a clock.
    """
    own: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    looks, until = 0, now() + seconds
    while now() < until:
        frame = look()
        seen: set[str] = set()
        looks += 1
        if frame is not None:
            own[_name(frame)] += 1
        while frame is not None and len(seen) < DEEPEST:
            seen.add(_name(frame))
            frame = frame.f_back
        whole.update(seen)
        wait(EVERY_S)
    shown = [{"function": name, "own": own[name], "whole": whole[name]} for name in sorted(whole, key=lambda name: (
        -own[name], -whole[name], name))[:MOST_SHOWN]]  # fmt: skip
    return {"seconds": seconds, "looks": looks, "functions": shown}


def _name(frame: FrameType) -> str:
    code = frame.f_code
    return f"{frame.f_globals.get('__name__', '?')}.{code.co_qualname}"
