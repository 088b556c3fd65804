"""Checks of what callers pass to a runtime: a wrong argument is refused before anything is published."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable
from types import FunctionType
from typing import TYPE_CHECKING, Any, Concatenate, NamedTuple, ParamSpec, TypeVar, cast

from genie.contracts.agent import Binding
from genie.contracts.card import AgentCard, Caller
from genie.contracts.classification import Classification
from genie.contracts.message import Payload
from genie.errors import AgentDefinitionError, did_you_mean, shown_type

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
    """What a runtime is made of, checked; see the arguments of ``Runtime``."""

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
    """Returns what is called in place of the handlers of an agent; for a simulation."""


def payload_given(payload: object) -> Payload:
    """Return a payload.

    Raises:
        TypeError: It is not one.
    """
    if Payload not in type(payload).__mro__:  # isinstance() of a pydantic class runs Python code
        raise TypeError(f"a payload is an instance of a Payload class, not {shown_type(payload)}")
    return cast("Payload", payload)


def answers_asked(answer: object) -> tuple[type[Payload], ...]:
    """Return the payload classes that answer a question.

    Raises:
        TypeError: It is neither a payload class nor a tuple of them.
    """
    answers = answer if isinstance(answer, tuple) else (answer,)
    for one in answers:
        if not (isinstance(one, type) and Payload in one.__mro__):
            raise TypeError(f"an answer is a Payload class or a tuple of them, not {shown_type(one)}")
    if not answers:
        raise TypeError("an answer is a Payload class or a tuple of them, not an empty tuple")
    return answers


def parts_expected(expect: object) -> tuple[Expected, ...]:
    """Return the parts of a gather; their classes are checked where the gather is laid out."""
    parts: Any = expect if isinstance(expect, (tuple, list)) else (expect,)
    return tuple(parts)


def seconds(within_s: object, what: str = "a deadline") -> float | None:
    """Return a number of seconds, or None.

    Raises:
        TypeError, ValueError: It is not a number, or below 0, or not a number of seconds at all.
    """
    if within_s is None:
        return None
    if isinstance(within_s, bool) or not isinstance(within_s, (int, float)):
        raise TypeError(f"{what} is a number of seconds, not {shown_type(within_s)}")
    if math.isnan(within_s) or within_s < 0:
        raise ValueError(f"{what} is a number of seconds from 0, not {within_s}")
    return within_s


def addressed(to: object, caller: object, notices: object = None) -> None:
    """Check the recipient and the caller of a question, and what takes its notices.

    Raises:
        TypeError: The recipient is not the id of an agent, the caller not a Caller, or the notices not a list.
    """
    if to is not None and not isinstance(to, str):
        raise TypeError(f"to is the id of an agent, not {shown_type(to)}")
    if caller is not None and not isinstance(caller, Caller):
        raise TypeError(f"caller is a Caller, not {shown_type(caller)}")
    if notices is not None:
        instance("notices", notices, list)


def gather_options(within_s: object, caller: object, cancel_rest: object) -> float | None:
    """Check the options of a gather, and return its limit in seconds.

    Raises:
        TypeError, ValueError: One is of another type, or out of range.
    """
    addressed(None, caller)
    instance("cancel_rest", cancel_rest, bool)
    return seconds(within_s)


def instance(name: str, value: object, kind: type[T]) -> None:
    """Check that an argument is of a class.

    Raises:
        TypeError: It is not.
    """
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise TypeError(f"{name} is of the type {kind.__name__}, not {shown_type(value)}")


_PORTS = {
    "journal": ("record",), "log": ("open", "append", "close"), "audit": ("record",),
    "control": ("open", "exchange", "close"), "admission": ("rates", "budgets"), "executor": ("job", "close"),
    "source": ("files", "load"),
}  # fmt: skip
"""What an argument of a runtime has; without it, messages would go unrecorded, or the runtime would not open."""
_MODES = ("none", "batched", "every_message")


def ports(**given: object) -> None:
    """Check that journals, logs and other ports have the methods of theirs.

    Raises:
        TypeError: One lacks a method.
    """
    for name, value in given.items():
        lacking = [method for method in _PORTS[name] if not hasattr(value, method)]
        if value is not None and lacking:
            raise TypeError(f"{name} needs {lacking[0]!r}, which {shown_type(value)} does not have")


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
        TypeError: It is a single value.
    """
    if isinstance(values, (str, bytes, Payload)) or not isinstance(values, Iterable):
        raise TypeError(f"{name} is a list of {what}, not {shown_type(values)}; write {name}=[...]")
    return tuple(values)


def bound(agent: Agent | Binding) -> Binding:
    """Return an agent with its binding.

    Raises:
        AgentDefinitionError: It has no card.
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
    """Check that every port of an agent's card is bound, and that the libraries it needs are installed.

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
    """Return policies as a set; a list or a tuple of them is one, too.

    Raises:
        TypeError: It is neither.
    """
    from genie.policy.policy import PolicySet  # noqa: PLC0415 - start-up: for those with policies

    if isinstance(policies, PolicySet):
        return policies
    given = several("policies", policies, "policies")
    for one in given:
        if not callable(getattr(one, "compile", None)) or not hasattr(one, "name") or isinstance(one, type):
            raise TypeError(f"policies is a PolicySet or a list of policies; {shown_type(one)} is not a policy")
    return PolicySet(given)


def replaceable(old: AgentCard, new: AgentCard) -> None:
    """Check that an agent can take the place of another while messages flow.

    Raises:
        AgentDefinitionError: It takes or sends less, or differs in whether it works on several messages at once.
    """
    lacking = sorted(kind.__name__ for kind in {*old.consumes, *old.sends} - {*new.consumes, *new.sends})
    if lacking:
        raise AgentDefinitionError(new.id, f"cannot take the place of the old one: it lacks {', '.join(lacking)}")
    if (old.concurrency > 1) != (new.concurrency > 1):
        raise AgentDefinitionError(new.id, "cannot take the place of the old one: one works on one message at a time")


def _text(name: str, value: object) -> None:
    instance(name, value, str)


def _flag(name: str, value: object) -> None:
    instance(name, value, bool)


def _seconds(name: str, value: object) -> None:
    if seconds(value, name) is None:
        raise TypeError(f"{name} is a number of seconds, not None")


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
"""Checks of parameters, by name: one name means one thing in all calls of operators."""


def checked(function: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """Check the arguments of a method by their names before it is called; a value that is the default passes."""
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
