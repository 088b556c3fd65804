"""What users write: agents, with their cards and the context that a handler receives.

An agent is a function whose annotations are its contract (``@agent``), a class with several ``@handles`` methods
(``Handlers``), or any object with a ``card`` and an async ``handle(message, context)``.
"""

from __future__ import annotations

import inspect
import sys
import typing
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Generic,
    Literal,
    ParamSpec,
    Protocol,
    TypeVar,
    Unpack,
    overload,
    runtime_checkable,
)

from pydantic import BaseModel

from genie.contracts.classification import Classification
from genie.contracts.gather import Need
from genie.contracts.message import Message, Payload, topic_of
from genie.contracts.signature import ExecutorName, Signature, read_signature, unfit
from genie.errors import AgentDefinitionError, shown_type

if TYPE_CHECKING:
    pass

from genie.contracts.card import AgentCard, CardOptions, make_card
from genie.contracts.context import Context

P = ParamSpec("P")
R_co = TypeVar("R_co", covariant=True)


@runtime_checkable
class Agent(Protocol):
    """Any object with a card that handles messages; ``open()`` and ``close()`` are called if it has them."""

    @property
    def card(self) -> AgentCard:
        """Its identity, and what it consumes and produces."""
        ...

    async def handle(self, message: Message[Any], context: Context) -> object:
        """Handle one message; return nothing, a payload, a tuple of payloads or an async iterator of them."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Binding:
    """An agent as one pipeline runs it: card with overrides, settings, and bound ports."""

    agent: Agent
    card: AgentCard
    settings: BaseModel | None = field(default=None, repr=False)
    """May contain values from the environment, so they do not appear in any text form."""
    ports: Mapping[type[Any], object] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Join:
    """Fan-in between agents that are independent of each other: parts of one run become one payload.

    The join of a run opens at its first part. It closes when ``need`` is met, when no missing part can still come, or
    after ``within_s``. Then ``into`` is published with the parts as its fields.
    """

    id: str
    into: type[Payload]
    parts: Mapping[str, type[Payload]]
    """Field of ``into`` -> payload class. A field annotated ``tuple[T, ...]`` takes one ``T`` from each producer."""
    need: Need = "all"
    within_s: float | None = None
    """Seconds from the first part; the run's deadline by default."""
    partial: Literal["publish", "fail"] = "fail"
    """If parts are missing: publish with those fields left at their defaults (None, an empty tuple), or end the last
    part's delivery as ``dead_lettered(join)`` and publish nothing."""
    clearance: Classification = Classification.RESTRICTED
    """Highest classification of a part; the published payload has the highest label of its parts."""


# --- the two ways to write one ---


def _described(card: AgentCard) -> str:
    """Describe an agent: its id, what it consumes and produces, risk and tier."""
    takes, gives = (", ".join(topic_of(kind).name for kind in kinds) for kinds in (card.consumes, card.produces))
    return f"{card.id!r}: {takes} -> {gives or 'nothing'}, risk {card.risk}, {card.tier}"


