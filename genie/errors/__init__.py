"""All errors of Genie, as one tree.

The second column says who must act: **C** the caller, **A** the author of the agent, **O** the operator.

    GenieError
    ├── DefinitionError            A   a payload, card or handler is declared wrongly
    │   ├── PayloadDefinitionError
    │   ├── AgentDefinitionError
    │   └── ScheduleError              never fires, or cannot be parsed
    ├── ContractError              A   a handler violated its card
    │   ├── UndeclaredMessageError     published or asked what its card does not declare
    │   ├── WrongOutputError           returned something that is not a declared payload
    │   ├── ImmutableMessageError      assigned to a message
    │   ├── ForgedMessageError         published an envelope that it made itself
    │   ├── HeadersWidenedError        raised a role, lowered a label, changed the tenant
    │   ├── TransferError              its input or output cannot be sent to or from its process
    │   └── RelayedError               an error of this tree that a handler in another process raised
    ├── RoutingError               C   no such recipient
    │   ├── UnknownAgentError
    │   ├── UnknownTopicError
    │   ├── NotConsumedError
    │   └── DuplicateAgentError
    ├── RunError                   C   a run ended without its answer
    │   ├── RunStalled                 the answer can no longer come; states why
    │   ├── RunHeld                    a person must decide first
    │   ├── RunCancelledError
    │   ├── RunExpiredError
    │   └── PartMissingError           a gathered part is missing
    ├── CapacityError              O   a limit was reached
    │   ├── MailboxFullError
    │   ├── SlowStreamError            nobody read the parts of a stream
    │   ├── BudgetExceededError        more was published or charged than a budget has
    │   ├── TooManyKeysError
    │   ├── TooManyRunsError
    │   ├── AuditFailedError           the audit cannot be written any more
    │   ├── JournalError               the log of a durable runtime cannot be written any more
    │   ├── LogError                   a log cannot be opened, read or written; `state` says why
    │   ├── RuntimeDrainingError
    │   └── RuntimeClosedError
    ├── PolicyError                O   a policy cannot be used as it is configured
    ├── ConfigError                O   a configuration file cannot be used
    ├── IdentityError              C   a caller's identity is invalid, or grants too much
    ├── InputError                 C   input that cannot be read
    ├── EdgeError                  O   an outside service failed
    │   ├── ModelCallError             a model could not answer; another may be asked instead
    │   ├── FetchError                 a URL may not be fetched, or its response is unusable
    │   ├── WebhookError               a receiver did not accept a message
    │   └── NotDoneError               an outside effect has certainly not happened
    ├── IndeterminateEffectError   O   it is unknown whether an outside effect has happened
    ├── KeyReusedError             C   an idempotency key was used for another question
    ├── RuntimeFailedError         O   an internal error; every run ended with a reason
    ├── WrongThreadError           C   a runtime was used from another thread than that of its event loop
    └── AskInHandlerError          A   a handler asked or waited through the runtime instead of its context
        └── SyncAskInHandlerError

Each class formats its text from the fields that a call passes. ``code`` is stable, for logs and metrics; text is not.
"""

from __future__ import annotations

from typing import ClassVar

from genie.errors.genie_error import LONGEST_NAME as LONGEST_NAME
from genie.errors.genie_error import GenieError as GenieError
from genie.errors.genie_error import class_name as class_name
from genie.errors.genie_error import code_of as code_of
from genie.errors.genie_error import did_you_mean as did_you_mean
from genie.errors.genie_error import kind_name as kind_name
from genie.errors.genie_error import shown_number as shown_number
from genie.errors.genie_error import shown_type as shown_type
from genie.errors.runs import AuditFailedError as AuditFailedError
from genie.errors.runs import BudgetExceededError as BudgetExceededError
from genie.errors.runs import CapacityError as CapacityError
from genie.errors.runs import JournalError as JournalError
from genie.errors.runs import LogError as LogError
from genie.errors.runs import MailboxFullError as MailboxFullError
from genie.errors.runs import PartMissingError as PartMissingError
from genie.errors.runs import RunCancelledError as RunCancelledError
from genie.errors.runs import RunError as RunError
from genie.errors.runs import RunExpiredError as RunExpiredError
from genie.errors.runs import RunHeld as RunHeld
from genie.errors.runs import RunStalled as RunStalled
from genie.errors.runs import RuntimeClosedError as RuntimeClosedError
from genie.errors.runs import RuntimeDrainingError as RuntimeDrainingError
from genie.errors.runs import SlowStreamError as SlowStreamError
from genie.errors.runs import TooManyKeysError as TooManyKeysError
from genie.errors.runs import TooManyRunsError as TooManyRunsError

# --- declared wrongly ---


class DefinitionError(GenieError):
    """A declaration cannot work; its author must correct it."""

    code: ClassVar[str] = "definition"
    subject: str
    problem: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.problem}"


class PayloadDefinitionError(DefinitionError):
    """A payload class is mutable, or its topic is malformed."""

    code: ClassVar[str] = "payload_definition"


class AgentDefinitionError(DefinitionError):
    """An agent's annotations or card do not form a contract."""

    code: ClassVar[str] = "agent_definition"


