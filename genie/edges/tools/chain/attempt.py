"""One call of a tool on its way through the chain, and what a run remembers of its calls."""

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
"""Results of writes that a run remembers; a further write is refused, because it could be a repetition."""
HISTORY = 32
"""Calls that the loop guard looks back on."""

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
"""Codes that say nothing of the tool's health."""


class RunCalls:
    """What one agent's calls in one run have come to. It belongs to the run, never to a tool."""

    __slots__ = (
        "codes", "failures", "finished", "history", "joined", "refused_loop", "running", "store", "untrusted",
    )  # fmt: skip

    def __init__(self) -> None:
        self.finished: dict[tuple[str, Payload], ToolResult] = {}
        """Writes that have ended, by name and arguments."""
        self.running: dict[tuple[str, Payload], Attempt] = {}
        """Writes that have not ended."""
        self.history: deque[tuple[str, int, int]] = deque(maxlen=HISTORY)
        """Name, hash of the arguments, hash of the result; newest last."""
        self.failures: dict[str, tuple[int, float]] = {}
        """Tool -> failures in a row, and when the last was."""
        self.codes: Counter[str] = Counter()
        """How calls ended, by code; empty for success."""
        self.joined = 0
        """Calls that took the result of another."""
        self.untrusted = False
        """Words from outside have been read."""
        self.store: ArtifactStore | None = None
        """Keeps long results, where a tool reads them."""
        self.refused_loop = False
        """The loop guard has refused a call."""


class Attempt:
    """One call on its way; each layer reads and writes it."""

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
        """Set at the end, where another call waits for this one's result."""
        self.repaired = False

    def refused(self, code: str, text: str) -> ToolResult:
        """Return the result of a call that is not made."""
        self.code = code
        self.result = ToolResult(id=self.call.id, name=self.call.name, text=text, code=code)
        return self.result
