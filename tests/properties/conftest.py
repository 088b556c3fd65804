"""The laws are tested in virtual time, on both backends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio
import pytest
from trio.testing import MockClock  # noqa: TID251 - trio's own virtual clock

from tests.genie.conftest import VirtualLoop

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(params=["asyncio", "trio"])
def live(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Return a function that runs a coroutine function to its end in virtual time."""
    backend: str = request.param

    def run(function: Callable[..., Any], *arguments: Any) -> Any:
        options = {"clock": MockClock(autojump_threshold=0)} if backend == "trio" else {"loop_factory": VirtualLoop}
        return anyio.run(function, *arguments, backend=backend, backend_options=options)

    return run
