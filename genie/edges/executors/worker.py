"""What runs in a worker process: it takes a payload, calls a plain function by module and name, and gives its output.

It reads from its standard input and writes to what was its standard output; what the function prints goes to standard
error. It ends when its input ends, so no worker outlives its runtime, whatever the function does meanwhile.
"""

from __future__ import annotations

import importlib
import os
import queue
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any, BinaryIO

from genie.contracts.agent import FunctionAgent
from genie.contracts.context import Context
from genie.contracts.signature import IN_HANDLER, Signature, read_signature
from genie.edges.executors.codec import LENGTH, ParcelError, framed, name_of, opened, packed, unpacked
from genie.errors import GenieError

if TYPE_CHECKING:
    from collections.abc import Callable

    from genie.contracts.message import Payload

Handler = tuple["Callable[[Any], object]", Signature]


def handler_at(address: str) -> Handler:
    """Return the plain function at ``module:function``, and its contract.

    Raises:
        ParcelError: There is none.
    """
    module, _, name = address.partition(":")
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ParcelError(f"{address} cannot be found in another process ({type(error).__name__})") from None
    if isinstance(found, FunctionAgent):
        return found.function, found.signature
    return found, read_signature(found, method=False, names={}, context=Context, executor="process")


def serve() -> None:
    """Answer one parcel after the other until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; the parent decides
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    parcels: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(sys.stdin.buffer, parcels), daemon=True).start()
    IN_HANDLER.set(True)
    known: dict[str, Handler] = {}
    while True:
        replies.write(_reply(parcels.get(), known))
        replies.flush()


def _receive(source: BinaryIO, parcels: queue.SimpleQueue[bytes]) -> None:
    while True:
        length = source.read(LENGTH.size)
        if len(length) < LENGTH.size:
            os._exit(0)  # the parent is gone; the function may be in the middle of something
        parcels.put(source.read(LENGTH.unpack(length)[0]))


def _reply(parcel: bytes, known: dict[str, Handler]) -> bytes:
    """Return what became of one call; a failure is named by its class and place, never by its text."""
    try:
        header, contents = opened(parcel)
        address = header["handler"]
        if address not in known:
            known[address] = handler_at(address)
        function, signature = known[address]
        return _called(function, signature, header, contents)
    except ParcelError as error:
        return framed({"end": "parcel", "text": str(error)}, ())
    except GenieError as error:
        return framed({"end": "genie", "name": type(error).__name__, "text": str(error)[:1000]}, ())
    except BaseException as error:  # noqa: BLE001 - the boundary: a failure is contained to its delivery
        return framed({"end": "error", "name": type(error).__name__, "place": _place(error)}, ())


def _called(
    function: Callable[[Any], object], signature: Signature, header: dict[str, Any], contents: list[bytes]
) -> bytes:
    kind = next((kind for kind in signature.consumes if name_of(kind) == header["topic"]), None)
    if kind is None:
        raise ParcelError(f"the function found there does not take {header['topic']}")
    output = function(unpacked(kind, contents[0]))
    outputs: tuple[Any, ...] = output if isinstance(output, tuple) else () if output is None else (output,)
    for part in outputs:
        if type(part) not in signature.produces:
            return framed({"end": "wrong", "name": type(part).__name__}, ())
    payloads: list[Payload] = list(outputs)
    parcels = [packed(payload) for payload in payloads]
    size, limit = sum(map(len, parcels)), header["max_bytes"]
    if size > limit:
        raise ParcelError(f"its output has {size:,} bytes, more than the {limit:,} allowed")
    shape = "many" if isinstance(output, tuple) else "none" if output is None else "one"
    return framed({"end": shape, "topics": [name_of(type(payload)) for payload in payloads]}, parcels)


def _place(error: BaseException) -> str:
    traceback, place = error.__traceback__, ""
    while traceback is not None:
        place = f"{traceback.tb_frame.f_globals.get('__name__', '?')}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return place
