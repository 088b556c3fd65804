"""Results of a suite: each answer, the figures of each variant, and the comparison with earlier results."""

from __future__ import annotations

import statistics
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from genie.contracts.limits import EXACT
from genie.contracts.proportions import Interval, wilson
from genie.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from genie.evaluation.checks import Finding, Tools
    from genie.evaluation.suite import LeastSection

MOST_OF_BASELINE = 100_000_000
"""Maximum size of an earlier outcome, in bytes."""


class Answered(NamedTuple):
    """Result of one question, asked once."""

    question: str
    repeat: int
    findings: tuple[Finding, ...]
    model: str
    cost: Decimal | None
    tokens: int | None
    seconds: float
    tools: Tools | None
    """None if the suite does not state the right calls."""
    by_injection: tuple[str, ...] | None
    """Tools whose calls an injected document caused; None for a question without one."""

    @property
    def passed(self) -> bool:
        """True if it has requirements and meets all of them."""
        return bool(self.findings) and all(one.holds for one in self.findings)


class Variant(NamedTuple):
    """Results of one variant."""

    id: str
    models: tuple[str, ...]
    prompts: tuple[str, ...]
    """Name of each prompt, with the first digits of its digest."""
    answers: tuple[Answered, ...]

    @property
    def passed(self) -> int:
        """Number of answers that passed."""
        return sum(one.passed for one in self.answers)

    @property
    def interval(self) -> Interval:
        """Confidence interval of the pass rate."""
        return wilson(self.passed, len(self.answers))

    @property
    def tool_accuracy(self) -> float | None:
        """Fraction of right calls among those needed or made; None if the suite requires none."""
        found = [one.tools for one in self.answers if one.tools is not None]
        if not found:
            return None
        of = sum(one.of for one in found)
        return 1.0 if of == 0 else sum(one.right for one in found) / of

    @property
    def injections(self) -> tuple[int, int] | None:
        """Injections that had nothing called, and all; None without any."""
        found = [one.by_injection for one in self.answers if one.by_injection is not None]
        return (sum(not one for one in found), len(found)) if found else None

    @property
    def cost(self) -> Decimal | None:
        """Cost of all answers; None if one is unknown."""
        total = Decimal(0)
        for one in self.answers:
            if one.cost is None:
                return None
            total = EXACT.add(total, one.cost)
        return total

    @property
    def tokens(self) -> int | None:
        """Of all answers; None where one is not known."""
        found = [one.tokens for one in self.answers]
        return None if None in found else sum(one for one in found if one is not None)

    @property
    def median_s(self) -> float:
        """Durations of the answers, in seconds."""
        return statistics.median(one.seconds for one in self.answers)

    def rates(self) -> dict[str, tuple[int, int]]:
        """Return how often each question passed, and how often it was asked."""
        found: dict[str, tuple[int, int]] = {}
        for one in self.answers:
            passed, count = found.get(one.question, (0, 0))
            found[one.question] = (passed + one.passed, count + 1)
        return found


class Outcome(NamedTuple):
    """Results of a suite."""

    suite: str
    title: str
    digest: str
    """Digest of the questions."""
    least: LeastSection
    variants: tuple[Variant, ...]

    def short(self) -> list[str]:
        """Return the results below the required minimum, one line each."""
        found = []
        for one in self.variants:
            rate = one.passed / len(one.answers)
            if rate < self.least.pass_rate:
                found.append(f"{one.id}: {rate:.1%} of the answers passed, below {self.least.pass_rate:.1%}")
            accuracy = one.tool_accuracy
            if accuracy is not None and accuracy < self.least.tool_accuracy:
                found.append(f"{one.id}: {accuracy:.1%} of the calls are right, below {self.least.tool_accuracy:.1%}")
            if one.injections is not None and one.injections[0] < one.injections[1]:
                caught = one.injections[1] - one.injections[0]
                found.append(f"{one.id}: {caught} of {one.injections[1]} injected documents caused a tool call")
        return found

    def as_json(self) -> dict[str, Any]:
        """Return the results as JSON values; later results are compared with them."""
        return {
            "format": 1, "suite": self.suite, "digest": self.digest, "passed": not self.short(), "short": self.short(),
            "variants": [_variant_json(one) for one in self.variants],
        }  # fmt: skip


def _variant_json(one: Variant) -> dict[str, Any]:
    cost = one.cost
    return {
        "id": one.id, "models": list(one.models), "prompts": list(one.prompts), "passed": one.passed,
        "answers": len(one.answers), "interval": list(one.interval), "tool_accuracy": one.tool_accuracy,
        "injections_held": None if one.injections is None else list(one.injections),
        "cost": None if cost is None else f"{cost:f}", "tokens": one.tokens, "median_s": one.median_s,
        "questions": [
            {"id": name, "passed": passed, "answers": count,
             "failed": sorted({found.check for each in one.answers if each.question == name
                               for found in each.findings if not found.holds})}
            for name, (passed, count) in one.rates().items()
        ],
    }  # fmt: skip


# --- comparison with earlier results ---


class _Question(BaseModel):
    model_config = ConfigDict(extra="ignore")

    id: str
    passed: int = Field(ge=0)
    answers: int = Field(ge=1)


class _Earlier(BaseModel):
    model_config = ConfigDict(extra="ignore")

    id: str
    passed: int = Field(ge=0)
    answers: int = Field(ge=1)
    questions: list[_Question]


class Baseline(BaseModel):
    """Earlier results, as printed by ``--json``."""

    model_config = ConfigDict(extra="ignore")

    format: int = Field(ge=1, le=1)
    suite: str
    digest: str
    variants: list[_Earlier]


def read_baseline(path: Path) -> Baseline:
    """Read earlier results.

    Raises:
        InputError: The file is not an outcome of a suite.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_OF_BASELINE + 1)
    except OSError as error:
        raise InputError(str(path), f"cannot be read ({error.strerror})", "check the path") from None
    if len(content) > MOST_OF_BASELINE:
        raise InputError(str(path), f"has more than {MOST_OF_BASELINE:,} bytes", "name the outcome of a suite")
    try:
        return Baseline.model_validate_json(content)
    except ValidationError:
        raise InputError(
            str(path), "is not an outcome of a suite", "write one with `genie eval SUITE --json`"
        ) from None


def worse(outcome: Outcome, before: Baseline) -> list[str]:
    """Return where an outcome is worse than an earlier one, one line each.

    A variant is worse if its whole interval is below the earlier rate. A question is worse if it passed every time and
    now fails, or is missing. Items without an earlier counterpart are new.

    Raises:
        InputError: The earlier outcome belongs to another suite.
    """
    if before.suite != outcome.suite:
        raise InputError(
            f"suite {before.suite!r}", "is the suite of the baseline", f"compare with a baseline of {outcome.suite!r}"
        )
    found = []
    now = {one.id: one for one in outcome.variants}
    for earlier in before.variants:
        variant = now.get(earlier.id)
        if variant is None:
            found.append(f"{earlier.id}: the variant is missing")
            continue
        rate = earlier.passed / earlier.answers
        if variant.interval.high < rate:
            found.append(f"{earlier.id}: {variant.passed} of {len(variant.answers)} passed, {rate:.1%} before")
        rates = variant.rates()
        for question in earlier.questions:
            passed = rates.get(question.id)
            if passed is None:
                found.append(f"{earlier.id}: question {question.id} is missing")
            elif question.passed == question.answers and passed[0] == 0:
                found.append(f"{earlier.id}: question {question.id} passed before")
    return found
