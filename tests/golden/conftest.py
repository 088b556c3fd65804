"""Golden scenarios run in virtual time on both backends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trio.testing import MockClock  # noqa: TID251 - trio's own virtual clock

from tests.genie.conftest import VirtualLoop

if TYPE_CHECKING:
    from collections.abc import Callable

BACKENDS: dict[str, Callable[[], dict[str, Any]]] = {
    "asyncio": lambda: {"loop_factory": VirtualLoop},
    "trio": lambda: {"clock": MockClock(autojump_threshold=0)},
}
"""Backend -> its options for a clock that moves only when everything waits."""
