"""A provider that answers by rules: for tests, simulations and machines without a model.

It waits on the event loop's clock alone, so a simulation runs it in virtual time.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Annotated, ClassVar, NamedTuple

import anyio
from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from genie.contracts.model_call import FailureClass, JsonText, Role, Stop, Text, ToolCall, Usage
from genie.contracts.ports.provider import ProviderError, WireDelta, WireEnd, WirePart, WireRates, WireUsage
from genie.edges.llm.chaos import ChaosProvider, Fault, numbered
from genie.edges.llm.scripted_tools import answered_by, filled

if TYPE_CHECKING:
    from genie.contracts.model_call import ModelRequest

KEPT_CALLS = 1_024
"""Maximum number of remembered requests; the oldest are dropped."""
BYTES_PER_TOKEN = 4
"""Number of characters per token of a scripted model."""

Step = WirePart | ProviderError | float
"""A part to send, an error to raise, or seconds to wait."""
Script = Sequence[Step]


class Rule(NamedTuple):
    """The answer to a kind of request."""

    when: Callable[[ModelRequest], bool] | str
    """A predicate of the judged request, or text that its last user turn contains; ``""`` matches everything."""
    answer: str | Script | Callable[[ModelRequest], str | Script]
    """A text, steps, or a function that creates them from the request."""
    times: int | None = None
    """How often the rule applies; None for always."""


class ScriptedProvider:
    """Answers each request by the first rule that matches.

    Args:
        rules: Tried in order. A request that none matches fails as ``not_found``.
        family: As of ``Provider``.
        window: As of ``Provider``.
        model: Name that its replies carry.
    """

    def __init__(
        self, *rules: Rule, family: str = "scripted/scripted", window: int = 128_000, model: str = "scripted"
    ) -> None:
        self._rules = rules
        self._used = [0] * len(rules)
        self.family, self.window, self.model = family, window, model
        self.requests: deque[ModelRequest] = deque(maxlen=KEPT_CALLS)
        """Requests, newest last."""
        self.calls = 0
        """Number of streams opened."""
        self.ended = 0
        """Number of streams that have ended: complete, failed, or closed by the caller."""
        self.sent = 0
        """Parts that were sent."""
        self.closed = False

    async def open(
        self, request: ModelRequest, *, first_token_s: float, idle_s: float
    ) -> AsyncGenerator[WirePart, None]:
        """Send the answer of the matching rule."""
        self.calls += 1
        self.requests.append(request)
        limit = first_token_s
        try:
            for step in self._script(request):
                if isinstance(step, float | int):
                    await anyio.sleep(min(step, limit))
                    if step > limit:
                        raise ProviderError(FailureClass.TIMEOUT)
                elif isinstance(step, ProviderError):
                    raise step
                else:
                    self.sent += 1
                    limit = idle_s
                    yield step
        finally:
            self.ended += 1

    async def close(self) -> None:
        """Record that it was closed."""
        self.closed = True

    def _script(self, request: ModelRequest) -> Script:
        for index, rule in enumerate(self._rules):
            if rule.times is not None and self._used[index] >= rule.times:
                continue
            if rule.when(request) if callable(rule.when) else rule.when in last_words(request):
                self._used[index] += 1
                answer = rule.answer(request) if callable(rule.answer) else rule.answer
                return says(answer, request=request, model=self.model) if isinstance(answer, str) else answer
        raise ProviderError(FailureClass.NOT_FOUND, code="no_rule")


class ScriptedLine(BaseModel):
    """One rule of a scripted model in a file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    when: str = Field(default="", max_length=10_000, description="Text in the last user turn; empty matches all.")
    after: str = Field(default="", max_length=64, description="A tool that has just answered; empty if none has.")
    say: str = Field(
        default="", max_length=100_000,
        description="The reply; `{question}` is replaced by the last user turn, `{result.path}` for a value of the "
                    "tool.",
    )  # fmt: skip
    call: dict[str, dict[str, JsonValue]] = Field(
        default_factory=dict, max_length=32, description="Tools to call instead, each with its arguments."
    )


