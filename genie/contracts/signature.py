"""A handler's annotations as a contract, and where such a handler can run."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import AsyncIterator, Callable, Mapping
from contextvars import ContextVar
from typing import Literal, NamedTuple, Union, get_args, get_origin

from genie.contracts.message import Payload
from genie.errors import AgentDefinitionError, class_name, shown_type

IN_HANDLER: ContextVar[bool] = ContextVar("genie_in_handler", default=False)
"""True inside every handler, wherever it runs."""

ExecutorName = Literal["loop", "thread", "process"]
"""Where a handler runs: on the event loop, in a thread, or in a separate process."""


class Signature(NamedTuple):
    """The contract of a handler, from its annotations."""

    consumes: tuple[type[Payload], ...]
    produces: tuple[type[Payload], ...]
    takes_context: bool
    streams: bool
    """The handler is an async generator."""
    certain: bool
    """The handler always returns exactly one payload of one class, or always nothing."""
    plain: bool = False
    """The handler is a plain ``def``, which would block the loop."""


def _payload_classes(annotation: object, where: str) -> tuple[type[Payload], ...]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation is None or annotation is type(None):
        return ()
    if origin in {Union, types.UnionType, tuple} or (
        isinstance(origin, type) and issubclass(origin, typing.cast("type", AsyncIterator))
    ):
        found = [c for part in arguments if part is not Ellipsis for c in _payload_classes(part, where)]
        return tuple(dict.fromkeys(found))
    if isinstance(annotation, type) and issubclass(annotation, Payload) and annotation is not Payload:
        return (annotation,)
    shown = getattr(annotation, "__name__", str(annotation))
    raise AgentDefinitionError(where, f"{shown} is not a Payload class; a handler takes and gives payloads")


def read_signature(
    function: Callable[..., object],
    *,
    method: bool,
    names: Mapping[str, object],
    context: type,
    executor: ExecutorName = "loop",
) -> Signature:
    """Return the contract of a handler, from its annotations.

    Args:
        function: The handler.
        method: Its first parameter is ``self``.
        names: Additional names for quoted annotations, after those of the function's module.
        context: Class of its second parameter.
        executor: Where it should run; a plain function never runs on the loop.

    Raises:
        AgentDefinitionError: Parameters or annotations do not form a contract.
    """
    if not inspect.isfunction(function):
        raise AgentDefinitionError("agent", f"decorates `async def` functions, not {shown_type(function)}")
    where = f"handler {function.__qualname__}"
    streams = inspect.isasyncgenfunction(function)
    plain = not streams and not inspect.iscoroutinefunction(function)
    if plain and executor == "loop":
        raise AgentDefinitionError(
            where, "must be `async def`; a plain function that takes a payload alone may have executor='thread'"
        )
    if executor != "loop" and (not plain or inspect.isgeneratorfunction(function)):
        raise AgentDefinitionError(where, f"must be a plain `def` for executor={executor!r}; remove `async` or `yield`")
    try:
        hints = typing.get_type_hints(function, localns=dict(names))
    except Exception as error:  # noqa: BLE001 - an annotation in quotes is an expression of the author's own
        why = str(error) if isinstance(error, NameError) else class_name(error)
        raise AgentDefinitionError(where, f"annotation cannot be resolved: {why}") from None
    parameters = list(inspect.signature(function).parameters.values())[1 if method else 0 :]
    required = [
        p for p in parameters if p.default is p.empty and p.kind in {p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD}
    ]
    if not 1 <= len(parameters) <= 2 or len(required) != len(parameters):
        raise AgentDefinitionError(where, "must take one payload, and may take a Context after it")
    if plain and len(parameters) > 1:
        raise AgentDefinitionError(where, f"takes a payload alone for executor={executor!r}; a Context needs the loop")
    first = parameters[0].name
    if first not in hints:
        raise AgentDefinitionError(where, f"parameter {first!r} has no annotation; its Payload class is the topic")
    if "return" not in hints:
        write = "`-> AsyncIterator[...]` with what it yields" if streams else "`-> None` if it returns nothing"
        raise AgentDefinitionError(where, f"has no return annotation; write {write}")
    takes_context = len(parameters) == 2
    if takes_context and hints.get(parameters[1].name) is not context:
        raise AgentDefinitionError(where, f"parameter {parameters[1].name!r} must be annotated `Context`")
    produces = _payload_classes(hints["return"], where)
    certain = not produces or hints["return"] in produces
    return Signature(_payload_classes(hints[first], where), produces, takes_context, streams, certain, plain)


_NEED_CONTEXT = ("publishes", "asks", "settings", "ports")
"""Card fields that have no use for a handler without a context."""


def unfit(function: Callable[..., object], signature: Signature, executor: str, card: object) -> str | None:
    """Explain why a handler cannot run on an executor, with the remedy; None if it can.

    Args:
        function: The handler.
        signature: Its contract.
        executor: Where it should run.
        card: Its ``AgentCard``, a class of a higher layer.
    """
    if executor not in get_args(ExecutorName):
        return f"executor is loop, thread or process, not {executor!r}"
    if executor == "loop":
        return (
            "is a plain function, which would block the loop; use executor thread or process"
            if signature.plain
            else None
        )
    if not signature.plain or signature.takes_context:
        return f"executor {executor} is for a plain `def` that takes a payload alone; this one runs on the loop"
    for name in _NEED_CONTEXT:
        if getattr(card, name):
            return f"executor {executor} gives its handler a payload alone, so {name} cannot be used; remove it"
    if executor == "process" and (function.__module__ == "__main__" or "." in function.__qualname__):
        name = f"{function.__module__}:{function.__qualname__}"
        return (
            f"executor process imports the function by module and name, and {name} cannot be imported; define it at "
            "the top level of a module other than the script"
        )
    return None
