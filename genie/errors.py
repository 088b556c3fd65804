"""Every error Genie raises, drawn as one tree.

The second column says who must act: **C** the caller, **A** the author of the agent, **O** the operator.

    GenieError
    ├── DefinitionError            A   a payload, card or handler is declared wrongly
    │   ├── PayloadDefinitionError
    │   ├── AgentDefinitionError
    │   └── ScheduleError              never fires, or cannot be read here
    ├── ContractError              A   a handler broke its own contract while running
    │   ├── UndeclaredMessageError     published or asked what its card does not declare
    │   ├── WrongOutputError           returned something that is no declared payload
    │   ├── ImmutableMessageError      assigned to a message
    │   ├── ForgedMessageError         handed over an envelope of its own
    │   ├── HeadersWidenedError        raised a role, lowered a classification, changed tenant
    │   ├── TransferError              its input or output cannot be carried to or from its process
    │   └── RelayedError               what a handler in another process raised of this tree
    ├── RoutingError               C   no such recipient
    │   ├── UnknownAgentError
    │   ├── UnknownTopicError
    │   ├── NotConsumedError
    │   └── DuplicateAgentError
    ├── RunError                   C   a run did not bring the answer
    │   ├── RunStalled                 it can no longer come, and why
    │   ├── RunHeld                    a person must decide first
    │   ├── RunCancelledError
    │   ├── RunExpiredError
    │   └── PartMissingError           a gathered part is not there
    ├── CapacityError              O   a bound was reached
    │   ├── MailboxFullError
    │   ├── BudgetExceededError        more was published or charged than a budget has
    │   ├── TooManyRunsError
    │   ├── AuditFailedError           what governs cannot be written down any more
    │   ├── JournalError               the log of a durable runtime cannot be written any more
    │   ├── RuntimeDrainingError
    │   └── RuntimeClosedError
    ├── PolicyError                O   a policy cannot be used as it is configured
    ├── ConfigError                O   a file says something that cannot be run
    ├── IdentityError              C   a caller's identity is not good, or gives too much
    ├── InputError                 C   input that cannot be read
    ├── EdgeError                  O   something outside did not do its part
    │   ├── FetchError                 a URL may not be fetched, or brought nothing usable
    │   └── WebhookError               a receiver did not take a message
    ├── RuntimeFailedError         O   an error of the runtime's own; every run ended by name
    └── AskInHandlerError          A   a handler asked through the runtime instead of its context
        └── SyncAskInHandlerError

A class owns its sentence; a call site passes facts. ``code`` is a stable label for logs and metrics; text is not API.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, ClassVar, dataclass_transform

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` for the nearest of ``known``, or an empty string."""
    from difflib import get_close_matches  # noqa: PLC0415 - start-up: for those who erred

    near = get_close_matches(word, list(known), n=1, cutoff=0.6) if isinstance(word, str) else ()
    return f"; did you mean {near[0]!r}?" if near else ""


def shown_type(value: object) -> str:
    """Return what a wrong argument is, for an error: its class, never its value."""
    return f"the class {value.__name__}" if isinstance(value, type) else type(value).__name__


LONGEST_NAME = 60
"""Letters of the longest class name that is shown."""


def class_name(error: BaseException) -> str:
    """Return the name of an exception's class, or of its nearest base that can be imported: a name may carry text."""
    return next((kind.__name__ for kind in type(error).__mro__ if _importable(kind)), "BaseException")


def kind_name(kind: type) -> str:
    """Return the name of a class that can be imported; of any other it is not shown, because it may carry text."""
    return kind.__name__ if _importable(kind) else "a class that cannot be imported"


def code_of(error: GenieError) -> str:
    """Return the code that an importable class of an error states; not what an instance or a made-up class says."""
    for kind in type(error).__mro__:
        code = vars(kind).get("code")
        if type(code) is str and _importable(kind) and len(code) <= LONGEST_NAME and _plain(code):
            return code
    return GenieError.code


def _plain(code: str) -> bool:
    return code.isascii() and code.replace(".", "_").replace("-", "_").isidentifier()


def _importable(kind: type) -> bool:
    """Return True for a class that its module holds under its own name, of at most ``LONGEST_NAME`` letters."""
    # By the metaclass's own descriptors: a class may define attributes of these names.
    name, place, module = (vars(type)[which].__get__(kind) for which in ("__name__", "__qualname__", "__module__"))
    found: object = sys.modules.get(module) if type(module) is str else None
    for part in place.split("."):
        found = getattr(found, part, None)
    return found is kind and len(name) <= LONGEST_NAME


