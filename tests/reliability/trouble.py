"""What the reliability tests share: agents that hang, refuse and escape, and a measure of work."""

from __future__ import annotations

import gc
import sys
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from genie import Payload, Runtime, agent
from genie.errors import RunExpiredError
from tests.genie.policies_for_tests import Answer
from tests.golden.conftest import BACKENDS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from types import FrameType

SOON_S = 60.0
"""Virtual seconds in which whatever must end at once has ended."""
FOR_EVER_S = 100_000.0
"""Virtual seconds that a handler takes which never ends; a test that waits for it fails instead of hanging."""


class Hang(Payload, topic="r.hang"):
    """A question that is never answered."""


@agent("hangs", concurrency=1000)
async def hangs(question: Hang) -> Answer:
    """Wait for nothing."""
    await anyio.sleep_forever()
    return Answer()


async def assert_time_passes(runtime: Runtime) -> None:
    """Check that deadlines are still kept; the runtime needs the agent ``hangs``."""
    with anyio.fail_after(SOON_S), pytest.raises(RunExpiredError):
        await runtime.ask(Hang(), Answer, within_s=0.2)


async def assert_rests(runtime: Runtime) -> None:
    """Check that nothing is in flight soon, and that the account balances."""
    with anyio.move_on_after(SOON_S):
        while runtime.statistics().runs:
            await anyio.sleep(1)
    await anyio.wait_all_tasks_blocked()
    statistics = runtime.statistics()
    assert statistics.totals.balanced, statistics.totals
    assert (statistics.runs, statistics.totals.in_flight) == (0, 0), statistics


async def refuses() -> None:
    """Go on whatever happens: no cancellation is heard, neither a scope's nor a task's own."""
    until = anyio.current_time() + FOR_EVER_S
    while anyio.current_time() < until:
        try:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(until - anyio.current_time())
        except BaseException:  # noqa: BLE001, S112 - it refuses on purpose
            continue


def run_alone(backend: str, main: Callable[[], Awaitable[None]]) -> None:
    """Run in a loop of its own, where what leaves the runtime is a failure of the test and not of the test run.

    Raises:
        AssertionError: Something left, were it an interrupt; the message is its traceback. The exception itself would
            keep the torn loop alive, whose tasks would then end in the middle of something else.
    """
    left = ""
    gc.freeze()  # to look through all that the test run has made takes longer than the test
    try:
        anyio.run(main, backend=backend, backend_options=BACKENDS[backend]())
    except BaseException as error:  # noqa: BLE001 - that nothing else leaves is what is tested
        left = "".join(traceback.format_exception(error))
    gc.collect()  # a task that nobody awaited says so now
    gc.unfreeze()
    if left:
        raise AssertionError(left)


class Work:
    """Lines of Python that ran."""

    lines = 0


@contextmanager
def measured() -> Iterator[Work]:
    """Count the lines of the library that run: a measure of work that depends on no machine, load or backend."""
    work = Work()
    before = sys.gettrace()

    def trace(frame: FrameType, event: str, _arg: object) -> Any:
        if event == "line":
            work.lines += 1
        return trace if str(frame.f_globals.get("__name__", "")).startswith("genie.") else None

    gc.disable()  # what earlier work left behind is not finalised inside
    sys.settrace(trace)
    try:
        yield work
    finally:
        sys.settrace(before)
        gc.enable()
