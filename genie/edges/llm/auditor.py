"""An auditor in the background: a judge looks at a sample of answers, and at answers that people have judged.

Its verdicts on the sample are published as ``audit.judged``, to which quality monitors subscribe. From answers that
people have labelled it reports the agreement of the judge with them, which shows how reliable its verdicts are.
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
"""Start of a judge's reason if its model's reply was unusable."""
LEAST_LABELLED = 30
"""Minimum number of labelled answers for a usable agreement."""


class Labelled(Value):
    """An answer that a person has judged."""

    goal: Annotated[str, Field(max_length=200_000)]
    answer: PartText
    accepted: bool


class LabelledAnswers(Payload, topic="audit.labelled"):
    """Answers with people's labels."""

    answers: Annotated[tuple[Labelled, ...], Field(min_length=1, max_length=MOST_LABELLED)]


class AuditReport(Payload, topic="audit.agreement"):
    """Agreement of a judge with people."""

    answers: int
    judged: int
    """Number of judged answers; the others no model could judge."""
    agreed: int
    low: float
    """Limits of the 95 % confidence interval of the agreement rate."""
    high: float
    kappa: float | None
    """Cohen's kappa: agreement beyond chance; None where it is not defined."""
    too_lenient: int
    """Number of answers that the judge accepts but people refused."""
    too_strict: int
    text: str


class AuditorSettings(BaseModel):
    """Settings of the auditor."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    judge: str = Field(default="judge", max_length=100, description="Id of the agent that judges.")
    share: float = Field(default=0.1, gt=0, le=1, description="Fraction of the answers that are judged.")
    criterion: str = Field(default="", max_length=10_000, description="Criteria for an answer.")


class Auditor(
    Handlers, id="auditor", asks={ToJudge: (Judgement,)}, publishes=(AnswerJudged,), settings=AuditorSettings,
    capabilities=("audit.answers",), risk="medium", tier="beta", clearance="confidential", concurrency=4,
):  # fmt: skip
    """Judges a fraction of the answers that it sees, and reports the agreement of its judge with people."""

    @handles
    async def sample(self, given: AnswerGiven, context: Context) -> None:
        """Judge an answer of the sample, which is determined by the text of the answers and thus repeatable."""
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
        """Judge labelled answers, and report the agreement."""
        said = [await _judged(one.goal, one.answer, context) for one in labelled.answers]
        return report(said, [one.accepted for one in labelled.answers])


async def _judged(goal: str, answer: str, context: Context) -> bool | None:
    """Return the verdict of the judge; None if its reply is unusable."""
    settings: AuditorSettings = context.settings
    try:
        found = await context.ask(
            ToJudge(goal=goal, answer=answer, criterion=settings.criterion), Judgement, to=settings.judge
        )
    except PartMissingError:
        return None
    return None if found.reason.startswith(NOT_JUDGED) else found.accepted


def report(judge: Sequence[bool | None], people: Sequence[bool]) -> AuditReport:
    """Return the agreement of a judge with people; unjudged answers are counted separately."""
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