_MACHINERY = ("genie.backend.", "genie.bus.", "genie.contracts.agent", "genie.edges.executors.", "genie.runtime.")
"""Modules that stand between the loop and a handler."""
LONGEST_TRACEBACK = 20_000
"""Characters of a traceback that are shown."""


def place_of(error: BaseException) -> str:
    """Return an exception as its class and its author's line; never its text, which may quote a payload."""
    own = _own_frame(error)
    return class_name(error) if own is None else f"{class_name(error)} at {_module(own)}:{own.tb_lineno}"


def traceback_of(error: BaseException) -> str:
    """Return an exception with its text: the author's own line first, then the traceback. For developers alone."""
    import traceback  # noqa: PLC0415 - start-up: for those who debug

    start, own = error.__traceback__, _own_frame(error)
    while own is not None and start is not None and _module(start).startswith(_MACHINERY) and start is not own:
        start = start.tb_next
    whole = traceback.TracebackException(type(error), error, start, compact=True)
    lines = list(whole.format_exception_only())
    if own is not None:
        lines += traceback.StackSummary.extract([(own.tb_frame, own.tb_lineno)]).format()
    text = "".join([*lines, *whole.format()]).rstrip("\n")
    return text if len(text) <= LONGEST_TRACEBACK else f"{text[:LONGEST_TRACEBACK]} ... ({len(text):,} characters)"


def cause_among(kept: Iterable[tuple[str, BaseException]], agent: str | None = None) -> BaseException | None:
    """Return the cause of what is missing among the exceptions of a run: those of one agent, or all; None without.

    Args:
        kept: Exceptions with the agents that raised them, oldest first.
        agent: The agent to blame, where one is known.
    """
    kept = tuple(kept)
    errors = [error for name, error in kept if name == agent] or [error for _, error in kept]
    if len(errors) > 1:
        return BaseExceptionGroup("what the agents of the run raised", errors)
    return errors[0] if errors else None


def _own_frame(error: BaseException) -> TracebackType | None:
    """Return the innermost frame of the author: of the package that the machinery of this library has called."""
    frames: list[TracebackType] = []
    traceback = error.__traceback__
    while traceback is not None:
        frames.append(traceback)
        traceback = traceback.tb_next
    theirs = next((_package(frame) for frame in frames if not _module(frame).startswith(_MACHINERY)), None)
    return next((frame for frame in reversed(frames) if theirs in {None, _package(frame)}), None)


def _module(frame: TracebackType) -> str:
    name = frame.tb_frame.f_globals.get("__name__")
    return (
        name if type(name) is str and name in sys.modules else "?"
    )  # code that is executed may call its module anything


def _package(frame: TracebackType) -> str:
    parts = _module(frame).split(".")
    return ".".join(parts[:2] if parts[0] == "genie" else parts[:1])


def _rebuild(cls: type[GenieError], values: dict[str, object]) -> GenieError:
    error = cls.__new__(cls)
    error.__dict__.update(values)
    return error


@dataclass_transform(eq_default=False)
class GenieError(Exception):
    """Base of all errors of this library; ``code`` names the class for logs and metrics.

    The annotations of a class are its facts and its constructor's arguments, those of its bases first. A dataclass
    would say the same, but writing and compiling a constructor for each of forty classes takes longer than the rest
    of an import.

    Raises:
        TypeError: A fact is missing, unknown or given twice.
    """

    code: ClassVar[str] = "genie"
    facts: ClassVar[tuple[str, ...]] = ()
    """Names of what an error of the class tells."""

    def __init_subclass__(cls) -> None:
        own = (name for name, kind in cls.__annotations__.items() if not str(kind).startswith("ClassVar"))
        cls.facts = (*cls.facts, *own)

    def __init__(self, *given: object, **named: object) -> None:
        kind = type(self)
        names = kind.facts
        told = dict(zip(names, given, strict=False))
        wrong = [name for name in named if name in told or name not in names]
        if wrong or len(given) > len(names):
            raise TypeError(f"{kind.__name__} takes {', '.join(names) or 'nothing'}, each once")
        told |= named
        missing = [name for name in names if name not in told and not hasattr(kind, name)]
        if missing:
            raise TypeError(f"{kind.__name__} needs {', '.join(missing)}")
        self.__dict__.update(told)

    def __repr__(self) -> str:
        named = ", ".join(f"{name}={value!r}" for name, value in self._values().items())
        return f"{type(self).__name__}({named})"

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self._values()))

    def _values(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in self.facts}


