"""How a suite runs: every check gets a fresh implementation, and a failure names the check."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import NoReturn, TypeVar

import anyio

T = TypeVar("T")
Make = Callable[[], AbstractAsyncContextManager[T]]
"""Makes a fresh implementation, and releases it at the end of the block."""
Check = Callable[[T], Awaitable[None]]

LIMIT_S = 60.0
"""Seconds of the loop's clock after which a check counts as hung."""


class NonconformanceError(AssertionError):
    """An implementation does not meet the requirements of its port."""

    def __init__(self, expectation: str) -> None:
        super().__init__(expectation)
        self.expectation = expectation
        self.port = ""
        self.check = ""
        """Name of the check function, which tests can rely on."""

    def __str__(self) -> str:
        return f"{self.port}: {self.check}: expected {self.expectation}"


def expect(holds: object, expectation: str) -> None:
    """Fail the running check unless something holds.

    Raises:
        NonconformanceError: It does not hold.
    """
    if not holds:
        raise NonconformanceError(expectation)


def violated(expectation: str) -> NoReturn:
    """Fail the running check.

    Raises:
        NonconformanceError: Always.
    """
    raise NonconformanceError(expectation)


async def run_checks(port: str, make: Make[T], checks: Sequence[Check[T]]) -> None:
    """Run each check with an implementation of its own.

    Raises:
        NonconformanceError: A check failed, raised, or did not end in ``LIMIT_S``.
    """
    for check in checks:
        failed: Exception | None = None
        async with make() as made:
            try:
                with anyio.fail_after(LIMIT_S):
                    await check(made)
            except Exception as error:  # noqa: BLE001 - whatever an implementation raises fails its check by name
                failed = error
        if failed is not None:
            raise _named(failed, port, check.__name__) from failed


def _named(error: Exception, port: str, check: str) -> NonconformanceError:
    found = next((one for one in _leaves(error) if isinstance(one, NonconformanceError)), None)
    if found is None:
        found = NonconformanceError(f"no error; {type(error).__name__} was raised")
    named = NonconformanceError(found.expectation)
    named.port, named.check = port, check
    return named


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _leaves(one)
    else:
        yield error