class ScheduleError(DefinitionError):
    """A schedule's expression or time zone cannot be used."""

    code: ClassVar[str] = "schedule"

    def __str__(self) -> str:
        return f"schedule {self.subject!r}: {self.problem}"


# --- a handler broke its contract ---


class ContractError(GenieError):
    """A handler did what its card does not allow. The error ends only its own delivery."""

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
    """Code assigned to a field of a message. Messages are shared and immutable."""

    code: ClassVar[str] = "immutable_message"
    field: str

    def __str__(self) -> str:
        return f"a message is immutable: {self.field!r} cannot be assigned; publish a new payload instead"


class ForgedMessageError(ContractError):
    """A handler published an envelope. Only the bus creates envelopes."""

    code: ClassVar[str] = "forged_message"

    def __str__(self) -> str:
        return f"{self.agent!r} published a message object; publish a payload, and the bus makes the message"


class HeadersWidenedError(ContractError):
    """The headers that a handler passed are wider than the headers that it received."""

    code: ClassVar[str] = "headers_widened"
    widened: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.agent!r} widened {', '.join(self.widened)}; headers can only be narrowed"


class TransferError(ContractError):
    """A payload cannot be sent to or from the process in which the handler runs."""

    code: ClassVar[str] = "transfer"
    problem: str

    def __str__(self) -> str:
        return f"{self.agent!r} runs in a process of its own: {self.problem}"


class RelayedError(ContractError):
    """A handler in another process raised an error of this library; the text is that of the error."""

    code: ClassVar[str] = "relayed"
    name: str
    text: str

    def __str__(self) -> str:
        return self.text


# --- routing ---


class RoutingError(GenieError):
    """A message was addressed to a recipient that cannot take it."""

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
    """The addressed agent does not consume that type."""

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


# --- policies, configuration, input ---


class PolicyError(GenieError):
    """A policy cannot be used as configured."""

    code: ClassVar[str] = "policy"
    policy: str
    problem: str

    def __str__(self) -> str:
        return f"policy {self.policy!r}: {self.problem}"


class ConfigError(GenieError):
    """A configuration file cannot be used; each of ``problems`` is a complete line ``file:line: problem``."""

    code: ClassVar[str] = "config"
    problems: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(self.problems)


class IdentityError(GenieError):
    """A caller's identity was refused. ``why`` is a stable code; the error quotes nothing of the claimed identity."""

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
    """An outside service failed. The error names its host and the rule, never a path, a query or a response.

    ``again_s`` is None when a retry cannot help; otherwise an agent's ``retry`` waits at least that many seconds.
    """

    code: ClassVar[str] = "edge"
    host: str
    problem: str
    again_s: float | None = None

    def __str__(self) -> str:
        return f"{self.host}: {self.problem}"


class ModelCallError(EdgeError):
    """A model could not answer, and another may be asked instead; ``host`` is the model's id."""

    code: ClassVar[str] = "model_call"


class FetchError(EdgeError):
    """A URL may not be fetched, or its response cannot be used."""

    code: ClassVar[str] = "fetch"


class WebhookError(EdgeError):
    """A receiver did not take a message."""

    code: ClassVar[str] = "webhook"


class NotDoneError(EdgeError):
    """Raised by an outside effect, or by its probe: the effect has certainly not happened, so it may be tried again.

    An agent's ``retry`` waits at least ``again_s`` seconds; None when a retry cannot help.
    """

    code: ClassVar[str] = "not_done"
    host = "the effect"
    problem = "has not happened"
    again_s: float | None = 0.0


class IndeterminateEffectError(GenieError):
    """It is unknown whether an outside effect has happened; its delivery waits until a person decides."""

    code: ClassVar[str] = "indeterminate"
    effect: str

    def __str__(self) -> str:
        return f"effect {self.effect} may or may not have happened; see `genie effects`, or operations.resolve_effect()"


class KeyReusedError(GenieError):
    """An idempotency key was used before with another question, answer type or caller."""

    code: ClassVar[str] = "key_reused"
    key: str

    def __str__(self) -> str:
        return f"key {self.key!r} was used before with another question; use a new key for each question"


class RuntimeFailedError(GenieError):
    """The runtime failed because of an internal error; every run in flight ended with a reason."""

    code: ClassVar[str] = "runtime_failed"
    problem: str

    def __str__(self) -> str:
        return f"the runtime failed ({self.problem}); the log states where, and every run in flight was cancelled"


class WrongThreadError(GenieError):
    """A runtime was used from another thread than that of its event loop."""

    code: ClassVar[str] = "wrong_thread"

    def __str__(self) -> str:
        return (
            "a runtime may be used only in the thread of its event loop; from another thread, use "
            "`anyio.from_thread.run(...)`, or `genie.ask`"
        )


class AskInHandlerError(GenieError):
    """A handler waited for a run through the runtime: deadlock detection does not see its wait, which may never end."""

    code: ClassVar[str] = "ask_in_handler"

    def __str__(self) -> str:
        return "a handler may not wait for a run through the runtime; use `await context.ask(...)`"


class SyncAskInHandlerError(AskInHandlerError):
    """``genie.ask`` blocks its caller, so it may not be called inside a handler."""

    code: ClassVar[str] = "sync_ask_in_handler"

    def __str__(self) -> str:
        return "genie.ask blocks its caller, so a handler may not call it; use `await context.ask(...)`"
