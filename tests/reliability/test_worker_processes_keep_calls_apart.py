"""What one call does to its worker process, the next one does not see."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from genie import Runtime
from tests.genie.policies_for_tests import Answer, Question
from tests.reliability.plain_agents import leaves


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_call_does_not_see_what_another_left(backend: str) -> None:
    async def main() -> list[str]:
        async with Runtime([leaves]) as runtime:
            return [(await runtime.ask(Question(text="left"), Answer)).text for _ in range(2)]

    first, second = anyio.run(main, backend=backend)
    assert first == f"|{Path.cwd()}"
    assert second == first
