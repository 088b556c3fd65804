"""``executor: process``: a plain function runs in a worker process, for work that computes.

Payloads travel as JSON and are validated on both sides. A cancelled call's worker is killed with its process group;
the next call starts a new one, which takes as long as importing the agent's module into a fresh interpreter.

``docs/decisions/008-own-worker-processes.md`` compares this with ``anyio.to_process`` and ``concurrent.futures``.
"""

from __future__ import annotations

import builtins
import json
import os
import signal
import sys
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import anyio
from anyio.streams.buffered import BufferedByteReceiveStream

from genie.backend.asyncio_trio import waiter_factory
from genie.contracts.message import topic_of
from genie.edges.executors.codec import LENGTH, CodecError, decode, decode_frame, encode, encode_frame, name_of
from genie.errors import RelayedError, TransferError, WrongOutputError
from genie.errors.logs import log

if TYPE_CHECKING:
    from anyio.abc import ByteSendStream, Process

    from genie.backend.asyncio_trio import Waiter
    from genie.contracts.message import Payload
    from genie.contracts.signature import Signature

MAX_BYTES = 16 << 20
"""Maximum size of the JSON of one output, and of one input, in bytes."""
_HEADER_BYTES = 64 << 10
_PROGRAM = (
    "import json, sys; sys.path[:], memory_bytes = json.loads(sys.argv.pop()); "
    "from genie.edges.executors.worker import serve; serve(memory_bytes)"
)
_GONE = (anyio.EndOfStream, anyio.IncompleteRead, anyio.ClosedResourceError, anyio.BrokenResourceError, OSError)


class WorkerProcessDied(RuntimeError):  # noqa: N818 - what a failed delivery is named by
    """The worker process ended during a call: it was killed, ran out of memory, or crashed."""


class HandlerFailed(Exception):  # noqa: N818 - what a failed delivery is named by
    """A handler in a worker process raised a class that is not built into Python, whose name may contain text."""


class _Remote:
    """Namespace of the classes that represent built-in exceptions of worker processes, by their names."""


def _raised(name: str) -> type[HandlerFailed]:
    """Return the class that represents an exception of a handler in a worker process."""
    made: type[HandlerFailed] | None = vars(_Remote).get(name)
    if made is not None:
        return made
    kind = getattr(builtins, name, None)
    if not (isinstance(kind, type) and issubclass(kind, BaseException)):
        return HandlerFailed
    made = type(name, (HandlerFailed,), {"__module__": __name__, "__qualname__": f"_Remote.{name}"})
    setattr(_Remote, name, made)
    return made


_GRACE_S = 1.0
"""Seconds between the end of a process's output and its exit."""


class _Worker:
    """One worker process; it serves one call at a time."""

    def __init__(self, process: Process, requests: ByteSendStream, replies: BufferedByteReceiveStream) -> None:
        self._process = process
        self._requests = requests
        self._replies = replies

    @classmethod
    async def started(cls, memory_bytes: int | None) -> _Worker:
        """Start a process in a new session: its group can be killed, and Ctrl-C does not reach it."""
        arguments = json.dumps([_import_path(), memory_bytes])
        with anyio.CancelScope(shield=True):  # a cancelled start would leave an orphan process
            process = await anyio.open_process(
                [sys.executable, "-c", _PROGRAM, arguments], stderr=None, start_new_session=True
            )
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 - both are pipes
        return cls(process, process.stdin, BufferedByteReceiveStream(process.stdout))

    @property
    def alive(self) -> bool:
        """False once the end of the process is known."""
        return self._process.returncode is None

    async def ask(self, request: bytes, most: int) -> bytes:
        """Send one request and return its reply.

        Raises:
            WorkerProcessDied: The process ended before its reply.
            CodecError: The reply is larger than ``most`` bytes.
        """
        try:
            await self._requests.send(request)
            (length,) = LENGTH.unpack(await self._replies.receive_exactly(LENGTH.size))
            if length > most:
                raise CodecError(f"its reply has {length:,} bytes, more than the {most:,} allowed")
            return await self._replies.receive_exactly(length)
        except _GONE:
            raise WorkerProcessDied from None

    async def end(self, *, ended: bool = False) -> int:
        """Kill the process and its process group, and return its exit code.

        Args:
            ended: The process has closed its pipes. Then wait a moment for its exit code, which asyncio learns later
                than the end of the pipes: killing it first would overwrite the code.
        """
        with anyio.CancelScope(shield=True):
            if ended:
                with anyio.move_on_after(_GRACE_S):
                    await self._process.wait()
            with suppress(ProcessLookupError):  # it has ended, and left no children
                os.killpg(self._process.pid, signal.SIGKILL)
            code = await self._process.wait()
            await self._process.aclose()
        return code


