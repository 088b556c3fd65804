"""The synchronous door: it blocks, it answers, it refuses to block a handler, and Ctrl-C gets through."""

from __future__ import annotations

import _thread
import signal
import threading
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest

import genie
from genie.config.loader import load
from genie.contracts.agent import agent
from genie.contracts.card import Caller
from genie.contracts.classification import Classification
from genie.contracts.context import Context
from genie.errors import ConfigError, InputError, RunExpiredError, RunHeld, RunStalled, SyncAskInHandlerError
from genie.runtime.runtime import Runtime
from tests.genie.policies_for_tests import Answer, Opinion, Question, holding

ROOT = Path(__file__).parents[3]
ANALYSIS = ROOT / "config" / "pipelines" / "analysis.yaml"
BACKENDS = pytest.mark.parametrize("backend", ["asyncio", "trio"])


@agent("echo")
async def echo(question: Question, context: Context) -> Answer:
    return Answer(text=f"{question.text} {context.headers.user} {threading.current_thread().name}")


@BACKENDS
def test_it_answers_from_a_thread_of_its_own(backend: Any) -> None:
    answer = genie.ask([echo], Question(text="hi"), Answer, backend=backend, caller=Caller(user="ann"))
    assert answer == Answer(text="hi ann genie.ask")
    assert "genie.ask" not in {thread.name for thread in threading.enumerate()}


@BACKENDS
def test_it_works_where_a_loop_runs(backend: Any) -> None:
    async def main() -> Answer:
        return genie.ask([echo], Question(text="in"), Answer)

    assert anyio.run(main, backend=backend).text.startswith("in ")


@BACKENDS
def test_errors_are_those_of_the_runtime(backend: Any) -> None:
    @agent("endless")
    async def endless(question: Question) -> Answer:
        await anyio.sleep_forever()
        return Answer()

    with pytest.raises(RunStalled):
        genie.ask([echo], Question(), Opinion, backend=backend)
    with pytest.raises(RunExpiredError):
        genie.ask([endless], Question(), Answer, within_s=0.01, backend=backend)
    with pytest.raises(RunHeld):
        genie.ask([echo], Question(), Answer, policies=holding("echo", Question), backend=backend)


def test_a_pipeline_brings_its_question_and_its_answer() -> None:
    pipeline = load(ANALYSIS)
    from_file = genie.ask(str(ANALYSIS))
    assert type(from_file) is pipeline.answer
    assert genie.ask(pipeline, pipeline.input.question(), pipeline.answer) == from_file


def test_an_answer_is_judged_for_the_caller() -> None:
    with pytest.raises(RunStalled, match="denied"):
        genie.ask(ANALYSIS, caller=Caller(clearance=Classification.PUBLIC))


def test_what_is_missing_or_given_twice_is_said(tmp_path: Path) -> None:
    anything: Any = genie.ask
    with pytest.raises(InputError, match="answer: is not given"):
        anything([echo], Question())
    with pytest.raises(InputError, match="payload: is not given"):
        anything([echo], None, Answer)
    with pytest.raises(InputError, match="belong in the pipeline"):
        anything(ANALYSIS, policies=holding("echo", Question))
    with pytest.raises((ConfigError, InputError), match="nowhere"):
        genie.ask(tmp_path / "nowhere.yaml")


@pytest.mark.anyio
async def test_a_handler_may_not_use_it_wherever_it_runs() -> None:
    refused: list[str] = []

    def try_it() -> None:
        try:
            genie.ask([echo], Question(), Answer)
        except SyncAskInHandlerError:
            refused.append(threading.current_thread().name)

    @agent("on_the_loop")
    async def on_the_loop(question: Question) -> Answer:
        try_it()
        await anyio.to_thread.run_sync(try_it)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: anyio.to_thread.run_sync(try_it))
        return Answer()

    @agent("in_a_thread", executor="thread")
    def in_a_thread(question: Question) -> Answer:
        try_it()
        return Answer()

    async with Runtime([on_the_loop, in_a_thread]) as runtime:
        await runtime.ask(Question(), Answer, to="on_the_loop")
        await runtime.ask(Question(), Answer, to="in_a_thread")
    assert len(refused) == 4
    assert refused[-1] == "genie in_a_thread 1"


@BACKENDS
@pytest.mark.parametrize("felt", [True, False])
def test_an_interrupt_cancels_the_run(backend: Any, felt: bool) -> None:
    """A signal that comes just before the caller blocks wakes no lock, as `interrupt_main` does not."""
    ended: list[str] = []
    main = threading.main_thread().ident

    @agent("endless")
    async def endless(question: Question) -> Answer:
        assert main is not None
        if felt:
            signal.pthread_kill(main, signal.SIGINT)
        else:
            _thread.interrupt_main()
        try:
            await anyio.sleep_forever()
        finally:
            ended.append("cancelled")
        return Answer()

    with pytest.raises(KeyboardInterrupt):
        genie.ask([endless], Question(), Answer, backend=backend)
    assert ended == ["cancelled"]
