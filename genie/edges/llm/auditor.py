"""An auditor in the background: a judge looks at a sample of answers, and at answers that people have judged.

What it says of the sample is published as ``audit.judged``; monitors of quality subscribe to it. From answers that
people have labelled it reports how far the judge agrees with them, which says what its judgements are worth.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field

from genie.contracts.agent import Handlers, handles
from genie.contracts.context import Context
from genie.contracts.loop_call import AnswerGiven, AnswerJudged, Judgement, ToJudge
from genie.contracts.message import Payload, Value
from genie.contracts.model_call import PartText
from genie.contracts.proportions import agreement, wilson
from genie.errors import PartMissingError

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_LABELLED = 10_000
NOT_JUDGED = "not judged"
"""Start of a judge's reason where its model said nothing that can be used."""
LEAST_LABELLED = 30
"""Labelled answers from which an agreement is worth a number to act on."""


class Labelled(Value):
    """An answer that a person has judged."""

    goal: Annotated[str, Field(max_length=200_000)]
    answer: PartText
    accepted: bool


class LabelledAnswers(Payload, topic="audit.labelled"):
    """Answers with people's labels."""

    answers: Annotated[tuple[Labelled, ...], Field(min_length=1, max_length=MOST_LABELLED)]


class AuditReport(Payload, topic="audit.agreement"):
    """How far a judge agrees with people."""

    answers: int
    judged: int
    """Of them; the others no model could judge."""
    agreed: int
    low: float
    """Of the interval that holds the true rate of agreement in 95 of 100 cases."""
    high: float
    kappa: float | None
    """Cohen's kappa: agreement beyond chance; None where it is not defined."""
    too_lenient: int
    """The judge accepts what people refused."""
    too_strict: int
    text: str


class AuditorSettings(BaseModel):
    """Settings of the auditor."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    judge: str = Field(default="judge", max_length=100, description="Id of the agent that judges.")
    share: float = Field(default=0.1, gt=0, le=1, description="Share of the answers that are judged.")
    criterion: str = Field(default="", max_length=10_000, description="What an answer must satisfy.")


class Auditor(
    Handlers, id="auditor", asks={ToJudge: (Judgement,)}, publishes=(AnswerJudged,), settings=AuditorSettings,
    capabilities=("audit.answers",), risk="medium", tier="beta", clearance="confidential", concurrency=4,
):  # fmt: skip
    """Judges a share of the answers that it sees, and reports how far its judge agrees with people."""

    @handles
    async def sample(self, given: AnswerGiven, context: Context) -> None:
        """Judge an answer of the sample; which ones are in it follows from their words, so it is the same each time."""
        settings: AuditorSettings = context.settings
        digest = hashlib.sha256(f"{given.goal}\0{given.answer}".encode(errors="surrogatepass"))
        if int.from_bytes(digest.digest()[:8]) >= settings.share * 2**64:
            return
        found = await _judged(given.goal, given.answer, context)
        await context.publish(
            AnswerJudged(answer_sha256=digest.hexdigest(), accepted=bool(found), judged=found is not None)
        )

    @handles
    async def compare(self, labelled: LabelledAnswers, context: Context) -> AuditReport:
        """Judge answers that people have judged, and report the agreement."""
        said = [await _judged(one.goal, one.answer, context) for one in labelled.answers]
        return report(said, [one.accepted for one in labelled.answers])


async def _judged(goal: str, answer: str, context: Context) -> bool | None:
    """Return what the judge says; None where it says nothing that can be used."""
    settings: AuditorSettings = context.settings
    try:
        found = await context.ask(
            ToJudge(goal=goal, answer=answer, criterion=settings.criterion), Judgement, to=settings.judge
        )
    except PartMissingError:
        return None
    return None if found.reason.startswith(NOT_JUDGED) else found.accepted


def report(judge: Sequence[bool | None], people: Sequence[bool]) -> AuditReport:
    """Return how far a judge agrees with people; what it did not judge is counted beside, and for nobody."""
    pairs = [(one, other) for one, other in zip(judge, people, strict=True) if one is not None]
    found = agreement(pairs)
    bounds = wilson(found.agreed, found.count)
    kappa = "not defined" if found.kappa is None else f"{found.kappa:.2f}"
    text = f"The judge agrees with people on {found.agreed} of {found.count} answers; Cohen's kappa is {kappa}."
    if found.count < LEAST_LABELLED:
        text += f" That is too few to rely on: label at least {LEAST_LABELLED}."
    if found.count < len(people):
        text += f" {len(people) - found.count} could not be judged."
    return AuditReport(
        answers=len(people), judged=found.count, agreed=found.agreed, low=bounds.low, high=bounds.high,
        kappa=found.kappa, too_lenient=found.only_first, too_strict=found.only_second, text=text,
    )  # fmt: skip
