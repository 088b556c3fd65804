"""The shape react: a model that calls tools until it has an answer, with all its stop reasons."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar, cast

from genie.contracts.card import AgentCard, Risk, Tier
from genie.contracts.classification import Classification
from genie.contracts.loop_call import AnswerGiven, CallRecord, Link, LoopAnswer, StopReason, Subtask, Task
from genie.contracts.model_call import (
    JsonText,
    ModelFailed,
    ModelReply,
    ModelRequest,
    Role,
    Sampling,
    ToolCall,
    ToolResult,
    Trust,
    Turn,
)
from genie.contracts.ports.vault import Vault
from genie.edges.llm.pseudonyms import restored
from genie.edges.tools.chain.attempt import HELD, RunCalls
from genie.edges.tools.toolbox import Toolbox
from genie.loops.budget import Amount, Cap, Share
from genie.loops.conversation import Conversation, Ended
from genie.loops.prompt import Prompt, fenced, shipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from genie.contracts.context import Context
    from genie.contracts.headers import Headers
    from genie.contracts.loop_call import TaskBudget
    from genie.contracts.message import Message, Payload
    from genie.contracts.model_call import Document
    from genie.edges.tools.lock import Lock
    from genie.edges.tools.tool import Tool

MOST_CALLS = 1_024
"""Maximum number of tool calls of one task; a further one ends it with ``max_steps``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Result of a check of an answer."""

    code: str = ""
    """Empty if it is accepted."""
    told: str = ""
    """Text for the model about a refusal."""
    links: tuple[Link, ...] = ()


Check = Callable[[str, "Sequence[tuple[ToolCall, ToolResult]]", str], Checked]
"""Checks an answer, given the calls with their results, and the goal."""


class DocumentCheck(ABC):
    """A check that needs the documents of a task."""

    @abstractmethod
    def over(self, documents: Sequence[Document]) -> Check:
        """Return the check of an answer that was written from some documents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopLimits:
    """Limits of one task."""

    max_steps: int = 12
    """Model calls."""
    max_output: int = 1_024
    """Tokens of one reply."""
    tokens: int | None = None
    """Tokens of all replies and requests."""
    cost: Decimal | None = None
    calls: int | None = None
    """Calls of models and tools."""
    wall_s: float | None = None
    on_refusal: int = 1
    """Number of times that the model may answer again after a refusal by a check."""

    def share(self, given: TaskBudget | None = None) -> Share:
        """Return a budget of these limits, and of those that the sender of the task sets."""
        if given is None:
            return Share(Cap(self.tokens, self.cost, self.calls))
        return Share(
            Cap(_least(self.tokens, given.tokens), _least(self.cost, given.cost), _least(self.calls, given.calls))
        )


N = TypeVar("N", int, Decimal)


def _least(one: N | None, other: N | None) -> N | None:
    given = [value for value in (one, other) if value is not None]
    return min(given, default=None)


