"""One call of a tool in the chain, and the state of a run's calls."""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING

from genie.contracts.model_call import ToolResult
from genie.edges.tools.refusals import REFUSALS

if TYPE_CHECKING:
    import anyio

    from genie.contracts.message import Payload
    from genie.contracts.model_call import ToolCall
    from genie.edges.tools.artifacts import ArtifactStore
    from genie.edges.tools.tool import Tool

MOST_FINISHED = 1_024
"""Number of writes whose results a run remembers; a further write is refused, because it could be a repetition."""
HISTORY = 32
"""Number of calls that the loop guard considers."""

INVALID_ARGUMENTS = "invalid_arguments"
UNKNOWN_TOOL = "unknown_tool"
NOT_PINNED = "not_pinned"
LOOP = "loop"
FAILING = "failing"
UNAVAILABLE = "unavailable"
TOO_MANY_CALLS = "too_many_calls"
INTERNAL_ERROR = "internal_error"
INDETERMINATE = "indeterminate"
HELD = "held"
NOT_A_FAILURE = REFUSALS | frozenset(
    {
        "", INVALID_ARGUMENTS, UNKNOWN_TOOL, NOT_PINNED, LOOP, FAILING, UNAVAILABLE, TOO_MANY_CALLS, HELD, "denied",
        "expired", "cancelled", "late", "budget", "nobody",
    }
)  # fmt: skip
"""Codes that are unrelated to the tool's health."""


class RunCalls:
    """State of one agent's calls in one run. It belongs to the run, never to a tool."""

    __slots__ = (
        "codes", "failures", "finished", "history", "joined", "refused_loop", "running", "store", "untrusted",
    )  # fmt: skip

    def __init__(self) -> None:
        self.finished: dict[tuple[str, Payload], ToolResult] = {}
        """Finished writes, by name and arguments."""
        self.running: dict[tuple[str, Payload], Attempt] = {}
        """Writes that have not ended."""
        self.history: deque[tuple[str, int, int]] = deque(maxlen=HISTORY)
        """Name, hash of the arguments, hash of the result; newest last."""
        self.failures: dict[str, tuple[int, float]] = {}
        """Tool -> consecutive failures, and time of the last."""
        self.codes: Counter[str] = Counter()
        """Number of calls by code; empty for success."""
        self.joined = 0
        """Number of calls that took the result of another."""
        self.untrusted = False
        """True once untrusted text was read."""
        self.store: ArtifactStore | None = None
        """Stores long results, if a tool can read them."""
        self.refused_loop = False
        """The loop guard has refused a call."""


class Attempt:
    """One call in progress; each layer reads and updates it."""

    __slots__ = (
        "answer",
        "arguments_hash",
        "call",
        "code",
        "done",
        "key",
        "payload",
        "repaired",
        "result",
        "run",
        "tool",
    )

    def __init__(self, call: ToolCall, tool: Tool, run: RunCalls) -> None:
        self.call = call
        self.tool = tool
        self.run = run
        self.payload: Payload | None = None
        self.key: tuple[str, Payload] | None = None
        self.answer: Payload | None = None
        self.arguments_hash = 0
        self.code = ""
        self.result: ToolResult | None = None
        self.done: anyio.Event | None = None
        """Set at the end if another call waits for this result."""
        self.repaired = False

    def refused(self, code: str, text: str) -> ToolResult:
        """Return the result of a call that is not executed."""
        self.code = code
        self.result = ToolResult(id=self.call.id, name=self.call.name, text=text, code=code)
        return self.result
