"""The questions of a workload as payloads: filled by the pipeline's own `input`, or spelt out field by field."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import to_json

from genie.contracts.message import Payload, topic_of
from genie.errors import InputError
from genie.graph.model import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from genie.config.inputs import FieldSource
    from genie.config.pipeline import Pipeline
    from genie.simulation.arrivals import Arrival
    from genie.simulation.population import Customers
    from genie.simulation.record import Planted
    from genie.simulation.schema import QuestionSection, ScenarioSection

SYNTHETIC = "synthetic"
"""Of a statement or a question: the customer's own."""
TRANSFERS = "transfers"
"""Of a statement: what the customer and the neighbours move, ring and all."""
_NUMBER = "{number}"


class Asking(NamedTuple):
    """What one arrival fills in."""

    customer: str
    number: int
    text: str | None
    """None means the pipeline's own default."""
    content: bytes | None
    """Of a statement."""
    filename: str
    profile: dict[str, str] | None = None
    """What the statement leaves open."""


class Questions:
    """Makes the payload of each arrival.

    Args:
        section: The scenario.
        pipeline: Whose question it is.
        folder: Where the scenario's relative paths start.
    """

    def __init__(self, section: ScenarioSection, pipeline: Pipeline, folder: Path) -> None:
        self._sections = section.workload.questions
        self._entry = pipeline.input
        self._folder = folder
        self._made: dict[int, Payload] = {}
        """Place among the questions -> its payload, where that is the same for everybody."""

    def problems(self, customers: Customers) -> Iterator[Problem]:
        """Yield what keeps a question from being made, each at its place."""
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
                customer = Asking("customer-1", 1, "?", b"" if section.statement is not None else None, "statement.csv")
                if section.mix and section.question != SYNTHETIC:
                    raise InputError("mix", f"is for `question: {SYNTHETIC}`", "remove it")
                self._validated(section, customer)
            except InputError as error:
                yield Problem(at, str(error))

    def of(self, arrival: Arrival, customers: Customers) -> Payload:
        """Return what an arrival asks.

        Raises:
            InputError: The payload refuses a value.
        """
        section = self._sections[arrival.question]
        name, text = customers.name(arrival.customer), section.question
        if text == SYNTHETIC:
            text = customers.question(arrival.customer, arrival.number, section.mix)
        if section.statement is None:
            return self._validated(section, Asking(name, arrival.number, text, None, ""))
        if section.statement == TRANSFERS:
            content = customers.transfers(arrival.customer)
            return self._validated(section, Asking(name, arrival.number, text, content, f"{TRANSFERS}.csv"))
        if section.statement == SYNTHETIC:
            content, profile = customers.statement(arrival.customer), customers.profile(arrival.customer)
            return self._validated(section, Asking(name, arrival.number, text, content, f"{name}.csv", profile))
        same = section.fields is None and section.question != SYNTHETIC
        known = self._made.get(arrival.question) if same else None
        if known is None:
            content = self._file(section.statement)
            known = self._validated(section, Asking(name, arrival.number, text, content, Path(section.statement).name))
            if same:
                self._made[arrival.question] = known
        return known

    def planted(self, arrival: Arrival, customers: Customers) -> Planted | None:
        """Return what is true of the transfers that an arrival brings; None where it brings none."""
        transfers = self._sections[arrival.question].statement == TRANSFERS
        return customers.planted(arrival.customer) if transfers else None

    def _file(self, path: str) -> bytes:
        return _read(self._folder / path)

    def _validated(self, section: QuestionSection, asking: Asking) -> Payload:
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
            said = first["msg"].removeprefix("Value error, ")
            raise InputError(place, said[:1].lower() + said[1:]) from None

    @staticmethod
    def _value(source: FieldSource, kind: type[Payload], name: str, asking: Asking) -> object:
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
    except ValueError:  # a path with a NUL
        raise InputError(repr(str(path)), "is no path", "check it") from None


def _filled(value: Any, customer: str, number: int) -> Any:
    """Return a JSON value with ``{customer}`` and ``{number}`` filled in; ``{number}`` alone becomes the number."""
    if isinstance(value, str):
        return number if value == _NUMBER else value.replace("{customer}", customer).replace(_NUMBER, str(number))
    if isinstance(value, dict):
        return {key: _filled(item, customer, number) for key, item in value.items()}
    return [_filled(item, customer, number) for item in value] if isinstance(value, list) else value
