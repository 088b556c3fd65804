"""What people write: agents, their cards, and the context that a handler is given.

An agent is a function whose annotations are its contract (``@agent``), a class with several ``@handles`` methods
(``Handlers``), or any object with a ``card`` and an async ``handle(message, context)``.
"""

from __future__ import annotations

import enum
import inspect
import re
import sys
import types
import typing
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Generic,
    Literal,
    NamedTuple,
    ParamSpec,
    Protocol,
    TypedDict,
    TypeVar,
    Unpack,
    overload,
    runtime_checkable,
)

from pydantic import BaseModel

from genie.errors import AgentDefinitionError, PartMissingError
from genie.limits import NO_RETRY, Cost, Estimate, Mailbox, RestartBudget, Retry
from genie.message import Classification, Grant, Headers, Message, Payload, topic_of
from genie.signature import ExecutorName, Signature, read_signature, unfit

if TYPE_CHECKING:
    import datetime
    import logging
    import random

T = TypeVar("T", bound=Payload)
P = ParamSpec("P")
R_co = TypeVar("R_co", covariant=True)
Port = TypeVar("Port")


class Risk(enum.StrEnum):
    """How much harm a wrong answer of an agent can do."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Tier(enum.StrEnum):
    """How far an agent has come; an environment may refuse the early ones."""

    SKETCH = "sketch"
    PROTOTYPE = "prototype"
    BETA = "beta"
    PRODUCTION = "production"


# --- fan-in: what is expected, what came ---


@dataclass(frozen=True, slots=True)
class Each(Generic[T]):
    """One ``T`` from every subscriber of the message whose card produces ``T``, keyed by agent id.

    Args:
        payload: The answer expected of each.
        of: The message whose subscribers are meant; by default the one that is asked or gathered. An outside caller
            names it when its question is fanned out by another agent.
    """

    payload: type[T]
    of: type[Payload] | None = None


Expected = type[Payload] | Each[Any]
Need = Literal["all", "first"] | int
"""How many parts end the wait: ``"all"``, ``"first"``, or a number from 1."""


class Missing(NamedTuple):
    """A part that did not come, and why."""

    part: str
    """Topic of the answer."""
    agent: str | None
    """Who should have sent it; None when nobody could."""
    reason: str
    """A named outcome with its detail, for example ``"dead_lettered(ValueError)"`` or ``"late"``."""

    def __str__(self) -> str:
        return self.reason


class Gathered:
    """What one gather brought: typed parts, and the missing ones by name.

    ``views[Forecast]`` is the payload; ``views[Each(Advice)]`` is a mapping from agent id to payload, holding those
    that came. ``views.missing`` maps a name (the agent's id, or the topic when no single agent is to blame) to the
    reason. ``views.notices`` is what an outside caller must show beside what came.
    """

    __slots__ = ("_each", "_parts", "missing", "notices", "run_id")

    def __init__(
        self,
        run_id: str,
        parts: Mapping[type[Payload], Payload],
        each: Mapping[Each[Any], Mapping[str, Payload]],
        missing: Mapping[str, Missing],
        notices: tuple[str, ...] = (),
    ) -> None:
        self.run_id = run_id
        self.notices = notices
        self._parts = parts
        self._each = each
        self.missing = missing

    @overload
    def __getitem__(self, part: type[T]) -> T: ...
    @overload
    def __getitem__(self, part: Each[T]) -> Mapping[str, T]: ...
    def __getitem__(self, part: type[T] | Each[T]) -> T | Mapping[str, T]:
        """Return the part.

        Raises:
            PartMissingError: It did not come; the error says why.
            KeyError: It was not expected.
        """
        if isinstance(part, Each):
            return typing.cast("Mapping[str, T]", self._each[part])
        found = self._parts.get(part)
        if found is not None:
            return typing.cast("T", found)
        name = topic_of(part).name
        for missing in self.missing.values():
            if missing.part == name:
                raise PartMissingError(run_id=self.run_id, part=name, reason=missing.reason)
        raise KeyError(f"{name} was not expected of this gather")

    def get(self, part: type[T]) -> T | None:
        """Return the part, or None if it is missing."""
        return typing.cast("T | None", self._parts.get(part))

    @property
    def complete(self) -> bool:
        """True when nothing expected is missing."""
        return not self.missing

    def _repr_html_(self) -> str:
        """Show in a notebook which parts came, by topic, and why the others did not."""
        from genie.markup import table  # noqa: PLC0415 - start-up: for notebooks

        came = [(topic_of(kind).name, "", "came") for kind in self._parts]
        came += [(topic_of(each.payload).name, agent, "came") for each, by in self._each.items() for agent in by]
        missing = [(one.part, one.agent or "", one.reason) for one in self.missing.values()]
        return table(f"gathered, run {self.run_id}", ("part", "agent", "how"), came + missing)


# --- what a handler may touch ---


class Context(Protocol):
    """All that a handler may touch. It is valid until its handler ends; it belongs to one delivery."""

    @property
    def message(self) -> Message[Payload]:
        """The envelope being handled, masked as the handler is allowed to see it."""
        ...

    @property
    def headers(self) -> Headers:
        """Security context of the message."""
        ...

    @property
    def notices(self) -> tuple[str, ...]:
        """What an egress must write beside the payload, such as a disclosure; empty for every other agent."""
        ...

    @property
    def deadline(self) -> float:
        """When the run ends at the latest, on the loop's clock; infinity when unbounded."""
        ...

    @property
    def random(self) -> random.Random:
        """Randomness seeded by runtime, run and agent, so that a simulation repeats it."""
        ...

    @property
    def state(self) -> dict[str, Any]:  # scratch of the agent's own making
        """This agent's scratch for this run; dropped with the run."""
        ...

    @property
    def logger(self) -> logging.LoggerAdapter[logging.Logger]:
        """Logger that adds the run's id and the agent; never log a payload."""
        ...

    @property
    def settings(self) -> Any:  # of the card's settings model; the pipeline file validated it
        """The frozen settings that the pipeline binds, of the model that the card declares."""
        ...

    def now(self) -> datetime.datetime:
        """Return the date and time, in UTC, on the bus's clock."""
        ...

    def port(self, kind: type[Port]) -> Port:
        """Return what the pipeline binds to that port.

        Raises:
            UndeclaredMessageError: The card does not declare the port.
        """
        ...

    async def publish(self, payload: Payload, *, to: str | None = None, headers: Headers | None = None) -> None:
        """Publish at once, before the handler returns; the type is in ``publishes`` or the return annotation.

        Args:
            payload: What to send to every subscriber of its class.
            to: One agent instead of all subscribers; answers no scope.
            headers: Narrower headers than the message's own.

        Raises:
            UndeclaredMessageError: The card does not declare the type.
            HeadersWidenedError: The headers give more than the message's.
            UnknownAgentError, NotConsumedError: ``to`` cannot take it.
            MailboxFullError: A mailbox that rejects is full.
        """
        ...

    def after(self, delay_s: float, payload: Payload, *, to: str | None = None) -> None:
        """Publish later, without waiting; in flight as ``timed`` until then. Same declarations as ``publish``."""
        ...

    async def ask(
        self, question: Payload, answer: type[T], *, to: str | None = None, within_s: float | None = None
    ) -> T:
        """Publish a question and wait for one typed answer.

        Raises:
            PartMissingError: It cannot come, or not in time; the reason says why.
        """
        ...

    async def gather(
        self,
        payload: Payload,
        *,
        expect: tuple[Expected, ...] | Expected,
        need: Need = "all",
        within_s: float | None = None,
        cancel_rest: bool = False,
    ) -> Gathered:
        """Publish and wait for typed answers; returns when each part is in or known to be missing.

        Args:
            payload: What to send to every subscriber of its class.
            expect: Payload classes, or ``Each(T)``.
            need: End the wait earlier: ``"first"`` or a number of parts.
            within_s: End the wait after that many seconds; what comes later counts as late.
            cancel_rest: Cancel what still runs when a number of parts is reached; ``"first"`` always does.
        """
        ...

    def charge(self, *, cost: Cost = 0, tokens: int = 0) -> None:
        """Report what the handler used; it is added up exactly, per agent and in every budget that covers it.

        Raises:
            BudgetExceededError: A budget has not that much left; what was used counts all the same.
        """
        ...

    def progress(self, text: str, *, fraction: float | None = None) -> None:
        """Tell whoever watches the run how far this handler is; never payload text."""
        ...


# --- the card ---


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentCard:
    """What an agent says of itself. Everything that routes, checks or judges reads the card, never the code."""

    id: str
    name: str = ""
    version: str = "1"
    description: str = ""
    capabilities: tuple[str, ...] = ()
    risk: Risk = Risk.LOW
    tier: Tier = Tier.PRODUCTION
    consumes: tuple[type[Payload], ...] = ()
    produces: tuple[type[Payload], ...] = ()
    publishes: tuple[type[Payload], ...] = ()
    """Types it publishes beyond its return annotation."""
    asks: Mapping[type[Payload], tuple[Expected, ...]] = field(default_factory=dict)
    """Questions that it asks or gathers, each with the answers it expects."""
    clearance: Classification = Classification.INTERNAL
    """Highest classification it may read."""
    declassifies: Mapping[type[Payload], Classification] = field(default_factory=dict)
    """Outputs that leave with a lower label than what was read, because they only summarise it."""
    tenants: frozenset[str] | None = None
    """Tenants it works for; None means all."""
    region: str | None = None
    """Where it runs; None means here, where the bus runs. For an egress: where what it takes goes; None is unknown."""
    egress: bool = False
    """What it is given leaves the runtime: for a caller, an observer, a receiver outside."""
    notices: bool = False
    """It can write notices beside what it is given; an egress that cannot is denied what carries one."""
    roles: frozenset[str] = frozenset()
    """Roles of an outside caller; empty for agents."""
    concurrency: int = 1
    executor: ExecutorName = "loop"
    """Where its handler runs; the others are for plain functions."""
    timeout_s: float | None = None
    """Longest handling, in seconds."""
    retry: Retry = NO_RETRY
    restarts: RestartBudget = field(default_factory=RestartBudget)
    estimate: Estimate | None = None
    """What one handling is expected to use; None where nobody knows."""
    fallback: str | None = None
    """Id of the agent that takes over what this one fails on or may not be given."""
    mailbox: Mailbox = field(default_factory=Mailbox)
    settings: type[BaseModel] | None = None
    ports: tuple[type[Any], ...] = ()
    rules: tuple[str, ...] = ()
    """Names of the dated rule tables that its answers rest on."""

    @property
    def sends(self) -> frozenset[type[Payload]]:
        """Every type that may leave the agent: returned, published or asked."""
        return frozenset((*self.produces, *self.publishes, *self.asks))


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks from outside: the identity that a run's headers carry, and the clearance its answers are judged for."""

    user: str = "local"
    roles: frozenset[str] = frozenset()
    tenant: str | None = None
    clearance: Classification = Classification.CONFIDENTIAL
    region: str | None = None
    consent: frozenset[str] = frozenset()
    """Consents in force: ``purpose``, or ``purpose@2026-12-31T00:00:00Z`` for one that ends then."""
    expires_at: float | None = None
    """Seconds since the epoch after which nothing is done for it any more; None for a caller without a term."""

    def __post_init__(self) -> None:
        for consent in self.consent:
            Grant.parse(consent)

    def narrowed(
        self,
        *,
        roles: frozenset[str] | None = None,
        clearance: Classification | None = None,
        consent: frozenset[str] | None = None,
        expires_at: float | None = None,
    ) -> Caller:
        """Return a caller that is given less: fewer roles or consents, a lower clearance, an earlier end.

        What is asked for beyond this caller's own is left out. User, tenant and region stay.
        """
        ends = [at for at in (self.expires_at, expires_at) if at is not None]
        return replace(
            self,
            roles=self.roles if roles is None else self.roles & roles,
            clearance=self.clearance if clearance is None else min(self.clearance, clearance),
            consent=self.consent if consent is None else self.consent & consent,
            expires_at=min(ends, default=None),
        )

    def headers(self) -> Headers:
        """Return the headers of this caller's runs."""
        return Headers(tenant=self.tenant, user=self.user, roles=self.roles, region=self.region, consent=self.consent)

    def card(self) -> AgentCard:
        """Return the card that stands for the caller where an answer leaves for it."""
        return AgentCard(
            id=f"caller:{self.user}", name=self.user, clearance=self.clearance, roles=self.roles,
            tenants=None if self.tenant is None else frozenset((self.tenant,)), region=self.region,
            egress=True, notices=True,
        )  # fmt: skip


class CardOptions(TypedDict, total=False):
    """What ``@agent`` and ``Handlers`` take besides the id; the fields are those of ``AgentCard``."""

    name: str
    version: str
    description: str
    capabilities: tuple[str, ...]
    risk: Risk
    tier: Tier
    publishes: tuple[type[Payload], ...]
    asks: Mapping[type[Payload], Expected | tuple[Expected, ...]]
    clearance: Classification | str
    declassifies: Mapping[type[Payload], Classification | str]
    tenants: frozenset[str] | None
    region: str | None
    egress: bool
    notices: bool
    concurrency: int
    timeout_s: float | None
    retry: Retry
    restarts: RestartBudget
    estimate: Estimate | None
    fallback: str | None
    mailbox: Mailbox
    settings: type[BaseModel] | None
    ports: tuple[type[Any], ...]
    rules: tuple[str, ...]


_AGENT_ID = re.compile(r"[a-z][a-z0-9_]*([.-][a-z0-9_]+)*\Z")


def make_card(
    id: str,  # noqa: A002 - the card's own word
    *,
    consumes: tuple[type[Payload], ...],
    produces: tuple[type[Payload], ...],
    doc: str | None,
    executor: ExecutorName = "loop",
    **options: Unpack[CardOptions],
) -> AgentCard:
    """Return a checked card.

    Raises:
        AgentDefinitionError: The id is malformed, nothing is consumed, or an option has no sensible value.
    """
    if not _AGENT_ID.match(id):
        raise AgentDefinitionError(f"agent {id!r}", "an id is lower case: letters, digits, '_', '.' and '-'")
    if not consumes:
        raise AgentDefinitionError(f"agent {id!r}", "consumes nothing; annotate its first parameter with a Payload")
    if options.get("concurrency", 1) < 1:
        raise AgentDefinitionError(f"agent {id!r}", "concurrency is at least 1")
    timeout_s = options.get("timeout_s")
    if timeout_s is not None and not timeout_s > 0:
        raise AgentDefinitionError(f"agent {id!r}", f"timeout_s is above 0 seconds, not {timeout_s}")
    if options.get("fallback") == id:
        raise AgentDefinitionError(f"agent {id!r}", "cannot be its own fallback")
    values: dict[str, Any] = dict(options)
    try:
        values["clearance"] = Classification.parse(values.get("clearance", Classification.INTERNAL))
        values["declassifies"] = types.MappingProxyType(
            {kind: Classification.parse(level) for kind, level in values.get("declassifies", {}).items()}
        )
    except ValueError as error:
        raise AgentDefinitionError(f"agent {id!r}", str(error)) from None
    values["asks"] = types.MappingProxyType(
        {kind: part if isinstance(part, tuple) else (part,) for kind, part in values.get("asks", {}).items()}
    )
    first_line = (doc or "").strip().split("\n", 1)[0]
    values["name"] = values.get("name") or id.replace("_", " ").replace(".", " ")
    values["description"] = values.get("description") or first_line
    return AgentCard(id=id, consumes=consumes, produces=produces, executor=executor, **values)


@runtime_checkable
class Agent(Protocol):
    """Anything with a card that handles messages; ``open()`` and ``close()`` are called when it has them."""

    @property
    def card(self) -> AgentCard:
        """Who this is and what it takes and gives."""
        ...

    async def handle(self, message: Message[Any], context: Context) -> object:
        """Handle one message; return nothing, a payload, a tuple of payloads or an async iterator of them."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Binding:
    """An agent as one pipeline runs it: with its card as overridden, its settings and what its ports are bound to."""

    agent: Agent
    card: AgentCard
    settings: BaseModel | None = field(default=None, repr=False)
    """May hold values of the environment, so they are in no text form."""
    ports: Mapping[type[Any], object] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Join:
    """Fan-in between agents that should not know each other: parts of one run become one payload.

    The join opens for a run at its first part and closes when what ``need`` asks for is in, when no missing part can
    come any more, or at ``within_s``. Then ``into`` is published with the parts as its fields.
    """

    id: str
    into: type[Payload]
    parts: Mapping[str, type[Payload]]
    """Field of ``into`` -> payload class. A field annotated ``tuple[T, ...]`` takes one ``T`` from each producer."""
    need: Need = "all"
    within_s: float | None = None
    """Seconds from the first part; the run's deadline by default."""
    partial: Literal["publish", "fail"] = "fail"
    """With parts missing: publish with those fields left at their defaults (None, an empty tuple), or end the last
    part's delivery as ``dead_lettered(join)`` and publish nothing."""
    clearance: Classification = Classification.RESTRICTED
    """Highest classification of a part; what is published carries the highest label of the parts."""


# --- the two ways to write one ---


class FunctionAgent(Generic[P, R_co]):
    """An agent made of one function; calling it calls the function, so a test needs no bus."""

    def __init__(self, function: Callable[P, R_co], card: AgentCard, signature: Signature) -> None:
        self.card = card
        self.function = function
        self.signature = signature
        self.__doc__ = function.__doc__
        self.__name__ = function.__name__
        self.__module__ = function.__module__

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
    """What ``agent(...)`` returns; the overloads are the handler shapes that a type checker accepts."""

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
    """What ``agent(..., executor="thread")`` returns: it takes a plain function of a payload."""

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
        executor: ``thread`` or ``process`` for a plain ``def`` that takes a payload alone; ``loop`` for the rest.
        **options: Fields of ``AgentCard``.

    Raises:
        AgentDefinitionError: Annotations or options do not make a contract; raised when the function is defined.
    """
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
    """The shapes of a handler method that a type checker accepts."""

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

    Class keywords: ``id`` and the fields of ``AgentCard``. Override ``open`` and ``close`` for what lives as long as
    the runtime. What the object keeps on itself is outside labels and tenant isolation; per-run scratch belongs into
    ``context.state``.

    Raises:
        AgentDefinitionError: No handler, two for one class, or annotations that make no contract.
    """

    card: ClassVar[AgentCard]
    handlers: ClassVar[Mapping[type[Payload], tuple[str, Signature]]]
    """Payload class -> name and contract of the method that handles it."""

    def __init_subclass__(cls, *, id: str | None = None, **options: Unpack[CardOptions]) -> None:  # noqa: A002 - as above
        super().__init_subclass__()
        if id is None:
            return  # an intermediate class: its subclasses name themselves
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
