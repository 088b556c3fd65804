"""Parts that are lost twice, mail of a cancelled run, a purged mailbox, and incidents that cannot be noted."""

from __future__ import annotations

from contextlib import suppress

import anyio
import pytest

from genie import Mailbox
from genie.errors import RunError
from genie.inflight.gather import Gather, GatherSpec
from tests.genie.policies_for_tests import Answer, Gate, Opinion, Question, answerer, gated, running
from tests.reliability.trouble import measured


def gather() -> Gather:
    return Gather(GatherSpec((Answer, Opinion), "all", lambda _part: ()), lambda: None)


def test_a_part_that_came_is_not_lost_any_more_and_one_is_lost_once() -> None:
    waits = gather()
    assert waits.put(Answer, "a", Answer())
    waits.lose(Answer, "a", "too late to lose it")
    assert not waits.done
    waits = gather()
    waits.lose(Answer, "a", "first")
    waits.lose(Answer, "a", "second")
    assert not waits.done
    waits.lose(Opinion, "a", "none")
    assert waits.done
    assert [one.reason for one in waits.result("run").missing.values()] == ["first", "none"]


@pytest.mark.anyio
async def test_mail_of_cancelled_runs_is_neither_searched_for_nor_kept() -> None:
    gate = Gate()

    async def cost(queued: int) -> int:
        async with running(gated(gate, mailbox=Mailbox(capacity=1_000))) as runtime:
            runs = [runtime.start(Question(), Answer) for _ in range(queued)]
            await anyio.wait_all_tasks_blocked()
            with measured() as work:
                runs[-1].cancel()
            for run in runs[1:]:
                run.cancel()
            queue = runtime.bus.subscribers["slow"].queue
            assert len(queue) < 200
            runs[0].cancel()
        return work.lines

    assert await cost(500) < 2 * await cost(50)


@pytest.mark.anyio
async def test_a_mailbox_that_was_full_takes_mail_once_its_agent_is_back() -> None:
    gate = Gate()
    async with running(gated(gate, mailbox=Mailbox(capacity=1))) as runtime:
        runs = [runtime.start(Question(), Answer) for _ in range(4)]  # one works, one lies there, two wait for room
        await gate.reached.wait()
        await anyio.wait_all_tasks_blocked()
        runtime.operations.kill("slow")
        for run in runs:
            with suppress(RunError):
                await run.result()
        runtime.operations.revive("slow")
        gate.open.set()
        began = anyio.current_time()
        assert await runtime.ask(Question(), Answer) == Answer(text="slow")
        assert anyio.current_time() == began


class Broken:
    """An incident log that is out of order."""

    def __init__(self) -> None:
        self.asked = 0

    def note(self, *_: object) -> None:
        self.asked += 1
        raise OSError


@pytest.mark.anyio
async def test_incidents_that_cannot_be_noted_are_tried_once() -> None:
    async with running(answerer) as runtime:
        runtime.bus.observers.incidents = broken = Broken()
        for _ in range(2):
            runtime.bus.observers.note_incident("denied", "code", "answerer", None)
        assert (broken.asked, list(runtime.bus.observers.failed)) == (1, ["incidents"])
        assert await runtime.ask(Question(), Answer) == Answer(text="?")
