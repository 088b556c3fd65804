"""Runs a suite: every question against every variant, several at once, as often as the suite states."""

from __future__ import annotations

import hashlib
import json
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import anyio
from pydantic import ValidationError

from genie.config.loader import load
from genie.contracts.loop_call import Judgement, ToJudge
from genie.contracts.model_call import Document
from genie.contracts.problems import problem_of
from genie.errors import GenieError, InputError, RunError, code_of
from genie.evaluation.checks import Finding, Made, caused, findings, tools_of
from genie.evaluation.results import Answered, Outcome, Variant
from genie.evaluation.suite import CANARY
from genie.loops.judge import NOT_JUDGED
from genie.loops.prompt import Prompt
from genie.runtime.runtime import Runtime

if TYPE_CHECKING:
    from collections.abc import Callable

    from genie.config.pipeline import Pipeline
    from genie.contracts.message import Payload
    from genie.evaluation.suite import DocumentSection, QuestionSection, Suite, VariantSection

LONGEST_S = 300.0
"""Seconds for one answer if neither the suite nor the pipeline sets a limit."""


async def run_suite(suite: Suite, told: Callable[[int, int], object] = lambda _done, _all: None) -> Outcome:
    """Run a suite.

    Args:
        suite: The suite.
        told: Called with the number of answers so far, and their total.

    Raises:
        InputError: A question does not fit the pipeline.
    """
    section = suite.section
    count = len(section.variants) * len(section.questions) * section.repeat
    done = 0

    def one_more() -> None:
        nonlocal done
        done += 1
        told(done, count)

    async with AsyncExitStack() as stack:
        judge: Runtime | None = None
        if section.judge is not None:
            judge = await stack.enter_async_context(Runtime.from_pipeline(load(suite.place(section.judge))))
        variants = [await _variant(suite, variant, judge, one_more) for variant in section.variants]
    return Outcome(section.id, section.title, digest_of(suite), section.least, tuple(variants))


def digest_of(suite: Suite) -> str:
    """Return the digest of a suite's questions."""
    asked = [one.model_dump(mode="json") for one in suite.section.questions]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]


async def _variant(
    suite: Suite, variant: VariantSection, judge: Runtime | None, told: Callable[[], None]
) -> Variant:  # fmt: skip
    section = suite.section
    pipeline = load(suite.place(section.pipeline), overrides=variant.set)
    questions = [(one, asked(pipeline, one)) for one in section.questions]
    prompts = tuple(sorted({f"{one.name}@{one.sha256[:8]}" for one in _prompts(pipeline)}))
    found: list[Answered] = []
    room = anyio.CapacityLimiter(section.at_once)
    async with Runtime.from_pipeline(pipeline) as runtime, anyio.create_task_group() as tasks:

        async def answer(question: QuestionSection, payload: Payload, repeat: int) -> None:
            async with room:
                found.append(await _Asking(suite, pipeline, runtime, judge).answered(question, payload, repeat))
            told()

        for question, payload in questions:
            for repeat in range(section.repeat):
                tasks.start_soon(answer, question, payload, repeat)
    order = {one.id: at for at, one in enumerate(section.questions)}
    found.sort(key=lambda one: (order[one.question], one.repeat))
    models = sorted({one.model for one in found if one.model})
    return Variant(variant.id, tuple(models), prompts, tuple(found))


def _prompts(pipeline: Pipeline) -> list[Prompt]:
    found = [getattr(one.agent, "prompt", None) for one in pipeline.bindings]
    return [one for one in found if isinstance(one, Prompt)]


def asked(pipeline: Pipeline, question: QuestionSection, more: tuple[DocumentSection, ...] = ()) -> Payload:
    """Return the question's payload.

    Raises:
        InputError: The question does not fit the pipeline.
    """
    made: Payload | None = None
    if question.ask is not None:
        made = pipeline.input.question(question=question.ask)
    values: dict[str, Any] = {} if made is None else made.model_dump()
    values |= question.payload
    documents = (*question.documents, *more)
    if documents:
        values["documents"] = tuple(Document(name=one.name, text=one.text) for one in documents)
    try:
        return pipeline.entry.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise InputError(f"question {question.id!r}: {place}", problem_of(first)) from None


class _Asking:
    """Asks one question, as often as needed to judge its answer.

    Args:
        suite: The suite.
        pipeline: The pipeline of the variant.
        runtime: The open runtime of the pipeline.
        judge: The open runtime of the suite's judge.
    """

    def __init__(self, suite: Suite, pipeline: Pipeline, runtime: Runtime, judge: Runtime | None) -> None:
        self._suite, self._pipeline, self._runtime, self._judge = suite, pipeline, runtime, judge

    async def answered(self, question: QuestionSection, payload: Payload, repeat: int) -> Answered:
        """Return the result of a question."""
        made = await self._made(payload)
        found = [*findings(question, made)]
        if question.checks.judge is not None and made.answer is not None:
            found.append(await self._judged(question, question.checks.judge, made))
        tools = None if question.calls is None else tools_of(question.calls, made)
        if tools is not None:
            found.append(Finding("calls", tools.known and tools.right == tools.of, f"{tools.right} of {tools.of}"))
        by_injection: tuple[str, ...] | None = None
        if question.injection is not None:
            by_injection = await self._by_injection(question, made, repeat, found)
        return Answered(
            question=question.id, repeat=repeat, findings=tuple(found), model=made.model, cost=made.cost,
            tokens=made.tokens, seconds=made.seconds, tools=tools, by_injection=by_injection,
        )  # fmt: skip

    async def _made(self, payload: Payload) -> Made:
        within_s = self._suite.section.within_s or self._pipeline.within_s or LONGEST_S
        began = anyio.current_time()
        answer: Payload | None = None
        failed = ""
        try:
            answer = await self._runtime.ask(payload, self._pipeline.answer, within_s=within_s, notices=[])
        except RunError as error:
            failed = code_of(error)
        except GenieError as error:
            failed = code_of(error)
        return Made(answer, failed, anyio.current_time() - began)

    async def _judged(self, question: QuestionSection, criterion: str, made: Made) -> Finding:
        if self._judge is None:  # the suite was loaded without one; this is refused earlier
            return Finding("judge", holds=False, detail="no_judge")
        asked_of = ToJudge(goal=question.ask or question.id, answer=made.text, criterion=criterion)
        try:
            found = await self._judge.ask(asked_of, Judgement, within_s=LONGEST_S)
        except GenieError as error:
            return Finding("judge", holds=False, detail=code_of(error))
        return Finding("judge", found.accepted, NOT_JUDGED if found.reason.startswith(NOT_JUDGED) else "")

    async def _by_injection(
        self, question: QuestionSection, clean: Made, repeat: int, found: list[Finding]
    ) -> tuple[str, ...]:
        """Ask again with the document, and return the tools whose calls it caused."""
        injection = question.injection
        if injection is None:
            return ()
        canary = f"zq{hashlib.sha256(f'{question.id}:{repeat}'.encode()).hexdigest()[:10]}"
        document = injection.document.model_copy(update={"text": injection.document.text.replace(CANARY, canary)})
        injected = await self._made(asked(self._pipeline, question, (document,)))
        tools = tuple(caused(clean, injected, canary, question.calls or ()))
        found.append(Finding("injection", not tools, ", ".join(tools)))
        if not injection.repeats:
            found.append(Finding("injection repeated", canary not in injected.text, ""))
        return tools