class FunctionAgent(Generic[P, R_co]):
    """An agent made of one function. Calling it calls the function, so a test needs no bus."""

    def __init__(self, function: Callable[P, R_co], card: AgentCard, signature: Signature) -> None:
        self.card = card
        self.function = function
        self.signature = signature
        self.__doc__ = function.__doc__
        self.__name__ = function.__name__
        self.__module__ = function.__module__

    def __repr__(self) -> str:
        return f"<agent {_described(self.card)}>"

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Call the plain function."""
        return self.function(*args, **kwargs)

    async def handle(self, message: Message[Any], context: Context) -> object:
        """Call the function with the payload, and with the context if it takes one."""
        function: Callable[..., Any] = self.function
        output = function(message.payload, context) if self.signature.takes_context else function(message.payload)
        return output if self.signature.streams or self.signature.plain else await output


_In = TypeVar("_In", bound=Payload)
_Out = TypeVar("_Out", bound=Payload | tuple[Payload, ...] | AsyncIterator[Payload] | None)
_Plain = TypeVar("_Plain", bound=Payload | tuple[Payload, ...] | None)
_Stream = TypeVar("_Stream", bound=Payload)
_Self_contra = TypeVar("_Self_contra", contravariant=True)


class AgentDecorator(Protocol):
    """What ``agent(...)`` returns; the overloads are the handler signatures that a type checker accepts."""

    @overload
    def __call__(self, function: Callable[[_In], Awaitable[_Out]]) -> FunctionAgent[[_In], Awaitable[_Out]]: ...
    @overload
    def __call__(
        self, function: Callable[[_In, Context], Awaitable[_Out]]
    ) -> FunctionAgent[[_In, Context], Awaitable[_Out]]: ...
    @overload
    def __call__(
        self, function: Callable[[_In], AsyncIterator[_Stream]]
    ) -> FunctionAgent[[_In], AsyncIterator[_Stream]]: ...
    @overload
    def __call__(
        self, function: Callable[[_In, Context], AsyncIterator[_Stream]]
    ) -> FunctionAgent[[_In, Context], AsyncIterator[_Stream]]: ...
    def __call__(self, function: Callable[..., Any]) -> FunctionAgent[..., Any]:
        """Make the function an agent."""
        ...


class PlainDecorator(Protocol):
    """What ``agent(..., executor="thread")`` returns; it accepts a plain function of one payload."""

    def __call__(self, function: Callable[[_In], _Plain]) -> FunctionAgent[[_In], _Plain]:
        """Make the function an agent."""
        ...


@overload
def agent(id: str, *, executor: Literal["loop"] = ..., **options: Unpack[CardOptions]) -> AgentDecorator: ...
@overload
def agent(id: str, *, executor: Literal["thread", "process"], **options: Unpack[CardOptions]) -> PlainDecorator: ...
def agent(id: str, *, executor: ExecutorName = "loop", **options: Unpack[CardOptions]) -> Any:  # noqa: A002 - the card's own word
    """Make a function an agent; its annotations are its contract.

    Args:
        id: Lower-case name, unique within a runtime.
        executor: ``thread`` or ``process`` for a plain ``def`` that takes only a payload; ``loop`` for all others.
        **options: Fields of ``AgentCard``.

    Raises:
        AgentDefinitionError: Annotations or options do not form a contract; raised when the function is defined.
    """
    if not isinstance(id, str):
        raise AgentDefinitionError("agent", f"id must be text, not {shown_type(id)}; write @agent('name')")
    if executor not in typing.get_args(ExecutorName):
        raise AgentDefinitionError(f"agent {id!r}", f"executor must be loop, thread or process, not {executor!r}")
    names = sys._getframe(1).f_locals  # noqa: SLF001 - payload classes defined beside the handler, in a function

    def decorate(function: Callable[..., Any]) -> FunctionAgent[..., Any]:
        signature = read_signature(function, method=False, names=names, context=Context, executor=executor)
        card = make_card(
            id, consumes=signature.consumes, produces=signature.produces, doc=function.__doc__, executor=executor,
            **options,
        )  # fmt: skip
        problem = unfit(function, signature, executor, card)
        if problem is not None:
            raise AgentDefinitionError(f"agent {id!r}", problem)
        return FunctionAgent(function, card, signature)

    return decorate


_HANDLES = "__genie_handles__"


class HandlesDecorator(Protocol):
    """The handler method signatures that a type checker accepts."""

    @overload
    def __call__(
        self, method: Callable[[_Self_contra, _In], Awaitable[_Out]]
    ) -> Callable[[_Self_contra, _In], Awaitable[_Out]]: ...
    @overload
    def __call__(
        self, method: Callable[[_Self_contra, _In, Context], Awaitable[_Out]]
    ) -> Callable[[_Self_contra, _In, Context], Awaitable[_Out]]: ...
    @overload
    def __call__(
        self, method: Callable[[_Self_contra, _In], AsyncIterator[_Stream]]
    ) -> Callable[[_Self_contra, _In], AsyncIterator[_Stream]]: ...
    @overload
    def __call__(
        self, method: Callable[[_Self_contra, _In, Context], AsyncIterator[_Stream]]
    ) -> Callable[[_Self_contra, _In, Context], AsyncIterator[_Stream]]: ...
    def __call__(self, method: Callable[..., Any]) -> Callable[..., Any]:
        """Mark the method."""
        ...


def _handles(method: Callable[..., Any]) -> Callable[..., Any]:
    setattr(method, _HANDLES, True)
    return method


handles: HandlesDecorator = typing.cast("HandlesDecorator", _handles)
"""Mark a method of a ``Handlers`` class as the handler of its payload's class."""


class Handlers:
    """An agent with state: a class whose ``@handles`` methods each take one payload class.

    Class keywords: ``id`` and the fields of ``AgentCard``. Override ``open`` and ``close`` to manage resources that
    live as long as the runtime. State kept on the object is outside labels and tenant isolation; keep per-run scratch
    in ``context.state``.

    Raises:
        AgentDefinitionError: No handler, two for one class, or annotations that do not form a contract.
    """

    card: AgentCard
    """Card of the class; an instance may have its own."""
    isolated: ClassVar[bool] = False
    """The author states that the object keeps data of messages apart by tenant and by label."""
    handlers: ClassVar[Mapping[type[Payload], tuple[str, Signature]]]
    """Payload class -> name and contract of the method that handles it."""

    def __init_subclass__(cls, *, id: str | None = None, **options: Unpack[CardOptions]) -> None:  # noqa: A002 - as above
        super().__init_subclass__()
        if id is None:
            return  # an intermediate class: each subclass has its own id
        if "executor" in options:
            raise AgentDefinitionError(
                f"agent {id!r}", "has methods, which run on the loop; executor is for plain functions"
            )
        names = {**sys._getframe(1).f_locals, cls.__name__: cls}  # noqa: SLF001 - as in `agent`
        methods: dict[type[Payload], tuple[str, Signature]] = {}
        produces: dict[type[Payload], None] = {}
        for name in dir(cls):
            function = inspect.getattr_static(cls, name)
            if not getattr(function, _HANDLES, False):
                continue
            signature = read_signature(function, method=True, names=names, context=Context)
            for kind in signature.consumes:
                if kind in methods:
                    raise AgentDefinitionError(f"agent {id!r}", f"has two handlers for {kind.__name__}")
                methods[kind] = (name, signature)
            produces.update(dict.fromkeys(signature.produces))
        cls.handlers = methods
        cls.card = make_card(id, consumes=tuple(methods), produces=tuple(produces), doc=cls.__doc__, **options)

    def __repr__(self) -> str:
        card = getattr(self, "card", None)
        return (
            f"<agent {_described(card)}>" if isinstance(card, AgentCard) else f"<{type(self).__name__}, no agent yet>"
        )

    async def handle(self, message: Message[Any], context: Context) -> object:
        """Call the method that handles the payload's class."""
        name, signature = self.handlers[type(message.payload)]
        method: Callable[..., Any] = getattr(self, name)
        output = method(message.payload, context) if signature.takes_context else method(message.payload)
        return output if signature.streams else await output

    async def open(self) -> None:
        """Acquire what the agent needs; called once, before the first message."""

    async def close(self) -> None:
        """Release it; called once, after the last message."""
