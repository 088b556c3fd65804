"""Wires that ask a scripted server within the process, on the clock of the loop."""

from __future__ import annotations

from contextlib import asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from genie.edges.llm.wires.index import WIRES
from genie.testing.conformance import ProviderUnderTest
from genie.testing.llm_server import FakeModels

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from genie.edges.llm.wires.wire import Wire
    from genie.testing.llm_server import Script

KEY = "sk-must-never-be-seen-4711"


def wire_class(name: str) -> type[Wire]:
    module, _, cls = WIRES[name].partition(":")
    found: type[Wire] = getattr(import_module(module), cls)
    return found


def made(name: str, script: Script, **settings: Any) -> tuple[Wire, FakeModels]:
    """Return a wire and the server that it asks."""
    models = FakeModels(script)
    cls = wire_class(name)
    given = {"model": "fake-1", "base": models.base(name), "http": True, "key": KEY, **settings}
    return cls(cls.Settings(**given), exchange=models.exchange()), models


@pytest.fixture(params=sorted(WIRES))
def dialect(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def wire() -> Callable[..., tuple[Wire, FakeModels]]:
    """Return what makes a wire from its dialect and a script."""
    return made


@pytest.fixture
def playing() -> Callable[[str], Any]:
    """Return what makes a provider under test from a dialect."""

    def of(name: str) -> Any:
        @asynccontextmanager
        async def make(play: Any) -> AsyncIterator[ProviderUnderTest]:
            provider, models = made(name, [play])
            try:
                yield ProviderUnderTest(provider, lambda: models.open)
            finally:
                await provider.close()

        return make

    return of
