"""The core's tests run in virtual time on both backends: a wait costs nothing, and a hang fails at once."""

from __future__ import annotations

import asyncio  # noqa: TID251 - the loop whose time is made virtual
import selectors
from typing import TYPE_CHECKING, Any

import pytest
import trio  # noqa: TID251 - as below
from trio.testing import MockClock  # noqa: TID251 - trio's own virtual clock

from genie.contracts.classification import Classification
from genie.contracts.headers import NO_HEADERS, Headers
from genie.contracts.message import Inspection, Message, Payload, stamp, topic_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class _Selector(selectors.DefaultSelector):
    """Skips a wait instead of waiting, when no file is ready."""

    skipped = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0 if timeout else timeout)
        if not ready and timeout:
            self.skipped += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock moves only when everything waits."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.skipped


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, Mapping[str, Any]]:
    """Run every test marked ``anyio`` on both backends, in virtual time."""
    if request.param == "trio":
        return "trio", {"clock": MockClock(autojump_threshold=0)}
    return "asyncio", {"loop_factory": VirtualLoop}


@pytest.fixture
async def blocked() -> Callable[[float], None]:
    """Return a function that lets the loop's clock jump, as if its caller had blocked the loop."""
    try:
        clock: Any = trio.lowlevel.current_clock()
    except RuntimeError:
        loop: Any = asyncio.get_running_loop()
        selector = loop._virtual

        def jump(seconds: float) -> None:
            selector.skipped += seconds

        return jump
    jumping: Callable[[float], None] = clock.jump
    return jumping


class Envelopes:
    """Builds messages as the bus would stamp them, for policies to judge."""

    def __call__(
        self,
        payload: Payload,
        *,
        headers: Headers = NO_HEADERS,
        label: Classification | None = None,
        inspection: Inspection | None = None,
    ) -> Message[Any]:
        declared = topic_of(payload).classification if label is None else label
        return stamp(1, payload, "sender", None, None, 0, 0, headers, declared, inspection or Inspection(10))


@pytest.fixture
def envelope() -> Envelopes:
    return Envelopes()
