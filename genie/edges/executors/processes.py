"""``executor: process``: a plain function in a process of its own, for work that computes.

Payloads travel as JSON and are validated on both sides. A cancelled call's process is killed; the next call starts a
new one, which takes about as long as importing the agent's module into a fresh interpreter.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import anyio
from anyio.streams.buffered import BufferedByteReceiveStream

from genie.backend.asyncio_trio import waiter_factory
from genie.contracts.message import topic_of
from genie.edges.executors.codec import LENGTH, ParcelError, framed, name_of, opened, packed, unpacked
from genie.errors import RelayedError, TransferError, WrongOutputError

if TYPE_CHECKING:
    from anyio.abc import ByteSendStream, Process

    from genie.backend.asyncio_trio import Waiter
    from genie.contracts.message import Payload
    from genie.contracts.signature import Signature

MAX_BYTES = 16 << 20
"""Most bytes of JSON that one output may have, and one input."""
_HEADER_BYTES = 64 << 10
_PROGRAM = "import json, sys; sys.path[:] = json.loads(sys.argv.pop()); from genie.edges.executors.worker import serve; serve()"
_GONE = (anyio.EndOfStream, anyio.IncompleteRead, anyio.ClosedResourceError, anyio.BrokenResourceError, OSError)

_logger = logging.getLogger("genie.executors")


class WorkerProcessDied(RuntimeError):  # noqa: N818 - what a failed delivery is named by
    """The process that ran a handler ended in the middle of it: killed, out of memory, or crashed."""


class _Failed(Exception):  # noqa: N818 - only ever raised as a subclass that bears the remote class's name
    """A handler in another process raised."""


_GRACE_S = 1.0
"""Between a process's last word and its end."""


class _Worker:
    """One process, idle or with one call."""

    def __init__(self, process: Process, requests: ByteSendStream, replies: BufferedByteReceiveStream) -> None:
        self._process = process
        self._requests = requests
        self._replies = replies

    @classmethod
    async def started(cls) -> _Worker:
        """Start a process."""
        with anyio.CancelScope(shield=True):  # a start cut in half would leave a process that nobody knows
            process = await anyio.open_process([sys.executable, "-c", _PROGRAM, _import_path()], stderr=None)
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 - both are pipes
        return cls(process, process.stdin, BufferedByteReceiveStream(process.stdout))

    @property
    def alive(self) -> bool:
        """True unless the process has ended, as far as is known."""
        return self._process.returncode is None

    async def ask(self, parcel: bytes, most: int) -> bytes:
        """Send one parcel and return the reply to it.

        Raises:
            WorkerProcessDied: The process ended before it had replied.
            ParcelError: The reply is larger than ``most`` bytes.
        """
        try:
            await self._requests.send(parcel)
            (length,) = LENGTH.unpack(await self._replies.receive_exactly(LENGTH.size))
            if length > most:
                raise ParcelError(f"its reply has {length:,} bytes, more than the {most:,} allowed")
            return await self._replies.receive_exactly(length)
        except _GONE:
            raise WorkerProcessDied from None

    async def end(self, *, ended: bool = False) -> int:
        """Kill the process, whatever it does, and return its exit code.

        Args:
            ended: It has closed its pipes, so it has most likely ended. Then its exit code is waited for a moment: to
                kill what has ended is to lose its code, which asyncio learns later than the pipes' end.
        """
        with anyio.CancelScope(shield=True):
            if ended:
                with anyio.move_on_after(_GRACE_S):
                    await self._process.wait()
            if self._process.returncode is None:
                with suppress(ProcessLookupError):  # it was quicker
                    self._process.kill()
            code = await self._process.wait()
            await self._process.aclose()
        return code


