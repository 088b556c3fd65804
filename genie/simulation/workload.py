"""Makes the payloads of a workload's questions: from the pipeline's `input`, or from a list of fields."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import to_json

from genie.contracts.message import Payload, topic_of
from genie.contracts.problems import problem_of
from genie.errors import InputError
from genie.graph.model import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from genie.config.inputs import FieldSource
    from genie.config.pipeline import Pipeline
    from genie.simulation.arrivals import Arrival
    from genie.simulation.customers import Customers
    from genie.simulation.record import GroundTruth
    from genie.simulation.schema import QuestionSection, ScenarioSection

SYNTHETIC = "synthetic"
"""Value of a statement or question: the synthetic customer's."""
TRANSFERS = "transfers"
"""Value of a statement: the transfers of the customer's neighbourhood."""
_NUMBER = "{number}"


class QuestionInputs(NamedTuple):
    """The values of one arrival."""

    customer: str
    number: int
    text: str | None
    """None means the pipeline's default."""
    content: bytes | None
    """Content of the statement."""
    filename: str
    profile: dict[str, str] | None = None
    """Properties that the statement does not contain."""


class QuestionFactory:
    """Makes the payload of each arrival.

    Args:
        section: The scenario.
        pipeline: The pipeline that receives the questions.
        folder: The folder of the scenario's relative paths.
    """

    def __init__(self, section: ScenarioSection, pipeline: Pipeline, folder: Path) -> None:
        self._sections = section.workload.questions
        self._entry = pipeline.input
        self._folder = folder
        self._made: dict[int, Payload] = {}
        """Position of a question -> its payload, if it is the same for all customers."""

    def problems(self, customers: Customers) -> Iterator[Problem]:
        """Yield a problem for each question that cannot be made."""
        if customers.asked_for or any(
            SYNTHETIC in {one.statement, one.question} or one.statement == TRANSFERS for one in self._sections
        ):
            try:
                customers.check()
            except InputError as error:
                yield Problem(("workload", "population"), str(error))
                return
        for place, section in enumerate(self._sections):
            at = ("workload", "questions", place)
            try:
                if section.statement not in {None, SYNTHETIC, TRANSFERS}:
                    self._file(str(section.statement))
                if section.question == SYNTHETIC:
                    customers.question(0, 1, section.mix)
                customer = QuestionInputs(
                    "customer-1", 1, "?", b"" if section.statement is not None else None, "statement.csv"
                )
                if section.mix and section.question != SYNTHETIC:
                    raise InputError("mix", f"is a key of `question: {SYNTHETIC}` only", "remove it")
                self._validated(section, customer)
            except InputError as error:
                yield Problem(at, str(error))

    def of(self, arrival: Arrival, customers: Customers) -> Payload:
        """Return the question of an arrival.

        Raises:
            InputError: A value is not valid for the payload.
        """
        section = self._sections[arrival.question]
        name, text = customers.name(arrival.customer), section.question
        if text == SYNTHETIC:
            text = customers.question(arrival.customer, arrival.number, section.mix)
        if section.statement is None:
            return self._validated(section, QuestionInputs(name, arrival.number, text, None, ""))
        if section.statement == TRANSFERS:
            content = customers.transfers(arrival.customer)
            return self._validated(section, QuestionInputs(name, arrival.number, text, content, f"{TRANSFERS}.csv"))
        if section.statement == SYNTHETIC:
            content, profile = customers.statement(arrival.customer), customers.profile(arrival.customer)
            return self._validated(section, QuestionInputs(name, arrival.number, text, content, f"{name}.csv", profile))
        same = section.fields is None and section.question != SYNTHETIC
        known = self._made.get(arrival.question) if same else None
        if known is None:
            content = self._file(section.statement)
            known = self._validated(
                section, QuestionInputs(name, arrival.number, text, content, Path(section.statement).name)
            )
            if same:
                self._made[arrival.question] = known
        return known

    def planted(self, arrival: Arrival, customers: Customers) -> GroundTruth | None:
        """Return the ground truth of an arrival's transfers; None without transfers."""
        transfers = self._sections[arrival.question].statement == TRANSFERS
        return customers.planted(arrival.customer) if transfers else None

    def _file(self, path: str) -> bytes:
        return _read(self._folder / path)

    def _validated(self, section: QuestionSection, asking: QuestionInputs) -> Payload:
        kind = self._entry.payload
        try:
            if section.fields is not None:
                filled = _filled(section.fields, asking.customer, asking.number)
                return kind.model_validate_json(to_json(filled), strict=True)
            values = {
                name: value
                for name, source in self._entry.sources.items()
                if (value := self._value(source, kind, name, asking)) is not None
            }
            return kind.model_validate(values)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join((topic_of(kind).name, *(str(part) for part in first["loc"])))
            raise InputError(place, problem_of(first)) from None

    @staticmethod
    def _value(source: FieldSource, kind: type[Payload], name: str, asking: QuestionInputs) -> object:
        if source.origin == "value":
            return source.value
        if source.origin == "question":
            return asking.text if asking.text is not None else source.default
        content = asking.content
        if content is None:
            return None
        if source.each is not None:
            given = {"input": content, "filename": asking.filename, "profile": asking.profile}
            return ({field: given[origin] for field, origin in source.each.items() if given.get(origin) is not None},)
        if source.origin == "input":
            return content.decode() if kind.model_fields[name].annotation is str else content
        return asking.filename if source.origin == "filename" else asking.profile


@functools.lru_cache(maxsize=64)
def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {(error.strerror or 'no').lower()}", "check the path") from None
    except ValueError:  # a path with a NUL character
        raise InputError(repr(str(path)), "is not a valid path", "check the path") from None


def _filled(value: Any, customer: str, number: int) -> Any:
    """Return a JSON value with ``{customer}`` and ``{number}`` replaced; ``{number}`` alone becomes a number."""
    if isinstance(value, str):
        return number if value == _NUMBER else value.replace("{customer}", customer).replace(_NUMBER, str(number))
    if isinstance(value, dict):
        return {key: _filled(item, customer, number) for key, item in value.items()}
    return [_filled(item, customer, number) for item in value] if isinstance(value, list) else value