class Processes:
    """Worker processes of one runtime, started when they are needed and shared by its agents.

    Args:
        most: Processes at a time, from 1; the number of available cores by default.
        max_bytes: Limit of the JSON of one input, and of one output.
        memory_bytes: Limit of each process's address space; no limit by default.
        debug: Include tracebacks of failures, which may quote payloads.
    """

    def __init__(
        self, most: int | None = None, max_bytes: int = MAX_BYTES, memory_bytes: int | None = None, *,
        debug: bool = False,
    ) -> None:  # fmt: skip
        self.max_bytes = max_bytes
        self.debug = debug
        self._memory_bytes = memory_bytes
        self._room = _cores() if most is None else most
        self._idle: list[_Worker] = []
        self._waiting: deque[Waiter] = deque()
        self._closed = False

    async def call(self, request: bytes) -> bytes:
        """Send a request to an idle process, or to a new one if there is room; return the reply.

        Cancelled: the process is killed.
        """
        await self._turn()
        worker: _Worker | None = None
        try:
            worker = await self._free()
            reply = await worker.ask(request, self.max_bytes + _HEADER_BYTES)
        except BaseException as error:  # a cancelled call also ends its worker, then the cancellation is re-raised
            if worker is not None:
                died = isinstance(error, WorkerProcessDied)
                code = await worker.end(ended=died)
                if died:
                    text = f"a worker process ended with code {code} in the middle of a call"
                    log("genie.executors", "WARNING", text)
            raise
        else:
            if self._closed:
                await worker.end()
            else:
                self._idle.append(worker)
        finally:
            self._next()
        return reply

    async def close(self) -> None:
        """End every idle process; busy ones are ended by the calls that wait for them."""
        self._closed = True
        while self._idle:
            await self._idle.pop().end()

    async def _free(self) -> _Worker:
        while self._idle:
            worker = self._idle.pop()
            if worker.alive:
                return worker
            await worker.end()  # it died while idle; no delivery is the cause
        return await _Worker.started(self._memory_bytes)

    async def _turn(self) -> None:
        if self._room:
            self._room -= 1
            return
        waiter = waiter_factory()()
        self._waiting.append(waiter)
        try:
            while waiter in self._waiting:
                await waiter.park()
        except BaseException:  # a cancelled wait gives up its turn, then the cancellation is re-raised
            if waiter in self._waiting:
                self._waiting.remove(waiter)
            else:
                self._next()  # it got its turn and was cancelled at once
            raise

    def _next(self) -> None:
        if self._waiting:
            self._waiting.popleft().wake()
        else:
            self._room += 1


class ProcessJob:
    """One agent's plain function, called in another process by module and name.

    Args:
        agent: Its id, for errors.
        address: ``module:function``.
        signature: Its parameters and results.
        processes: The worker processes.
    """

    abandoned = 0
    """Always 0: a cancelled call's process is killed."""

    def __init__(self, agent: str, address: str, signature: Signature, processes: Processes) -> None:
        self._agent = agent
        self._address = address
        self._produces = {name_of(kind): kind for kind in signature.produces}
        self._processes = processes

    async def call(self, payload: Payload) -> object:
        """Call the function in another process.

        Raises:
            TransferError: The payload or the output is too large, or JSON cannot represent it.
            WrongOutputError: The output is not of a declared payload class.
            WorkerProcessDied: The process ended during the call.

        Cancelled: the process is killed.
        """
        limit = self._processes.max_bytes
        try:
            content = encode(payload)
            if len(content) > limit:
                raise CodecError(f"its input has {len(content):,} bytes, more than the {limit:,} allowed")
            header: dict[str, Any] = {"handler": self._address, "topic": name_of(type(payload)), "max_bytes": limit}
            if self._processes.debug:
                header["debug"] = True
            reply = await self._processes.call(encode_frame(header, (content,)))
            return self._output(*decode_frame(reply))
        except CodecError as error:
            raise TransferError(agent=self._agent, problem=str(error)) from None

    def close(self) -> None:
        """Do nothing: the runtime's agents share the processes, and the executor ends them."""

    def _output(self, header: dict[str, Any], contents: list[bytes]) -> object:
        match header.get("end"):
            case "codec":
                raise TransferError(agent=self._agent, problem=str(header.get("text")))
            case "genie":
                raise RelayedError(agent=self._agent, name=str(header.get("name")), text=str(header.get("text")))
            case "error":
                place = _word(header.get("place"))
                log("genie.executors", "WARNING", f"agent {self._agent} failed in its process at {place}")
                failure = _raised(str(header.get("name")))()
                if self._processes.debug:
                    failure.add_note(f"in its process:\n{header.get('traceback')}")
                raise failure
            case "wrong":
                declared = tuple(topic_of(kind).name for kind in self._produces.values())
                raise WrongOutputError(agent=self._agent, got=_word(header.get("name")), declared=declared)
            case _:
                pass
        kinds = [self._produces.get(topic) for topic in header.get("topics", ())]
        outputs = tuple(decode(kind, one) for kind, one in zip(kinds, contents, strict=False) if kind is not None)
        if len(outputs) != len(contents) or len(outputs) != len(kinds):
            raise CodecError("its reply is of undeclared topics")
        if header.get("end") == "many":
            return outputs
        return outputs[0] if outputs else None


def _word(value: object) -> str:
    """Return a name from another process, made safe for an error."""
    text = str(value)
    return text if len(text) <= 200 and text.isprintable() else "Error"


def _import_path() -> list[str]:
    """Return this process's import path in absolute form, so that a worker finds the same modules."""
    return [os.path.abspath(part or ".") for part in sys.path]  # noqa: PTH100 - links stay links


def _cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1
