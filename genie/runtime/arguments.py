"""Checks of a caller's arguments: a wrong argument is refused before anything is published."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from types import FunctionType
from typing import TYPE_CHECKING, Any, Concatenate, NamedTuple, ParamSpec, TypeVar, cast

from genie.contracts.agent import Binding
from genie.contracts.card import AgentCard, Caller
from genie.contracts.classification import Classification
from genie.contracts.limits import exact_seconds
from genie.contracts.message import Payload
from genie.errors import AgentDefinitionError, did_you_mean, shown_number, shown_type

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from genie.contracts.admission import Admission
    from genie.contracts.agent import Agent, Join
    from genie.contracts.gather import Expected
    from genie.contracts.limits import RunLimits
    from genie.contracts.ports.audit import Audit
    from genie.contracts.ports.control import Control
    from genie.contracts.ports.executor import Executor
    from genie.contracts.ports.journal import DurabilityMode, EventLog, Journal
    from genie.inflight.handlers import Call
    from genie.operations.reload import PolicySource
    from genie.policy.policy import PolicySet

T = TypeVar("T")
P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")


PAYLOAD_KIND = type(Payload)
"""The class of payload classes."""


class Made(NamedTuple):
    """The checked components of a runtime; see the arguments of ``Runtime``."""

    agents: tuple[Binding, ...]
    policies: PolicySet | None
    joins: tuple[Join, ...]
    limits: RunLimits
    journal: Journal | None
    log: EventLog | None
    audit: Audit | None
    control: Control | None
    admission: Admission | None
    seed: int
    wall: float | None
    prefix: str | None
    executor: Executor | None
    source: PolicySource | None
    debug: bool
    mode: DurabilityMode
    chatter: frozenset[type[Payload]]
    calls: Callable[[AgentCard, Mapping[type[Payload], Call]], dict[type[Payload], Call]] | None = None
    """Returns the replacement of an agent's handlers; for a simulation."""


def payload_given(payload: object) -> Payload:
    """Return a payload.

    Raises:
        TypeError: The argument is not a payload.
    """
    if Payload not in type(payload).__mro__:  # isinstance() of a pydantic class runs Python code
        raise TypeError(f"a payload must be an instance of a Payload class, not {shown_type(payload)}")
    return cast("Payload", payload)


def answers_asked(answer: object) -> tuple[type[Payload], ...]:
    """Return the payload classes that answer a question.

    Raises:
        TypeError: The argument is neither a payload class nor a tuple of them.
    """
    answers = answer if isinstance(answer, tuple) else (answer,)
    for one in answers:
        if not (isinstance(one, type) and Payload in one.__mro__):
            raise TypeError(f"an answer must be a Payload class or a tuple of them, not {shown_type(one)}")
    if not answers:
        raise TypeError("an answer must be a Payload class or a tuple of them, not an empty tuple")
    return answers


def parts_expected(expect: object) -> tuple[Expected, ...]:
    """Return the parts of a gather; the gather itself checks their classes."""
    parts: Any = expect if isinstance(expect, (tuple, list)) else (expect,)
    return tuple(parts)


def seconds(within_s: object, what: str = "a deadline") -> float | None:
    """Return a number of seconds, or None.

    Raises:
        TypeError, ValueError: The argument is not a number, NaN, or below 0.
    """
    if within_s is None:
        return None
    if isinstance(within_s, bool) or not isinstance(within_s, (int, float)):
        raise TypeError(f"{what} must be a number of seconds, not {shown_type(within_s)}")
    exact = exact_seconds(within_s)
    if not exact >= 0:
        raise ValueError(f"{what} must be a number of seconds, at least 0, not {shown_number(within_s)}")
    return exact


def addressed(to: object, caller: object, notices: object = None) -> None:
    """Check the recipient, the caller and the list for notices of a question.

    Raises:
        TypeError: The recipient is not the id of an agent, the caller is not a Caller, or the notices are not a list.
    """
    if to is not None and not isinstance(to, str):
        raise TypeError(f"to must be the id of an agent, not {shown_type(to)}")
    if caller is not None and not isinstance(caller, Caller):
        raise TypeError(f"caller must be a Caller, not {shown_type(caller)}")
    if notices is not None:
        instance("notices", notices, list)


def gather_options(within_s: object, caller: object, cancel_rest: object) -> float | None:
    """Check the options of a gather, and return its limit in seconds.

    Raises:
        TypeError, ValueError: An option has the wrong type, or is out of range.
    """
    addressed(None, caller)
    instance("cancel_rest", cancel_rest, bool)
    return seconds(within_s)


def instance(name: str, value: object, kind: type[T]) -> None:
    """Check that an argument is of a class.

    Raises:
        TypeError: The argument is not of that class.
    """
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise TypeError(f"{name} must be of the type {kind.__name__}, not {shown_type(value)}")


_PORTS = {
    "journal": ("record",), "log": ("open", "append", "close"), "audit": ("record",),
    "control": ("open", "exchange", "close"), "admission": ("rates", "budgets"), "executor": ("job", "close"),
    "source": ("files", "load"),
}  # fmt: skip
"""Required methods of ports; without them, messages would not be recorded, or the runtime would not open."""
_MODES = ("none", "batched", "every_message")


