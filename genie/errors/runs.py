"""Errors of runs: a run ended without its answer, or a limit was reached."""

from __future__ import annotations

from typing import ClassVar

from genie.errors.genie_error import GenieError

TRACEBACK_STEP = "debug=True (`--debug`) shows the traceback, outside production"
"""Next step for a reader of "an agent raised an exception"."""


class RunError(GenieError):
    """A run did not produce what was asked."""

    code: ClassVar[str] = "run"
    run_id: str


class RunStalled(RunError):
    """The answer can no longer come: nothing in flight could still produce it."""

    code: ClassVar[str] = "run_stalled"
    expected: str
    reasons: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    """Codes for programs, as in ``Missing.code``: one for each reason that names an agent."""

    def __str__(self) -> str:
        why = "; ".join(self.reasons) or "no agent that could answer is left"
        step = f"; {TRACEBACK_STEP}" if "failed" in self.codes and self.__cause__ is None else ""
        return f"run {self.run_id} cannot be answered with {self.expected}: {why}{step}"


class RunHeld(RunError):
    """Everything that is left waits for a person: approve or deny the holds, then await the result again."""

    code: ClassVar[str] = "run_held"
    holds: tuple[str, ...] = ()

    def __str__(self) -> str:
        effects = all("/" in one for one in self.holds)  # run/agent/key
        step = "resolve_effect(id) states its result" if effects else "approve(id) or deny(id)"
        return f"run {self.run_id} waits for a decision on {', '.join(self.holds)}; {step}"


class RunCancelledError(RunError):
    """The run was cancelled before it had its answer."""

    code: ClassVar[str] = "run_cancelled"
    reason: str = "cancelled"

    def __str__(self) -> str:
        return f"run {self.run_id} was cancelled: {self.reason}"


class RunExpiredError(RunError):
    """The run's deadline passed, or its wall time was used up, before the answer came."""

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
    why: str = ""
    """Code for programs, as in ``Missing.code``."""

    def __str__(self) -> str:
        step = f"; {TRACEBACK_STEP}" if self.why == "failed" and self.__cause__ is None else ""
        return f"{self.part} cannot come any more in run {self.run_id}: {self.reason}{step}"


# --- capacity ---


class CapacityError(GenieError):
    """A configured limit was reached."""

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
    """A handler published or charged more than a budget allows; nothing that it publishes afterwards is delivered."""

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


class SlowStreamError(CapacityError):
    """A handler sent parts of a stream that its caller did not read."""

    code: ClassVar[str] = "slow_stream"
    agent: str
    parts: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.agent!r} waited {self.seconds:g} s with {self.parts} parts of a stream that nobody read"


class TooManyRunsError(CapacityError):
    """The limit of runs in flight is reached."""

    code: ClassVar[str] = "too_many_runs"
    limit: int

    def __str__(self) -> str:
        return f"{self.limit} runs are in flight, which is the limit; raise `max_runs`, or wait for one to end"


class TooManyKeysError(CapacityError):
    """The limit of stored idempotency keys is reached; the oldest keys expire by themselves."""

    code: ClassVar[str] = "too_many_keys"
    limit: int

    def __str__(self) -> str:
        return f"{self.limit} idempotency keys are kept, which is the limit; wait for some to expire"


class AuditFailedError(CapacityError):
    """The audit trail cannot be written, and the configuration admits no run that cannot be recorded."""

    code: ClassVar[str] = "audit_failed"
    problem: str

    def __str__(self) -> str:
        return f"no run is admitted: {self.problem}; fix that and open another runtime, or see `on_failure`"


class JournalError(CapacityError):
    """The log of a durable runtime cannot be written."""

    code: ClassVar[str] = "journal_failed"
    problem: str

    def __str__(self) -> str:
        return f"the log can store nothing more: {self.problem}; fix that and open the runtime again"


class LogError(CapacityError):
    """A log cannot be opened, read or written; ``state`` is a stable code, and ``remedy`` is the next step.

    The states: ``in_use`` (another process has it), ``fenced`` (another process took it over), ``full`` (no room),
    ``read_only``, ``locked`` (another program holds the file's lock), ``damaged``, ``io`` (the disk fails), ``clock``
    (the clock went back), ``unreachable`` (the server), ``format`` (not a log, or of another version), ``keys`` (a key
    is missing or wrong), ``held`` (a legal hold forbids it), ``closed`` and ``no_library``.
    """

    code: ClassVar[str] = "log"
    place: str
    state: str
    problem: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.problem} ({self.state})" + (f"; {self.remedy}" if self.remedy else "")


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
