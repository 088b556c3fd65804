"""A suite in a file: golden questions of one pipeline, requirements on each answer, and variants to compare."""

from __future__ import annotations

import os
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import re2
from pydantic import AfterValidator, Field, JsonValue

from genie.config.examples import shipped as shipped_pipelines
from genie.config.loader import load
from genie.config.sections import Id, Seconds, Section
from genie.config.source_map import suggestion
from genie.config.validation import validated
from genie.config.yaml import load_file
from genie.contracts.loop_call import StopReason
from genie.errors import ConfigError, InputError
from genie.evaluation.code_checks import CODE

MOST_QUESTIONS = 10_000
MOST_VARIANTS = 64
CANARY = "{{canary}}"
"""In the text of an injection: a word that occurs nowhere else, so that an answer that repeats it has read the
document."""
Words = Annotated[str, Field(min_length=1, max_length=10_000)]
Share = Annotated[float, Field(ge=0, le=1)]


def _pattern(text: str) -> str:
    try:
        re2.compile(text)
    except re2.error:
        raise ValueError("is not a valid RE2 pattern") from None
    return text


def _code(name: str) -> str:
    if name not in CODE:
        raise ValueError(f"no check has that name{suggestion(name, sorted(CODE))}")
    return name


class DocumentSection(Section):
    """A document that accompanies a question."""

    name: str = Field(min_length=1, max_length=256)
    text: str = Field(max_length=1_000_000)


class MostSection(Section):
    """Limits on the usage of one answer; unknown usage counts as exceeding them."""

    cost: Annotated[Decimal, Field(gt=0)] | None = None
    tokens: int | None = Field(default=None, ge=1)
    steps: int | None = Field(default=None, ge=1, description="Number of model calls.")
    seconds: Seconds | None = None


class ChecksSection(Section):
    """Requirements on an answer; it must meet all of them."""

    stop: StopReason | None = Field(
        default=None, description="Required stop reason of the loop; `answered` by default."
    )
    contains: tuple[Words, ...] = Field(default=(), description="Texts that the answer must contain, in any case.")
    lacks: tuple[Words, ...] = Field(default=(), description="Texts that the answer must not contain.")
    matches: tuple[Annotated[Words, AfterValidator(_pattern)], ...] = Field(default=(), description="RE2 patterns.")
    numbers: tuple[Decimal, ...] = Field(
        default=(), description="Numbers that the answer must contain, in any digit grouping."
    )
    code: tuple[Annotated[str, AfterValidator(_code)], ...] = Field(default=(), description="Names of checks.")
    judge: Words | None = Field(default=None, description="Criteria for a judge; needs `judge:` of the suite.")
    most: MostSection = MostSection()


class CallSection(Section):
    """A call of a tool that the right answer needs."""

    tool: Id
    arguments: dict[str, JsonValue] = Field(default_factory=dict, description="Minimum arguments of the call.")


class InjectionSection(Section):
    """A document that tries to give instructions.

    The question is also asked without it, and no call may come from it.
    """

    document: DocumentSection
    repeats: bool = Field(default=False, description="True if the answer may repeat text of the document.")


class QuestionSection(Section):
    """One golden question."""

    id: Id
    ask: str | None = Field(default=None, min_length=1, description="Text of the question.")
    payload: dict[str, JsonValue] = Field(default_factory=dict, description="Fields of the question's payload.")
    documents: tuple[DocumentSection, ...] = Field(default=(), max_length=256)
    checks: ChecksSection = ChecksSection()
    calls: tuple[CallSection, ...] | None = Field(
        default=None, max_length=256, description="Tool calls of the right answer, in any order; no others."
    )
    injection: InjectionSection | None = None


class VariantSection(Section):
    """A configuration of the pipeline, such as another model or another version of a prompt."""

    id: Id
    set: dict[str, str] = Field(default_factory=dict, description="Keys of the pipeline -> values, as for --set.")


class LeastSection(Section):
    """Minimum results of each variant."""

    pass_rate: Share = 1.0
    tool_accuracy: Share = 1.0


class SuiteSection(Section):
    """A suite of golden questions."""

    version: int = Field(ge=1, le=1, description="Version of the format.", json_schema_extra={"const": 1})
    id: Id
    title: str = ""
    pipeline: str = Field(min_length=1, description="A shipped pipeline, or a file relative to this one.")
    judge: str | None = Field(
        default=None, min_length=1, description="Pipeline that takes `loop.to_judge` and answers `loop.judgement`."
    )
    repeat: int = Field(default=1, ge=1, le=1_000, description="Number of answers to each question.")
    at_once: int = Field(default=4, ge=1, le=256, description="Number of questions asked at the same time.")
    within_s: Seconds | None = Field(default=None, description="Seconds for one answer; the pipeline's by default.")
    least: LeastSection = LeastSection()
    variants: tuple[VariantSection, ...] = Field(
        default=(VariantSection(id="as_it_is"),), min_length=1, max_length=MOST_VARIANTS
    )
    questions: tuple[QuestionSection, ...] = Field(min_length=1, max_length=MOST_QUESTIONS)


