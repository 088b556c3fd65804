"""What a program plugs into a runtime may raise whatever it likes, an exit included: no run ends by it unnamed."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

import anyio
import pytest

from genie import GenieError, Handlers, PolicySet, RunLimits, handles
from genie.errors import JournalError
from genie.journal.memory import MemoryLog
from genie.policy.policy import ALLOW
from tests.genie.policies_for_tests import Answer, CardNumbers, Question, Rule, answerer, running
from tests.reliability.trouble import SOON_S, assert_rests, run_alone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from genie.contracts.ports.journal import DurabilityMode
    from genie.policy.policy import Route, Span

BACKENDS = ("asyncio", "trio")
ERRORS = (ValueError, SystemExit, KeyboardInterrupt, GeneratorExit)


class Raises:
    """A journal, an audit and an incident log that raise at one of their records."""

    def __init__(self, error: Callable[[], BaseException], at: int) -> None:
        self._error = error
        self._left = at

    def record(self, _entry: object) -> None:
        self._left -= 1
        if self._left == 0:
            raise self._error()

    def note(self, *_: object) -> None:
        self.record(None)


class Inspector(CardNumbers):
    """Raises at the first text."""

    patterns = (r".",)

    def __init__(self, error: Callable[[], BaseException]) -> None:
        self._error = error

    def examine(self, text: str) -> Iterable[Span]:
        raise self._error()


def plugged(hook: str, error: Callable[[], BaseException]) -> dict[str, Any]:
    """Return the options of a runtime in which a hook raises."""

    def compiles(_route: Route) -> NoReturn:
        raise error()

    allows = Rule(lambda _route: lambda *_: ALLOW, name="looks", inspectors=(Inspector(error),))
    return {
        "journal, accepting": {"journal": Raises(error, 1)},
        "journal, starting": {"journal": Raises(error, 3)},
        "journal, ending": {"journal": Raises(error, 5)},
        "audit": {"audit": Raises(error, 1)},
        "inspector": {"policies": PolicySet((allows,))},
        "policy": {"policies": PolicySet((Rule(compiles, name="broken"),))},
    }[hook]  # fmt: skip


class FailingLog(MemoryLog):
    """A log that raises at its third batch."""

    def __init__(self, error: Callable[[], BaseException]) -> None:
        super().__init__()
        self._error = error
        self._batches = 0

    async def append(self, batch: Any) -> int:
        self._batches += 1
        if self._batches == 3:
            raise self._error()
        return await super().append(batch)


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("mode", ["batched", "every_message"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_log_that_raises_ends_what_waits_for_it(
    backend: str, mode: DurabilityMode, error: Callable[[], BaseException]
) -> None:
    async def main() -> None:
        async with running(answerer, log=FailingLog(error), durability=mode) as runtime:
            with anyio.fail_after(SOON_S), pytest.raises(JournalError):
                while True:
                    await runtime.ask(Question(text="x"), Answer)
            with pytest.raises(JournalError):
                await runtime.ask(Question(text="x"), Answer)
            await assert_rests(runtime)

    run_alone(backend, main)


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("backend", BACKENDS)
def test_an_agent_that_exits_when_it_is_closed_leaves_no_other_open(
    backend: str, error: Callable[[], BaseException]
) -> None:
    closed = []

    class Closes(Handlers, id="closes"):
        @handles
        async def answer(self, question: Question) -> Answer:
            return Answer()

        async def close(self) -> None:
            closed.append("closes")

    class Exits(Handlers, id="exits"):
        @handles
        async def answer(self, question: Question) -> Answer:
            return Answer()

        async def close(self) -> None:
            raise error()

    async def main() -> None:
        with pytest.raises(error):  # type: ignore[arg-type]  # the classes are called to make the errors
            async with running(Closes(), Exits()):
                pass

    run_alone(backend, main)
    assert closed == ["closes"]


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize(
    "hook", ["journal, accepting", "journal, starting", "journal, ending", "audit", "inspector", "policy"]
)
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_hook_that_raises_leaves_no_run_without_an_end(
    backend: str, hook: str, error: Callable[[], BaseException]
) -> None:
    async def main() -> None:
        async with running(answerer, limits=RunLimits(deadline_s=SOON_S), **plugged(hook, error)) as runtime:
            runtime.operations.pause("answerer")  # for the audit
            runtime.operations.resume("answerer")
            answered = 0
            for _ in range(3):
                with suppress(GenieError):
                    await runtime.ask(Question(text="x"), Answer)
                    answered += 1
            assert answered == (3 if hook.startswith("journal") else 0)
            assert anyio.current_time() < SOON_S
            await assert_rests(runtime)

    run_alone(backend, main)
