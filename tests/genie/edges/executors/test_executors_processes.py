"""Worker processes: what travels, what is refused, and what a crash or a cancel does."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest

from genie.contracts.agent import agent
from genie.contracts.gather import Each
from genie.contracts.message import Payload
from genie.edges.executors.default import DefaultExecutor, InlineExecutor, address_of
from genie.errors import AgentDefinitionError, RunStalled
from genie.runtime.runtime import Runtime
from tests.genie.plain_for_tests import (
    Figures,
    Pid,
    Place,
    asking,
    changing,
    crashing,
    crashing_once,
    endless,
    exiting,
    failing,
    forking,
    forking_and_crashing,
    greedy,
    liar,
    measuring,
    other_pid,
    pair,
    pid,
    printer,
    refusing,
    silent,
    wordy,
)
from tests.genie.policies_for_tests import Answer, Question

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[4]


async def reason_for(runtime: Runtime, question: Payload, to: str) -> str:
    with pytest.raises(RunStalled) as caught:
        await runtime.ask(question, Answer, to=to)
    return "; ".join(caught.value.reasons)


async def test_it_runs_in_another_process_which_is_used_again() -> None:
    async with Runtime([pid]) as runtime:
        pids = [(await runtime.ask(Question(), Pid)).pid for _ in range(3)]
    assert len(set(pids)) == 1
    assert pids[0] != os.getpid()
    with pytest.raises(ProcessLookupError):  # closing has ended it, and waited for its end
        os.kill(pids[0], 0)


async def test_agents_share_a_bounded_number_of_processes() -> None:
    async with Runtime([pid, other_pid], executor=DefaultExecutor(processes=1)) as runtime:
        views = await runtime.gather(Question(), expect=Each(Pid))
        assert len({one.pid for one in views[Each(Pid)].values()}) == 1
        assert len(views[Each(Pid)]) == 2


async def test_outputs_of_every_shape_come_back_typed() -> None:
    async with Runtime([printer, pair, silent]) as runtime:
        assert await runtime.ask(Question(text="aé"), Answer, to="printer") == Answer(text="AÉ")
        views = await runtime.gather(Question(text="b"), expect=(Pid, Each(Answer)))
        assert views[Pid] == Pid(pid=1)
        assert views[Each(Answer)] == {"printer": Answer(text="B"), "pair": Answer(text="b")}
        run = runtime.start(Question(), Answer, to="silent")
        await run.settled()
        assert run.messages().handled == 1


async def test_failures_are_named_and_never_quoted(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with Runtime([failing, refusing, exiting, liar]) as runtime:
        question = Question(text="1234567812345678")
        assert await reason_for(runtime, question, "failing") == "failing: dead_lettered(LookupError)"
        assert "statement.csv: has no header; add one" in await reason_for(runtime, question, "refusing")
        assert runtime.statistics().agents["refusing"].retried == 0
        assert await reason_for(runtime, question, "exiting") == "exiting: dead_lettered(SystemExit)"
        assert "dead_lettered(WrongOutputError)" in await reason_for(runtime, question, "liar")
    assert "1234567812345678" not in caplog.text
    assert "secret" not in caplog.text
    assert "failing failed in its process at tests.genie.plain_for_tests" in caplog.text


async def test_debugging_shows_what_a_handler_raised_in_its_process(caplog: pytest.LogCaptureFixture) -> None:
    async with Runtime([failing], debug=True) as runtime:
        with pytest.raises(RunStalled) as stalled:
            await runtime.ask(Question(text="7"), Answer)
    assert "raise LookupError" in "".join(getattr(stalled.value.__cause__, "__notes__", ()))
    (record,) = [one for one in caplog.records if one.name == "genie.debug"]
    assert "LookupError: secret 7" in record.getMessage()
    assert "genie/execution" not in record.getMessage()


async def test_a_crash_ends_its_own_delivery_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with Runtime([crashing, crashing_once, printer], executor=DefaultExecutor(processes=1)) as runtime:
        place = Place(path=str(tmp_path / "mark"))
        assert await reason_for(runtime, place, "crashing") == "crashing: dead_lettered(WorkerProcessDied)"
        assert "ended with code 7" in caplog.text
        assert await runtime.ask(Question(text="on"), Answer, to="printer") == Answer(text="ON")
        assert await runtime.ask(place, Answer, to="crashing_once") == Answer(text="second time")
        assert runtime.statistics().totals.balanced


async def test_a_process_that_dies_idle_fails_nobody() -> None:
    async with Runtime([pid]) as runtime:
        first = (await runtime.ask(Question(), Pid)).pid
        os.kill(first, 9)
        with contextlib.suppress(ChildProcessError):  # the loop was quicker
            await anyio.to_thread.run_sync(os.waitid, os.P_PID, first, os.WEXITED | os.WNOWAIT)
        await anyio.wait_all_tasks_blocked()
        try:
            second = (await runtime.ask(Question(), Pid)).pid
        except RunStalled:  # the loop had not heard of it yet, so the call itself found out
            second = (await runtime.ask(Question(), Pid)).pid
        assert second != first


async def test_a_cancelled_call_is_killed(tmp_path: Path) -> None:
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    async with Runtime([endless, pid], executor=DefaultExecutor(processes=1)) as runtime:
        run = runtime.start(Place(path=str(fifo)), Answer)
        started = int(await anyio.to_thread.run_sync(fifo.read_text))
        run.cancel()
        await run.settled()
        assert run.messages().cancelled == 1
        assert (await runtime.ask(Question(), Pid)).pid != started
        assert runtime.statistics().agents["endless"].abandoned == 0
        with pytest.raises(ProcessLookupError):
            os.kill(started, 0)


async def test_closing_ends_a_process_in_the_middle_of_a_call(tmp_path: Path) -> None:
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    async with Runtime([endless]) as runtime:
        runtime.start(Place(path=str(fifo)), Answer)
        started = int(await anyio.to_thread.run_sync(fifo.read_text))
    with pytest.raises(ProcessLookupError):
        os.kill(started, 0)


async def test_no_call_sees_what_an_earlier_one_changed_in_its_process(tmp_path: Path) -> None:
    place = Place(path=str(tmp_path.resolve()))
    async with Runtime([changing], executor=DefaultExecutor(processes=1)) as runtime:
        seen = [(await runtime.ask(place, Answer)).text for _ in range(2)]
    assert seen == ["None False", "None False"]


async def test_children_of_a_handler_end_with_the_runtime(tmp_path: Path) -> None:
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    async with anyio.create_task_group() as tasks:
        written: list[str] = []

        async def read() -> None:  # returns once nobody holds the pipe open, the child included
            written.append(await anyio.to_thread.run_sync(fifo.read_text))

        tasks.start_soon(read)
        async with Runtime([forking]) as runtime:
            assert (await runtime.ask(Place(path=str(fifo)), Answer)).text == "done"
            assert written == []
    assert written == ["forked"]


async def test_children_of_a_handler_end_with_a_killed_runtime(tmp_path: Path) -> None:
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    program = (
        "import os, anyio, genie; from tests.genie.plain_for_tests import Answer, Place, forking\n"
        "async def main():\n"
        "    async with genie.Runtime([forking]) as runtime:\n"
        f"        await runtime.ask(Place(path={str(fifo)!r}), Answer)\n"
        "        os.kill(os.getpid(), 9)\n"
        "anyio.run(main)\n"
    )
    async with await anyio.open_process([sys.executable, "-c", program], cwd=ROOT) as process:
        assert await anyio.to_thread.run_sync(fifo.read_text) == "forked"
        assert await process.wait() == -9


async def test_a_crash_is_noticed_though_a_child_lives_on() -> None:
    async with Runtime([forking_and_crashing]) as runtime:
        reason = await reason_for(runtime, Place(path=""), "forking_and_crashing")
    assert reason == "forking_and_crashing: dead_lettered(WorkerProcessDied)"


async def test_a_handler_beyond_the_limit_of_memory_fails_alone() -> None:
    async with Runtime([greedy], executor=DefaultExecutor(processes=1, memory_bytes=1 << 30)) as runtime:
        assert await reason_for(runtime, Question(number=1 << 31), "greedy") == "greedy: dead_lettered(MemoryError)"
        assert (await runtime.ask(Question(number=1000), Answer)).text == "1000"


async def test_what_is_too_large_is_refused_by_size() -> None:
    async with Runtime([wordy], executor=DefaultExecutor(max_bytes=1_000)) as runtime:
        assert (await runtime.ask(Question(number=900), Answer)).text == "x" * 900
        assert "its output has 1,022 bytes, more than the 1,000 allowed" in await reason_for(
            runtime, Question(number=1_000), "wordy"
        )
        assert "its input has" in await reason_for(runtime, Question(text="x" * 1_000), "wordy")


async def test_what_json_cannot_hold_is_refused_instead_of_changed() -> None:
    async with Runtime([measuring]) as runtime:
        assert await runtime.ask(Figures(ratio=0.1, content=b"text"), Figures) == Figures(ratio=0.1, content=b"text")
        for figures in (Figures(ratio=float("inf")), Figures(ratio=float("nan")), Figures(ratio=1, content=b"\xff")):
            with pytest.raises(RunStalled, match=r"runs in a process of its own: plain\.figures@1"):
                await runtime.ask(figures, Figures)


async def test_a_handler_in_a_process_cannot_ask_through_the_door() -> None:
    async with Runtime([asking]) as runtime:
        assert "genie.ask blocks its caller" in await reason_for(runtime, Question(), "asking")


async def test_inline_carries_payloads_through_json_too() -> None:
    async with Runtime([measuring, pid], executor=InlineExecutor()) as runtime:
        assert (await runtime.ask(Question(), Pid)).pid == os.getpid()
        with pytest.raises(RunStalled, match="dead_lettered"):
            await runtime.ask(Figures(ratio=float("inf")), Figures)


def test_a_function_that_another_process_would_not_find_is_refused() -> None:
    def impostor(question: Question) -> Answer:
        return Answer()

    impostor.__module__, impostor.__qualname__ = "tests.genie.plain_for_tests", "printer"
    lost: Any = agent("lost", executor="process")(impostor)
    with pytest.raises(AgentDefinitionError, match="printer is another function"):
        address_of("lost", lost.function)
    impostor.__qualname__ = "nobody"
    with pytest.raises(AgentDefinitionError, match="cannot be found in another process"):
        address_of("lost", impostor)