# --- declared wrongly ---


class DefinitionError(GenieError):
    """Something is declared in a way that cannot work; the author mends the declaration."""

    code: ClassVar[str] = "definition"
    subject: str
    problem: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.problem}"


class PayloadDefinitionError(DefinitionError):
    """A payload class is not immutable, or its topic is malformed."""

    code: ClassVar[str] = "payload_definition"


class AgentDefinitionError(DefinitionError):
    """An agent's annotations or card do not make a contract."""

    code: ClassVar[str] = "agent_definition"


class ScheduleError(DefinitionError):
    """A schedule's expression or time zone cannot be used."""

    code: ClassVar[str] = "schedule"

    def __str__(self) -> str:
        return f"schedule {self.subject!r}: {self.problem}"


# --- a handler broke its contract ---


class ContractError(GenieError):
    """A handler did what its card does not allow; contained to its delivery."""

    code: ClassVar[str] = "contract"
    agent: str


_DECLARED_IN = {"ask": "asks={...}", "expect": "asks={...}", "use the port": "ports=(...)"}


class UndeclaredMessageError(ContractError):
    """A handler published, asked, expected or used what its card does not declare."""

    code: ClassVar[str] = "undeclared_message"
    payload: str
    verb: str = "publish"

    def __str__(self) -> str:
        where = _DECLARED_IN.get(self.verb, "publishes=(...) or the return annotation")
        return f"{self.agent!r} may not {self.verb} {self.payload}; declare it in {where}"


class WrongOutputError(ContractError):
    """A handler returned something that is not a declared payload."""

    code: ClassVar[str] = "wrong_output"
    got: str
    declared: tuple[str, ...]

    def __str__(self) -> str:
        allowed = ", ".join(self.declared) or "nothing"
        return f"{self.agent!r} returned {self.got}; its annotation declares {allowed}"


class ImmutableMessageError(ContractError):
    """Somebody assigned to a message; messages are shared, so they never change."""

    code: ClassVar[str] = "immutable_message"
    field: str

    def __str__(self) -> str:
        return f"a message is immutable: {self.field!r} cannot be assigned; publish a new payload instead"


class ForgedMessageError(ContractError):
    """A handler handed over an envelope; envelopes are stamped by the bus alone."""

    code: ClassVar[str] = "forged_message"

    def __str__(self) -> str:
        return f"{self.agent!r} handed over a message of its own; publish a payload, the bus stamps the sender"


class HeadersWidenedError(ContractError):
    """Headers handed over give more than the ones the handler was given."""

    code: ClassVar[str] = "headers_widened"
    widened: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.agent!r} widened {', '.join(self.widened)}; headers can only be narrowed"


class TransferError(ContractError):
    """A payload cannot be carried to or from the process that a handler runs in."""

    code: ClassVar[str] = "transfer"
    problem: str

    def __str__(self) -> str:
        return f"{self.agent!r} runs in a process of its own: {self.problem}"


class RelayedError(ContractError):
    """A handler in another process raised an error of this library; its text is that error's."""

    code: ClassVar[str] = "relayed"
    name: str
    text: str

    def __str__(self) -> str:
        return self.text


# --- routing ---


class RoutingError(GenieError):
    """A message was addressed to something that cannot take it."""

    code: ClassVar[str] = "routing"


class UnknownAgentError(RoutingError):
    """No agent of that id is registered."""

    code: ClassVar[str] = "unknown_agent"
    agent: str
    known: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"no agent {self.agent!r} is registered{did_you_mean(self.agent, self.known)}"


class UnknownTopicError(RoutingError):
    """No payload class of that topic is known."""

    code: ClassVar[str] = "unknown_topic"
    topic: str
    known: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"no payload has the topic {self.topic!r}{did_you_mean(self.topic, self.known)}"


class NotConsumedError(RoutingError):
    """The agent addressed does not consume that type."""

    code: ClassVar[str] = "not_consumed"
    agent: str
    payload: str

    def __str__(self) -> str:
        return f"agent {self.agent!r} does not consume {self.payload}; publish it without `to`, or ask another agent"


