"""How a suite runs its checks: fresh implementations, released in any case, and failures named by their check."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from genie.testing.conformance import NonconformanceError
from genie.testing.conformance.suite import expect, run_checks, violated

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.anyio


class Makes:
    """Makes lists, and counts what it made and released."""

    def __init__(self) -> None:
        self.made: list[list[str]] = []
        self.released = 0

    @asynccontextmanager
    async def make(self) -> AsyncIterator[list[str]]:
        self.made.append([])
        async with anyio.create_task_group():
            yield self.made[-1]
        self.released += 1


async def passes(made: list[str]) -> None:
    expect(made == [], "a fresh implementation")
    made.append("used")


async def fails(made: list[str]) -> None:
    violated("something else")


async def raises(made: list[str]) -> None:
    raise LookupError


async def fails_in_a_task(made: list[str]) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(fails, made)


async def test_each_check_has_an_implementation_of_its_own() -> None:
    makes = Makes()
    await run_checks("port", makes.make, [passes, passes])
    assert (makes.made, makes.released) == ([["used"], ["used"]], 2)


@pytest.mark.parametrize("check", [fails, fails_in_a_task, raises], ids=lambda check: check.__name__)
async def test_a_failure_names_its_check_and_releases_what_was_made(check: Any) -> None:
    makes = Makes()
    with pytest.raises(NonconformanceError) as failed:
        await run_checks("port", makes.make, [passes, check, passes])
    assert (failed.value.port, failed.value.check) == ("port", check.__name__)
    assert ("LookupError" if check is raises else "something else") in failed.value.expectation
    assert (len(makes.made), makes.released) == (2, 2)
