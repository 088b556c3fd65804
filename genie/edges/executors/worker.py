"""The program of a worker process: it decodes a payload, calls a plain function by module and name, and replies.

Requests arrive on standard input; replies leave on what was standard output. What the function prints goes to standard
error. The worker ends when its input ends, together with every process that a function has started in its group, so
nothing outlives the runtime.
"""

from __future__ import annotations

import importlib
import os
import queue
import signal
import sys
import threading
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO

from genie.contracts.agent import FunctionAgent
from genie.contracts.context import Context
from genie.contracts.signature import IN_HANDLER, Signature, read_signature
from genie.edges.executors.codec import LENGTH, CodecError, decode, decode_frame, encode, encode_frame, name_of
from genie.errors import GenieError, class_name, kind_name
from genie.errors.tracebacks import traceback_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from genie.contracts.message import Payload

LONGEST_TRACEBACK = 10_000
"""Maximum characters of a traceback that are sent; with six bytes each in JSON they fit into a header."""
Handler = tuple["Callable[[Any], object]", Signature]


def handler_at(address: str) -> Handler:
    """Return the plain function at ``module:function``, and its signature.

    Raises:
        CodecError: No function is there.
    """
    module, _, name = address.partition(":")
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise CodecError(f"{address} cannot be found in another process ({type(error).__name__})") from None
    if isinstance(found, FunctionAgent):
        return found.function, found.signature
    return found, read_signature(found, method=False, names={}, context=Context, executor="process")


def serve(memory_bytes: int | None) -> None:
    """Answer requests one by one until the input ends.

    Args:
        memory_bytes: Limit of the address space; an allocation beyond it raises ``MemoryError``.
    """
    if memory_bytes is not None:
        import resource  # noqa: PLC0415 - POSIX alone, and only where a limit is set

        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    # A forked child must not keep the pipe open: the parent would wait for a reply after the worker's death.
    os.register_at_fork(after_in_child=partial(os.close, replies.fileno()))
    requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(sys.stdin.buffer, requests), daemon=True).start()
    IN_HANDLER.set(True)
    surroundings = _Surroundings()
    known: dict[str, Handler] = {}
    while True:
        replies.write(_reply(requests.get(), known))
        replies.flush()
        surroundings.restore()


class _Surroundings:
    """The environment and working directory at the start; changes by an earlier call are undone."""

    def __init__(self) -> None:
        self._environ = dict(os.environ)
        self._folder = os.open(".", os.O_RDONLY)

    def restore(self) -> None:
        if dict(os.environ) != self._environ:
            os.environ.clear()
            os.environ.update(self._environ)
        os.fchdir(self._folder)


def _receive(source: BinaryIO, requests: queue.SimpleQueue[bytes]) -> None:
    """Read requests in a thread, so that the end of the input is noticed while a function runs."""
    try:
        while len(length := source.read(LENGTH.size)) == LENGTH.size:
            requests.put(source.read(LENGTH.unpack(length)[0]))
    finally:  # the parent is gone, or a request does not fit into memory
        os.killpg(0, signal.SIGKILL)


def _reply(frame: bytes, known: dict[str, Handler]) -> bytes:
    """Return the outcome of one call; a failure is named by its class and place, by its text only for developers."""
    header: dict[str, Any] = {}
    try:
        header, contents = decode_frame(frame)
        address = header["handler"]
        if address not in known:
            known[address] = handler_at(address)
        function, signature = known[address]
        return _called(function, signature, header, contents)
    except CodecError as error:
        return encode_frame({"end": "codec", "text": str(error)}, ())
    except GenieError as error:
        return encode_frame({"end": "genie", "name": class_name(error), "text": str(error)[:1000]}, ())
    except BaseException as error:  # noqa: BLE001 - the boundary: a failure is contained to its delivery
        shown = {"traceback": traceback_of(error)[:LONGEST_TRACEBACK]} if header.get("debug") else {}
        return encode_frame({"end": "error", "name": class_name(error), "place": _place(error), **shown}, ())


def _called(
    function: Callable[[Any], object], signature: Signature, header: dict[str, Any], contents: list[bytes]
) -> bytes:
    kind = next((kind for kind in signature.consumes if name_of(kind) == header["topic"]), None)
    if kind is None:
        raise CodecError(f"the function there does not take {header['topic']}")
    output = function(decode(kind, contents[0]))
    outputs: tuple[Any, ...] = output if isinstance(output, tuple) else () if output is None else (output,)
    for part in outputs:
        if type(part) not in signature.produces:
            return encode_frame({"end": "wrong", "name": kind_name(type(part))}, ())
    payloads: list[Payload] = list(outputs)
    encoded = [encode(payload) for payload in payloads]
    size, limit = sum(map(len, encoded)), header["max_bytes"]
    if size > limit:
        raise CodecError(f"its output has {size:,} bytes, more than the {limit:,} allowed")
    shape = "many" if isinstance(output, tuple) else "none" if output is None else "one"
    return encode_frame({"end": shape, "topics": [name_of(type(payload)) for payload in payloads]}, encoded)


def _place(error: BaseException) -> str:
    traceback, place = error.__traceback__, ""
    while traceback is not None:
        place = f"{traceback.tb_frame.f_globals.get('__name__', '?')}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return place