class DuplicateAgentError(RoutingError):
    """An agent of that id is registered already."""

    code: ClassVar[str] = "duplicate_agent"
    agent: str

    def __str__(self) -> str:
        return f"an agent {self.agent!r} is registered already; remove it first, or give this one another id"


# --- runs ---


class RunError(GenieError):
    """A run did not bring what was asked of it."""

    code: ClassVar[str] = "run"
    run_id: str


class RunStalled(RunError):
    """The answer can no longer come: nothing that could bring it is in flight."""

    code: ClassVar[str] = "run_stalled"
    expected: str
    reasons: tuple[str, ...] = ()

    def __str__(self) -> str:
        why = "; ".join(self.reasons) or "no agent that could answer is left"
        return f"run {self.run_id} cannot be answered with {self.expected}: {why}"


class RunHeld(RunError):
    """Everything left waits for a person; approve or deny the holds, then await the result again."""

    code: ClassVar[str] = "run_held"
    holds: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"run {self.run_id} waits for a decision on {', '.join(self.holds)}; approve(id) or deny(id)"


class RunCancelledError(RunError):
    """The run was cancelled before it had its answer."""

    code: ClassVar[str] = "run_cancelled"
    reason: str = "cancelled"

    def __str__(self) -> str:
        return f"run {self.run_id} was cancelled: {self.reason}"


class RunExpiredError(RunError):
    """The run's deadline passed, or its wall time was used up, before it had its answer."""

    code: ClassVar[str] = "run_expired"
    reason: str = ""

    def __str__(self) -> str:
        if self.reason:
            return f"run {self.run_id} ended before it was answered: {self.reason}"
        return f"run {self.run_id} passed its deadline before it was answered; give it more time, or see statistics()"


class PartMissingError(RunError):
    """A part of a gathered result is missing; ``reason`` says why."""

    code: ClassVar[str] = "part_missing"
    part: str
    reason: str

    def __str__(self) -> str:
        return f"{self.part} is missing from the gathered result of run {self.run_id}: {self.reason}"


# --- capacity ---


class CapacityError(GenieError):
    """A stated bound was reached."""

    code: ClassVar[str] = "capacity"


class MailboxFullError(CapacityError):
    """A mailbox that rejects on overflow is full."""

    code: ClassVar[str] = "mailbox_full"
    agent: str
    capacity: int

    def __str__(self) -> str:
        return (
            f"mailbox of {self.agent!r} is full ({self.capacity} messages); "
            "raise `mailbox`, or choose another `overflow`"
        )


class BudgetExceededError(CapacityError):
    """A handler published or charged beyond a budget; what it publishes then reaches nobody any more."""

    code: ClassVar[str] = "budget_exceeded"
    agent: str
    limit: int | str
    budget: str = "max_messages"
    unit: str = "messages"
    share: int | None = None

    def __str__(self) -> str:
        if self.share is not None:
            return (
                f"budget: {self.agent!r} published more than {self.share} of its run's {self.limit} messages in one "
                "handling; the rest is kept for others: raise `max_messages`, or publish less"
            )
        if self.budget != "max_messages":
            return f"budget {self.budget}: {self.agent!r} used more {self.unit} than is left of {self.limit}; raise it"
        return (
            f"budget: {self.agent!r} published in a run that has had its {self.limit} messages; "
            "raise `max_messages`, or publish less"
        )


class TooManyRunsError(CapacityError):
    """Admission bounds the runs in flight, and the bound is reached."""

    code: ClassVar[str] = "too_many_runs"
    limit: int

    def __str__(self) -> str:
        return f"{self.limit} runs are in flight, which is the limit; raise `max_runs`, or wait for one to end"


class TooManyKeysError(CapacityError):
    """As many idempotency keys are kept as may be; the oldest ones expire by themselves."""

    code: ClassVar[str] = "too_many_keys"
    limit: int

    def __str__(self) -> str:
        return f"{self.limit} idempotency keys are kept, which is the limit; wait for some to expire"


class KeyReusedError(GenieError):
    """An idempotency key was given before with another question, another answer or another caller."""

    code: ClassVar[str] = "key_reused"
    key: str

    def __str__(self) -> str:
        return f"key {self.key!r} was given before with another question; one key stands for one question"