class Processes:
    """Worker processes of one runtime, started when they are needed and shared by its agents.

    Args:
        most: Processes at a time, from 1; by default as many as there are cores for this process.
        max_bytes: Most bytes of JSON of one input, and of one output.
    """

    def __init__(self, most: int | None = None, max_bytes: int = MAX_BYTES) -> None:
        self.max_bytes = max_bytes
        self._room = _cores() if most is None else most
        self._idle: list[_Worker] = []
        self._waiting: deque[Waiter] = deque()
        self._closed = False

    async def call(self, parcel: bytes) -> bytes:
        """Send a parcel to a process that is free, starting one if there may be more; return the reply.

        Cancelled: the process is killed.
        """
        await self._turn()
        worker: _Worker | None = None
        try:
            worker = await self._free()
            reply = await worker.ask(parcel, self.max_bytes + _HEADER_BYTES)
        except BaseException as error:  # a cancelled call ends its worker too, then goes on
            if worker is not None:
                died = isinstance(error, WorkerProcessDied)
                code = await worker.end(ended=died)
                if died:
                    _logger.warning("a worker process ended with code %d in the middle of a call", code)
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
        """End every idle process; those at work are ended by the calls that wait for them."""
        self._closed = True
        while self._idle:
            await self._idle.pop().end()

    async def _free(self) -> _Worker:
        while self._idle:
            worker = self._idle.pop()
            if worker.alive:
                return worker
            await worker.end()  # it died with nothing to do; no delivery is to blame
        return await _Worker.started()

    async def _turn(self) -> None:
        if self._room:
            self._room -= 1
            return
        waiter = waiter_factory()()
        self._waiting.append(waiter)
        try:
            while waiter in self._waiting:
                await waiter.park()
        except BaseException:  # a cancelled wait gives its turn away, then goes on
            if waiter in self._waiting:
                self._waiting.remove(waiter)
            else:
                self._next()  # it was its turn and it was cancelled at once
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
        signature: What it takes and gives.
        processes: Where it runs.
    """

    abandoned = 0
    """A process is killed, so none is ever abandoned."""

    def __init__(self, agent: str, address: str, signature: Signature, processes: Processes) -> None:
        self._agent = agent
        self._address = address
        self._produces = {name_of(kind): kind for kind in signature.produces}
        self._processes = processes

    async def call(self, payload: Payload) -> object:
        """Call the function in another process.

        Raises:
            TransferError: The payload or the output cannot be carried: too large, or JSON does not hold it.
            WrongOutputError: The output is no declared payload.
            WorkerProcessDied: The process ended in the middle of it.

        Cancelled: the process is killed.
        """
        limit = self._processes.max_bytes
        try:
            content = packed(payload)
            if len(content) > limit:
                raise ParcelError(f"its input has {len(content):,} bytes, more than the {limit:,} allowed")
            header = {"handler": self._address, "topic": name_of(type(payload)), "max_bytes": limit}
            reply = await self._processes.call(framed(header, (content,)))
            return self._output(*opened(reply))
        except ParcelError as error:
            raise TransferError(agent=self._agent, problem=str(error)) from None

    def close(self) -> None:
        """The processes are shared; their runtime ends them."""

    def _output(self, header: dict[str, Any], contents: list[bytes]) -> object:
        match header.get("end"):
            case "parcel":
                raise TransferError(agent=self._agent, problem=str(header.get("text")))
            case "genie":
                raise RelayedError(agent=self._agent, name=str(header.get("name")), text=str(header.get("text")))
            case "error":
                _logger.warning("agent %s failed in its process at %s", self._agent, _word(header.get("place")))
                raise type(_word(header.get("name")), (_Failed,), {})
            case "wrong":
                declared = tuple(topic_of(kind).name for kind in self._produces.values())
                raise WrongOutputError(agent=self._agent, got=_word(header.get("name")), declared=declared)
            case _:
                pass
        kinds = [self._produces.get(topic) for topic in header.get("topics", ())]
        outputs = tuple(unpacked(kind, one) for kind, one in zip(kinds, contents, strict=False) if kind is not None)
        if len(outputs) != len(contents) or len(outputs) != len(kinds):
            raise ParcelError("its reply is of undeclared topics")
        if header.get("end") == "many":
            return outputs
        return outputs[0] if outputs else None


def _word(value: object) -> str:
    """Return a name from another process as an error may bear it."""
    text = str(value)
    return text if len(text) <= 200 and text.isprintable() else "Error"


def _import_path() -> str:
    """Return where this process finds modules, so that another finds the same ones."""
    return json.dumps([os.path.abspath(part or ".") for part in sys.path])  # noqa: PTH100 - links stay links


def _cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1