class ScriptedSettings(BaseModel):
    """A model that answers from a file, without a network."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = Field(default="scripted", min_length=1, max_length=256, description="Name that its replies carry.")
    window: int = Field(default=128_000, ge=1, le=100_000_000, description="Tokens of context.")
    rules: tuple[ScriptedLine, ...] = Field(
        default=(ScriptedLine(say="This is a scripted answer to: {question}"),), min_length=1, max_length=1_000
    )
    faults: dict[Fault, Annotated[float, Field(ge=0, le=1)]] = Field(
        default_factory=dict, description="Fault -> fraction of the calls; for simulations and drills."
    )
    seed: int = Field(default=1, description="Seed of the faults: the same calls fail each time.")

    @model_validator(mode="after")
    def _together(self) -> ScriptedSettings:
        if sum(self.faults.values()) > 1:
            raise ValueError("the fractions of faults must add up to at most 1")
        return self


class ScriptedModel(ScriptedProvider):
    """The wire ``scripted``.

    Args:
        settings: Settings of an entry of ``models:``.
    """

    Settings: ClassVar[type[BaseModel]] = ScriptedSettings

    def __init__(self, settings: ScriptedSettings) -> None:
        rules = [Rule(_matching(line), _answering(line)) for line in settings.rules]
        super().__init__(*rules, window=settings.window, model=settings.model)
        inner = ScriptedProvider(*rules, window=settings.window, model=settings.model)
        self._trouble = ChaosProvider(inner, numbered(settings.seed, settings.faults)) if settings.faults else None

    async def open(
        self, request: ModelRequest, *, first_token_s: float, idle_s: float
    ) -> AsyncGenerator[WirePart, None]:
        """Send the answer of the matching rule, with faults."""
        own = super().open if self._trouble is None else self._trouble.open
        async with aclosing(own(request, first_token_s=first_token_s, idle_s=idle_s)) as parts:
            async for part in parts:
                yield part


def _matching(line: ScriptedLine) -> Callable[[ModelRequest], bool]:
    return lambda request: line.when in last_words(request) and answered_by(request, line.after)


def _answering(line: ScriptedLine) -> Callable[[ModelRequest], str | Script]:
    wanted = [(name, json.dumps(arguments)) for name, arguments in line.call.items()]
    if wanted:
        return lambda request: calls(*wanted, text=line.say, request=request)
    return lambda request: filled(line.say, request).replace("{question}", last_words(request))


def last_words(request: ModelRequest) -> str:
    """Return the text of the last user turn; empty where there is none."""
    for turn in reversed(request.turns):
        if turn.role is Role.USER:
            return "\n".join(part.text for part in turn.parts if isinstance(part, Text))
    return ""


def says(
    text: str,
    *,
    pieces: Sequence[str] | None = None,
    request: ModelRequest | None = None,
    stop: Stop = Stop.ANSWERED,
    usage: Usage | None = None,
    model: str = "scripted",
    between_s: float = 0.0,
) -> Script:
    """Return the script of a text reply, one word per delta unless ``pieces`` sets the cuts."""
    cut = [word + " " for word in text.split(" ")] if pieces is None else list(pieces)
    if pieces is None and cut:
        cut[-1] = cut[-1][:-1]
    steps: list[Step] = []
    for piece in cut:
        if between_s:
            steps.append(between_s)
        steps.append(WireDelta(0, "text", piece))
    spent = tokens_of(request, text) if usage is None else usage
    return [*steps, WireEnd((Text(text=text),), stop, spent, model)]


def calls(*wanted: tuple[str, str], text: str = "", request: ModelRequest | None = None) -> Script:
    """Return the script of a reply that asks for tools, each as its name and its arguments as JSON text."""
    parts: list[Text | ToolCall] = [Text(text=text)] if text else []
    number = 0 if request is None else len(request.turns)
    steps: list[Step] = [WireDelta(0, "text", text)] if text else []
    for index, (name, arguments) in enumerate(wanted):
        steps.append(WireDelta(len(parts), "call", arguments))
        parts.append(ToolCall(id=f"call_{number}_{index}", name=name, arguments=JsonText(arguments)))
    spent = tokens_of(request, text + "".join(arguments for _, arguments in wanted))
    return [*steps, WireEnd(tuple(parts), Stop.TOOL_CALLS, spent, "scripted")]


def fails(failure: FailureClass, *, after: Sequence[str] = (), retry_after_s: float | None = None) -> Script:
    """Return the script of a call that fails, after some deltas if any are given."""
    steps: list[Step] = [WireDelta(0, "text", piece) for piece in after]
    return [*steps, ProviderError(failure, retry_after_s=retry_after_s)]


def tokens_of(request: ModelRequest | None, text: str) -> Usage:
    """Return the usage that a scripted model counts for a request and its answer."""
    asked = 0 if request is None else len(request.model_dump_json(include={"turns"}))
    return Usage(input=-(-asked // BYTES_PER_TOKEN), output=-(-len(text.encode()) // BYTES_PER_TOKEN))


def rates(*, requests: int | None = None, tokens: int | None = None, reset_s: float = 1.0) -> WireRates:
    """Return the rate limits as in a provider's headers."""
    remaining = {kind: n for kind, n in (("requests", requests), ("tokens", tokens)) if n is not None}
    return WireRates(remaining, dict.fromkeys(remaining, reset_s))


def used(*, input: int = 0, output: int = 0) -> WireUsage:  # noqa: A002 - the field's own name
    """Return usage as stated so far."""
    return WireUsage(Usage(input=input, output=output))