class AuditFailedError(CapacityError):
    """The audit cannot be written, and is configured to admit no run that it cannot record."""

    code: ClassVar[str] = "audit_failed"
    problem: str

    def __str__(self) -> str:
        return f"no run is admitted: {self.problem}; mend that and open another runtime, or see `on_failure`"


class JournalError(CapacityError):
    """The log of a durable runtime cannot be written, so nothing may rely on it."""

    code: ClassVar[str] = "journal_failed"
    problem: str

    def __str__(self) -> str:
        return f"the log keeps nothing more: {self.problem}; mend that and open the runtime again"


class RuntimeDrainingError(CapacityError):
    """The runtime is draining and admits no new run."""

    code: ClassVar[str] = "runtime_draining"

    def __str__(self) -> str:
        return "the runtime is draining and admits no new run; open another runtime"


class RuntimeClosedError(CapacityError):
    """The runtime is not open."""

    code: ClassVar[str] = "runtime_closed"

    def __str__(self) -> str:
        return "the runtime is not open; use it inside `async with Runtime(...)`"


# --- policies, configuration, input ---


class PolicyError(GenieError):
    """A policy cannot be used as configured."""

    code: ClassVar[str] = "policy"
    policy: str
    problem: str

    def __str__(self) -> str:
        return f"policy {self.policy!r}: {self.problem}"


class ConfigError(GenieError):
    """A configuration file cannot be used; ``problems`` are complete lines ``file:line: what is wrong``."""

    code: ClassVar[str] = "config"
    problems: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(self.problems)


class IdentityError(GenieError):
    """A caller's identity was refused; ``why`` is a stable word, and nothing of what was claimed is quoted."""

    code: ClassVar[str] = "identity"
    why: str
    problem: str

    def __str__(self) -> str:
        return f"identity refused ({self.why}): {self.problem}"


class InputError(GenieError):
    """Input that cannot be used; ``remedy`` is the next step."""

    code: ClassVar[str] = "input"
    subject: str
    problem: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.subject}: {self.problem}" + (f"; {self.remedy}" if self.remedy else "")


# --- the world outside ---


class EdgeError(GenieError):
    """Something outside did not do its part; names its host and the rule, never a path, a query or an answer.

    ``again_s`` is None when trying again cannot help; otherwise an agent's ``retry`` tries again, not sooner than after
    that many seconds.
    """

    code: ClassVar[str] = "edge"
    host: str
    problem: str
    again_s: float | None = None

    def __str__(self) -> str:
        return f"{self.host}: {self.problem}"


class FetchError(EdgeError):
    """A URL may not be fetched, or brought nothing that can be used."""

    code: ClassVar[str] = "fetch"


class WebhookError(EdgeError):
    """A receiver did not take a message."""

    code: ClassVar[str] = "webhook"


class NotDoneError(EdgeError):
    """Raised by an outside effect, or by its probe: it has certainly not happened, so it may be tried again.

    An agent's ``retry`` does so, not sooner than after ``again_s`` seconds; None when that cannot help.
    """

    code: ClassVar[str] = "not_done"
    host = "the effect"
    problem = "has not happened"
    again_s: float | None = 0.0


class IndeterminateEffectError(GenieError):
    """Nobody knows whether an outside effect has happened; its delivery waits until a person says so."""

    code: ClassVar[str] = "indeterminate"
    effect: str

    def __str__(self) -> str:
        return f"effect {self.effect} may have happened or not; see `genie effects`, or operations.resolve_effect()"


class RuntimeFailedError(GenieError):
    """The runtime failed by an error of its own; every run in flight ended by name."""

    code: ClassVar[str] = "runtime_failed"
    problem: str

    def __str__(self) -> str:
        return f"the runtime failed ({self.problem}); the log names the place, and every run in flight was cancelled"


class AskInHandlerError(GenieError):
    """A handler asks through the runtime: its wait would be hidden from deadlock detection, and could last for ever."""

    code: ClassVar[str] = "ask_in_handler"

    def __str__(self) -> str:
        return "a handler may not ask through the runtime; use `await context.ask(...)`"


class SyncAskInHandlerError(AskInHandlerError):
    """``genie.ask`` blocks its caller, so it may not be called inside a handler."""

    code: ClassVar[str] = "sync_ask_in_handler"

    def __str__(self) -> str:
        return "genie.ask blocks its caller, so a handler may not call it; use `await context.ask(...)`"