class React:
    """A model that calls tools: an agent that takes a task and answers ``LoopAnswer``.

    Args:
        id: Id of the agent.
        model: Id of the model agent.
        tools: The tools that the model may call.
        lock: The approved versions of the tools.
        limits: Limits of one task.
        prompt: System prompt, and the form of the first turn.
        check: Checks every answer before it leaves.
        form: Payload class that the answer's text must fit.
        roles_after_untrusted: Roles that tool calls keep once the loop has read untrusted text.
        clearance: Highest label that the loop may read.
        sampling: Sampling settings of the model.
        pseudonyms: Replace stand-ins in the model's answer by their values; needs a bound ``Vault``.
        consumes: ``Subtask`` for a loop that is part of others.
        **card: Further fields of the card, such as ``risk`` and ``tier``.
    """

    isolated = True  # the handler stores the state of a run; the object only settings and breakers

    def __init__(  # noqa: PLR0913 - keyword-only, each with a default
        self,
        id: str,  # noqa: A002 - the card's own word
        *,
        model: str,
        tools: Iterable[Tool] | Toolbox = (),
        lock: Lock | None = None,
        limits: LoopLimits | None = None,
        prompt: Prompt | str = "react.v1",
        check: Check | DocumentCheck | None = None,
        form: type[Payload] | None = None,
        roles_after_untrusted: frozenset[str] = frozenset(),
        clearance: Classification | str = Classification.CONFIDENTIAL,
        sampling: Sampling | None = None,
        pseudonyms: bool = False,
        consumes: tuple[type[Task], ...] = (Task, Subtask),
        **card: Any,
    ) -> None:
        self.toolbox = tools if isinstance(tools, Toolbox) else Toolbox(tools, lock=lock)
        self.model = model
        self.limits = limits or LoopLimits()
        self.prompt = shipped(prompt) if isinstance(prompt, str) else prompt
        self.check, self.form = check, form
        self.roles_after_untrusted = roles_after_untrusted
        self.sampling, self.pseudonyms = sampling, pseudonyms
        if pseudonyms:
            card["ports"] = (*card.get("ports", ()), cast("type", Vault))
        self._outward = Task in consumes
        """Its answers go to a caller, not to another loop."""
        options: dict[str, Any] = {"risk": Risk.MEDIUM, "tier": Tier.BETA, "concurrency": 8, "name": id, **card}
        self.card = AgentCard(
            id=id, description=options.pop("description", f"Answers tasks with {len(self.toolbox.tools)} tools."),
            consumes=consumes, produces=(LoopAnswer,), publishes=(AnswerGiven,) if self._outward else (),
            clearance=Classification.parse(clearance),
            asks=MappingProxyType({ModelRequest: (ModelReply, ModelFailed), **self.toolbox.asks()}), **options,
        )  # fmt: skip

    async def handle(self, message: Message[Any], context: Context) -> LoopAnswer:
        """Work on a task until it is answered, or cannot be."""
        task: Task = message.payload
        answer = await self.work(task, context, self.limits.share(task.budget))
        if self._outward and answer.answered and context.wanted(AnswerGiven):
            await context.publish(AnswerGiven(goal=task.goal, answer=answer.text))
        return answer

    async def work(self, task: Task, context: Context, share: Share) -> LoopAnswer:
        """Work on a task within a budget."""
        talk = Conversation(
            context, self.model, share, wall_s=self.limits.wall_s, tools=self.toolbox.specs,
            max_output=self.limits.max_output, sampling=self.sampling, purpose=self.card.id[:128],
        )  # fmt: skip
        run = RunCalls()
        if any(tool.effect == "write" for tool in self.toolbox.tools):
            # Writes happen once per run, not once per task; loops and failures are counted per task.
            run.finished, run.running = context.state.setdefault("writes", (run.finished, run.running))
        run.untrusted = bool(task.documents)
        made: list[tuple[ToolCall, ToolResult]] = []
        text, stop, detail = "", StopReason.MAX_STEPS, ""
        links: tuple[Link, ...] = ()
        _begin(talk, self.prompt, task)
        try:
            text, links = await self._steps(talk, task, context, run, made)
            stop = StopReason.ANSWERED
        except Ended as ended:
            stop, detail, text = ended.stop, ended.detail, ended.text
        structured = JsonText(text) if stop is StopReason.ANSWERED and self.form is not None else None
        return LoopAnswer(
            stop=stop, detail=detail, text=text, structured=structured, links=links,
            calls=tuple(_record(call, result) for call, result in made), steps=talk.steps, usage=talk.usage,
            cost=talk.cost, model=talk.served,
        )  # fmt: skip

    async def _steps(
        self, talk: Conversation, task: Task, context: Context, run: RunCalls, made: list[tuple[ToolCall, ToolResult]]
    ) -> tuple[str, tuple[Link, ...]]:
        refusals = wrong_forms = 0
        while talk.steps < self.limits.max_steps:
            spoken = await talk.speak(headers=None, form=self.form)
            if spoken.calls:
                await self._calls(spoken.calls, talk, context, run, made)
                continue
            if self.form is not None:
                found = Conversation.read(self.form, spoken.text)
                if isinstance(found, str):
                    wrong_forms += 1
                    if wrong_forms > 1:
                        raise Ended(StopReason.MALFORMED, "form", spoken.text)
                    talk.add(Role.USER, found, source="loop")
                    continue
            text = spoken.text
            if self.pseudonyms:
                port: Any = Vault
                vault, tenant = context.port(port), context.headers.tenant
                text = restored(text, talk.turns, vault, tenant, in_json=self.form is not None)
            check = self.check.over(task.documents) if isinstance(self.check, DocumentCheck) else self.check
            checked = Checked() if check is None else check(text, made, task.goal)
            if not checked.code:
                return text, checked.links
            refusals += 1
            if refusals > self.limits.on_refusal:
                raise Ended(StopReason.REFUSED, checked.code, spoken.text)
            talk.add(Role.USER, checked.told or f"Your answer was refused: {checked.code}.", source="check")
        raise Ended(StopReason.MAX_STEPS)

    async def _calls(
        self, calls: tuple[ToolCall, ...], talk: Conversation, context: Context, run: RunCalls,
        made: list[tuple[ToolCall, ToolResult]],
    ) -> None:  # fmt: skip
        """Make the calls of one turn, and add their results as the next turn."""
        if len(made) + len(calls) > MOST_CALLS:
            raise Ended(StopReason.MAX_STEPS, "calls")
        ticket = talk.share.reserve(Amount(calls=len(calls)))
        if ticket is None:
            raise Ended(StopReason.BUDGET, "share")
        talk.share.settle(ticket, Amount(calls=len(calls)))
        left = talk.left()
        results = await self._within(left, calls, context, run)
        made += zip(calls, results, strict=True)
        trusted = not run.untrusted
        talk.add_turn(
            Turn(
                role=Role.TOOL, parts=results, trust=Trust.TRUSTED if trusted else Trust.UNTRUSTED, source=self.card.id
            )
        )
        if run.refused_loop:
            raise Ended(StopReason.LOOP)
        codes = {result.code for result in results}
        if codes == {HELD}:
            raise Ended(StopReason.HELD)
        if "budget" in codes:
            raise Ended(StopReason.BUDGET, "budget")

    async def _within(
        self, left: float | None, calls: tuple[ToolCall, ...], context: Context, run: RunCalls
    ) -> tuple[ToolResult, ...]:
        headers = self._headers(context, run)
        if left is None:
            return await self.toolbox.call(calls, context, run, headers=headers)
        import anyio  # noqa: PLC0415 - start-up: for tasks with an end

        with anyio.move_on_after(left):
            return await self.toolbox.call(calls, context, run, headers=headers)
        raise Ended(StopReason.DEADLINE)

    def _headers(self, context: Context, run: RunCalls) -> Headers | None:
        """Return headers with fewer roles once untrusted text was read, which may contain instructions."""
        if not run.untrusted:
            return None
        headers = context.headers
        return (
            headers
            if headers.roles <= self.roles_after_untrusted
            else headers.narrowed(roles=self.roles_after_untrusted)
        )


def _begin(talk: Conversation, prompt: Prompt, task: Task) -> None:
    """Start with the system prompt and the pinned goal."""
    talk.add_turn(prompt.turn)
    documents = "\n\n".join(fenced(document.text, document.name) for document in task.documents)
    values = {"goal": task.goal} | ({"documents": documents} if "documents" in prompt.slots else {})
    trust = Trust.UNTRUSTED if documents else Trust.TRUSTED
    talk.add(Role.USER, prompt.render(**values), trust=trust, source="user", pinned=True)


def _record(call: ToolCall, result: ToolResult) -> CallRecord:
    return CallRecord(id=call.id, tool=call.name, arguments=call.arguments, code=result.code)