def ports(**given: object) -> None:
    """Check that journals, logs and other ports have the methods of their protocols.

    Raises:
        TypeError: One lacks a method.
    """
    for name, value in given.items():
        lacking = [method for method in _PORTS[name] if not hasattr(value, method)]
        if value is not None and lacking:
            raise TypeError(f"{name} needs {lacking[0]!r}, which {shown_type(value)} does not have")
    sampling: object = getattr(given.get("audit"), "sampling", 0)
    if type(sampling) not in {int, float} or not 0 <= cast("float", sampling) <= 1:
        raise ValueError(f"the sampling of an audit must be a number from 0 to 1, not {shown_number(sampling)}")


def durability_mode(mode: object) -> DurabilityMode:
    """Return when a message must be in the log.

    Raises:
        ValueError: There is no such mode.
    """
    if mode not in _MODES:
        raise ValueError(f"durability is one of {', '.join(_MODES)}, not {mode!r}{did_you_mean(str(mode), _MODES)}")
    return cast("DurabilityMode", mode)


def several(name: str, values: object, what: str) -> tuple[Any, ...]:
    """Return the values of an argument that is a list, a tuple or another iterable.

    Raises:
        TypeError: The argument is a single value.
    """
    if isinstance(values, (str, bytes, Payload)) or not isinstance(values, Iterable):
        raise TypeError(f"{name} must be a list of {what}, not {shown_type(values)}; write {name}=[...]")
    return tuple(values)


def bound(agent: Agent | Binding) -> Binding:
    """Return an agent with its binding.

    Raises:
        AgentDefinitionError: The object has no card.
    """
    if isinstance(agent, Binding):
        return agent
    given: object = agent
    card = getattr(given, "card", None)
    if not isinstance(card, AgentCard):
        step = "; decorate the function with `@agent('name')`" if isinstance(given, FunctionType) else ""
        raise AgentDefinitionError(shown_type(agent), f"it is not an agent: it has no AgentCard in `card`{step}")
    return Binding(agent=agent, card=card)


def can_start(binding: Binding) -> None:
    """Check that every port of an agent's card is bound, and that its required libraries are installed.

    Raises:
        AgentDefinitionError: A port is not bound, or a library is missing.
    """
    if binding.card.lacks is not None:
        raise AgentDefinitionError(f"agent {binding.card.id!r}", binding.card.lacks)
    lacking = [port.__name__ for port in binding.card.ports if port not in binding.ports]
    if lacking:
        raise AgentDefinitionError(
            f"agent {binding.card.id!r}",
            f"its port {lacking[0]} is not bound; name an edge under `ports:` in the pipeline, or pass Binding(ports=)",
        )


def policy_set(policies: object) -> PolicySet:
    """Return policies as a ``PolicySet``, from a set, a list or a tuple.

    Raises:
        TypeError: The argument is none of these.
    """
    from genie.policy.policy import PolicySet  # noqa: PLC0415 - start-up: for those with policies

    if isinstance(policies, PolicySet):
        return policies
    given = several("policies", policies, "policies")
    for one in given:
        if not callable(getattr(one, "compile", None)) or not hasattr(one, "name") or isinstance(one, type):
            raise TypeError(f"policies must be a PolicySet or a list of policies; {shown_type(one)} is not a policy")
    return PolicySet(given)


def replaceable(old: AgentCard, new: AgentCard) -> None:
    """Check that an agent can replace another while messages flow.

    Raises:
        AgentDefinitionError: It consumes or produces less, or only one of the two handles several messages at once.
    """
    lacking = sorted(kind.__name__ for kind in {*old.consumes, *old.sends} - {*new.consumes, *new.sends})
    if lacking:
        raise AgentDefinitionError(new.id, f"cannot replace the old one: it lacks {', '.join(lacking)}")
    if (old.concurrency > 1) != (new.concurrency > 1):
        raise AgentDefinitionError(
            new.id, "cannot replace the old one: only one of the two handles several messages at once"
        )


def _text(name: str, value: object) -> None:
    instance(name, value, str)


def _flag(name: str, value: object) -> None:
    instance(name, value, bool)


def _seconds(name: str, value: object) -> None:
    if seconds(value, name) is None:
        raise TypeError(f"{name} must be a number of seconds, not None")


def _words(name: str, value: object) -> None:
    for one in several(name, value, "texts"):
        instance(name, one, str)


def _label(name: str, value: object) -> None:
    instance(name, value, Classification)


def _payload(_name: str, value: object) -> None:
    payload_given(value)


CHECKS: dict[str, Callable[[str, object], None]] = {
    **dict.fromkeys(
        (
            "agent",
            "by",
            "capability",
            "code",
            "consent",
            "effect_id",
            "hold_id",
            "incident_id",
            "letter_id",
            "reason",
            "run_id",
            "tenant",
            "topic",
        ),
        _text,
    ),
    **dict.fromkeys(("every_s", "for_s", "per_s", "within_s"), _seconds),
    "clearance": _label,
    "edit": _payload,
    "done": _flag,
    "everything": _flag,
    "roles": _words,
}
"""Checks of parameters, by name: a name means the same in all calls of operators."""


def checked(function: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """Check the arguments of a method by name before it is called; default values are accepted."""
    code = function.__code__
    names = code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]
    positional = names[: code.co_argcount - 1]
    given = function.__defaults__ or ()
    defaults = dict(zip(positional[len(positional) - len(given) :], given, strict=True))
    defaults |= function.__kwdefaults__ or {}
    checks = {name: CHECKS[name] for name in names if name in CHECKS}

    @functools.wraps(function)
    def call(self: S, /, *args: P.args, **named: P.kwargs) -> R:
        for name, value in (*zip(positional, args, strict=False), *named.items()):
            if name in checks and not (name in defaults and value is defaults[name]):
                checks[name](name, value)
        return function(self, *args, **named)

    return call