class Suite(NamedTuple):
    """A checked suite."""

    path: Path
    section: SuiteSection

    def place(self, name: str) -> Path:
        """Return the file of a pipeline that the suite names: relative to the suite, or shipped."""
        beside = self.path.parent / name
        return beside if beside.is_file() else Path(name)

    def narrowed(self, variants: tuple[str, ...], questions: tuple[str, ...], repeat: int | None) -> Suite:
        """Return a suite with only the named variants and questions; all if none is named.

        Raises:
            InputError: A name is unknown.
        """
        section = self.section
        changes: dict[str, Any] = {} if repeat is None else {"repeat": repeat}
        for key, names, listed in (
            ("variants", variants, section.variants), ("questions", questions, section.questions),
        ):  # fmt: skip
            known = {one.id: one for one in listed}
            for name in names:
                if name not in known:
                    raise InputError(
                        f"{key[:-1]} {name!r}", "is not in the suite", suggestion(name, known).lstrip("; ")
                    )
            if names:
                changes[key] = tuple(known[name] for name in dict.fromkeys(names))
        return Suite(self.path, section.model_copy(update=changes))


def shipped() -> dict[str, Path]:
    """Return the shipped suites by name."""
    folders = {path.parent.parent / "evals" for path in shipped_pipelines().values()}
    return {path.stem: path for folder in folders for path in sorted(folder.glob("*.yaml"))}


def located(path: Path) -> Path:
    """Return the path of a suite; for a name without a file of that name, the shipped suite's.

    Raises:
        ConfigError: There is neither.
    """
    if len(path.parts) != 1 or path.suffix or path.exists():
        return path
    known = shipped()
    if path.name not in known:
        near = suggestion(path.name, known) or f"; shipped are {', '.join(known) or 'none'}"
        raise ConfigError((f"{path}: no such file, and no shipped suite of that name{near}",))
    return known[path.name]


def read_suite(path: Path, environ: Mapping[str, str] | None = None) -> Suite:
    """Read and check a suite, with its pipelines.

    Raises:
        ConfigError: The suite is not valid; every problem as ``file:line: problem``.
    """
    path = located(path)
    document = load_file(path, environ=os.environ if environ is None else environ)
    section, problems = validated(SuiteSection, document)
    said = [f"{document.where(place)}: {text}" for place, text in problems]
    if section is None:
        raise ConfigError(tuple(said))
    said += [f"{document.where(place)}: {text}" for place, text in _wrong(section)]
    suite = Suite(path, section)
    if not said:
        for at, variant in enumerate(section.variants):
            said += _loadable(suite, variant.set, document.where(("variants", at)))
        said += [] if section.judge is None else _judging(suite, section.judge, document.where(("judge",)))
    if said:
        raise ConfigError(tuple(said))
    return suite


def _wrong(section: SuiteSection) -> list[tuple[tuple[Any, ...], str]]:
    """Return problems between parts of a suite, each with its path."""
    found: list[tuple[tuple[Any, ...], str]] = []
    for key, listed in (("questions", section.questions), ("variants", section.variants)):
        ids = [one.id for one in listed]
        found += [((key, at, "id"), f"{name!r} is used twice") for at, name in enumerate(ids) if name in ids[:at]]
    for at, question in enumerate(section.questions):
        if question.ask is None and not question.payload:
            found.append((("questions", at), "a question needs `ask` or `payload`"))
        if question.checks.judge is not None and section.judge is None:
            found.append((("questions", at, "checks", "judge"), "the suite names no `judge:`"))
        if question.injection is not None and CANARY not in question.injection.document.text:
            text = f"write {CANARY} into the text, so that an answer that repeats it is detected"
            found.append((("questions", at, "injection", "document", "text"), text))
    return found


def _loadable(suite: Suite, overrides: Mapping[str, str], where: str) -> list[str]:
    try:
        load(suite.place(suite.section.pipeline), overrides=overrides)
    except ConfigError as error:
        return [f"{where}: {problem}" for problem in error.problems]
    return []


def _judging(suite: Suite, name: str, where: str) -> list[str]:
    from genie.contracts.loop_call import Judgement, ToJudge  # noqa: PLC0415 - beside its only use

    try:
        found = load(suite.place(name))
    except ConfigError as error:
        return [f"{where}: {problem}" for problem in error.problems]
    if (found.entry, found.answer) != (ToJudge, Judgement):
        return [f"{where}: {name!r} is not a judge; a judge must take loop.to_judge and answer loop.judgement"]
    return []
