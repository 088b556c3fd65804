"""The blocking API: one question and its answer, for scripts and notebooks."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

import anyio

from genie.backend.asyncio_trio import threadsafe
from genie.contracts.message import Payload
from genie.contracts.signature import IN_HANDLER
from genie.errors import InputError, SyncAskInHandlerError
from genie.runtime.runtime import Runtime

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Sequence
    from os import PathLike

    from genie.config.pipeline import Pipeline
    from genie.contracts.agent import Agent, Binding
    from genie.contracts.card import Caller
    from genie.policy.policy import Policy, PolicySet

    Asked = Pipeline | str | PathLike[str] | Iterable[Agent | Binding]

T = TypeVar("T", bound=Payload)

_GLANCE_S = 0.2
"""Poll interval of a waiting caller, in seconds: a lock misses a Ctrl-C that comes just before it blocks."""


@overload
def ask(
    asked: Asked,
    payload: Payload | None,
    answer: type[T],
    *,
    to: str | None = None,
    within_s: float | None = None,
    caller: Caller | None = None,
    policies: PolicySet | Iterable[Policy] | None = None,
    notices: list[str] | None = None,
    question: str | None = None,
    input: str | PathLike[str] | Sequence[str | PathLike[str]] | None = None,
    profile: str | PathLike[str] | None = None,
    backend: Literal["asyncio", "trio"] = "asyncio",
) -> T: ...
@overload
def ask(
    asked: Asked,
    payload: Payload | None = None,
    answer: None = None,
    *,
    to: str | None = None,
    within_s: float | None = None,
    caller: Caller | None = None,
    policies: PolicySet | Iterable[Policy] | None = None,
    notices: list[str] | None = None,
    question: str | None = None,
    input: str | PathLike[str] | Sequence[str | PathLike[str]] | None = None,
    profile: str | PathLike[str] | None = None,
    backend: Literal["asyncio", "trio"] = "asyncio",
) -> Payload: ...
def ask(  # noqa: PLR0913 - keyword-only but for the first three, each with a default
    asked: Asked,
    payload: Payload | None = None,
    answer: type[Payload] | None = None,
    *,
    to: str | None = None,
    within_s: float | None = None,
    caller: Caller | None = None,
    policies: PolicySet | Iterable[Policy] | None = None,
    notices: list[str] | None = None,
    question: str | None = None,
    input: str | PathLike[str] | Sequence[str | PathLike[str]] | None = None,  # noqa: A002 - the command's own word
    profile: str | PathLike[str] | None = None,
    backend: Literal["asyncio", "trio"] = "asyncio",
) -> Payload:
    """Ask one question and block until it is answered.

    A separate runtime is opened in a separate thread, so this also works inside a running loop, as in a notebook; that
    loop is blocked meanwhile. Ctrl-C cancels the run at any point.

    Args:
        asked: A pipeline file, a loaded pipeline, or agents.
        payload: The question; for a pipeline, by default the one that its ``input:`` section fills.
        question: For a pipeline, the text of the question, as ``--question`` of the command.
        input: For a pipeline, its input file or files, as ``--input``.
        profile: For a pipeline, the file that describes how to read the inputs, as ``--profile``.
        answer: Class of the answer; for a pipeline, its ``output`` by default.
        to: One agent.
        within_s: Deadline of everything the question causes, in seconds; for a pipeline, its own by default.
        caller: The caller.
        policies: The policies that judge every delivery, if ``asked`` are agents; a pipeline has its own.
        notices: A list that receives the notices to show with the answer; without it an answer that has notices is
            denied.
        backend: The event loop.

    Raises:
        SyncAskInHandlerError: This is called inside a handler, which would block everybody.
        InputError: The payload, the answer's class or the policies are missing, or given twice.
        ConfigError: The pipeline file cannot be run.
        RunStalled, RunHeld, RunExpiredError: As ``Runtime.ask``; the runtime is closed, so a hold is not waited for.
    """
    if IN_HANDLER.get():
        raise SyncAskInHandlerError
    runtime: Runtime
    if isinstance(asked, (str, os.PathLike)) or not hasattr(asked, "__iter__"):
        pipeline = _pipeline(asked)
        if policies is not None:
            raise InputError("policies", "belong in the pipeline itself", "change them there")
        filled = (question, input, profile) != (None, None, None)
        if payload is not None and filled:
            raise InputError(
                "payload", "cannot be combined with question, input or profile", "give either the payload or the others"
            )
        if payload is None:
            payload = pipeline.input.question(
                question=question, input_file=_paths(input), profile=None if profile is None else os.fspath(profile)
            )
        answer = pipeline.answer if answer is None else answer
        within_s = pipeline.within_s if within_s is None else within_s
        runtime = Runtime.from_pipeline(pipeline)
    else:
        if (question, input, profile) != (None, None, None):
            raise InputError("question, input and profile", "fill the question of a pipeline", "pass a payload")
        if payload is None or answer is None:
            missing = "payload" if payload is None else "answer"
            raise InputError(missing, "is not given", "only a pipeline has a default")
        runtime = Runtime(asked, policies=policies)
    asked_with, kind = payload, answer

    async def asking() -> Payload:
        async with runtime:
            return await runtime.ask(asked_with, kind, to=to, within_s=within_s, caller=caller, notices=notices)

    return _blocking(asking, backend)


def _paths(given: str | PathLike[str] | Sequence[str | PathLike[str]] | None) -> tuple[str, ...]:
    if given is None:
        return ()
    return (os.fspath(given),) if isinstance(given, (str, os.PathLike)) else tuple(os.fspath(one) for one in given)


def _pipeline(asked: Any) -> Pipeline:
    from genie.config.loader import load  # noqa: PLC0415 - YAML is loaded only by those who use it
    from genie.config.pipeline import Pipeline  # noqa: PLC0415 - as above

    return asked if isinstance(asked, Pipeline) else load(asked)


def _blocking(asking: Callable[[], Coroutine[Any, Any, Payload]], backend: str) -> Payload:
    """Run a coroutine in a thread with its own loop and wait for it; an interrupt cancels it."""
    call = _Call(asking)
    thread = threading.Thread(target=call.run, args=(backend,), name="genie.ask", daemon=True)
    try:
        thread.start()
        call.wait()
    except BaseException:  # Ctrl-C; a second one, during the wait below, abandons the thread
        call.cancel()
        if thread.ident is not None:  # otherwise it has not begun, and will be cancelled at its start
            call.wait()
        raise
    thread.join()
    try:
        return call.result()
    finally:
        del call  # otherwise a raised exception would keep its own frame alive


class _Call:
    """One coroutine that runs in another thread."""

    def __init__(self, asking: Callable[[], Coroutine[Any, Any, Payload]]) -> None:
        self._asking = asking
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._stop: Callable[[], object] | None = None
        self._cancelled = False
        self._answer: Payload | None = None
        self._error: BaseException | None = None

    def run(self, backend: str) -> None:
        """Run it; in the other thread."""
        try:
            anyio.run(self._main, backend=backend)
        except BaseException as error:  # noqa: BLE001 - raised where the caller waits
            self._error = error
        finally:
            self._over.set()

    async def _main(self) -> None:
        soon = threadsafe()
        with anyio.CancelScope() as scope:
            with self._lock:
                self._stop = lambda: soon(scope.cancel)
                if self._cancelled:
                    scope.cancel()
            self._answer = await self._asking()

    def cancel(self) -> None:
        """Cancel it from the waiting thread, even before it has begun."""
        with self._lock:
            self._cancelled = True
            if self._stop is not None:
                with suppress(RuntimeError):  # its loop is closed: it has just ended
                    self._stop()

    def wait(self) -> None:
        """Block until it has ended."""
        while not self._over.wait(_GLANCE_S):
            pass

    def result(self) -> Payload:
        """Return the result, or raise the exception of the coroutine."""
        if self._error is not None:
            raise self._error
        if self._answer is None:
            raise RuntimeError("the run was cancelled for an unknown reason")
        return self._answer
