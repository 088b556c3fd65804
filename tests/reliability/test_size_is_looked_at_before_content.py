"""What is too large is denied before anything looks into it, and what is large does not stop the loop."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, ClassVar

import anyio
import pytest

from genie import PolicySet, Runtime
from genie.errors import RunStalled
from genie.policies.payload_size import PayloadSize, PayloadSizeSettings
from tests.genie.policies_for_tests import Answer, Question, Rule, answerer, running

if TYPE_CHECKING:
    from collections.abc import Iterable

    from genie.policy.policy import Span


class Reader:
    """An inspector that keeps the length of what it looked at, and on which thread."""

    name: ClassVar[str] = "reader"
    version: ClassVar[str] = "1"
    patterns = ("x",)

    def __init__(self) -> None:
        self.folded = 0
        self.looked: list[tuple[int, int]] = []

    def fold(self, text: str) -> str:
        self.folded += len(text)
        return text

    def examine(self, text: str) -> Iterable[Span]:
        self.looked.append((len(text), threading.get_ident()))
        return ()


@pytest.mark.anyio
async def test_what_is_too_large_is_not_inspected() -> None:
    reader = Reader()
    policies = PolicySet((
        PayloadSize(PayloadSizeSettings(max_bytes=1_000)), Rule(lambda _route: None, inspectors=(reader,)),
    ))  # fmt: skip
    async with running(answerer, policies=policies) as runtime:
        with pytest.raises(RunStalled):
            await runtime.ask(Question(text="xé" * 50_000), Answer)
        assert runtime.statistics().totals.denied == 1
        assert (reader.folded, reader.looked) == (0, [])


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_large_text_is_inspected_off_the_loop_or_in_pieces(backend: str) -> None:
    reader = Reader()

    async def main() -> None:
        policies = PolicySet((Rule(lambda _route: None, inspectors=(reader,)),))
        async with Runtime([answerer], policies=policies) as runtime:
            await runtime.ask(Question(text="x" * 1_000_000), Answer)

    anyio.run(main, backend=backend)
    assert reader.looked
    own = threading.get_ident()
    assert all(thread != own or length <= 100_000 for length, thread in reader.looked)
