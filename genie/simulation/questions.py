"""The questions of a workload as payloads: filled by the pipeline's own `input`, or spelt out field by field."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from pydantic_core import to_json

from genie.errors import InputError
from genie.graph import Problem
from genie.message import Payload, topic_of
from genie.simulation.population import MISSING, Customers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from genie.config import Pipeline
    from genie.entry import Source
    from genie.simulation.arrivals import Arrival
    from genie.simulation.manifest import QuestionSection, ScenarioSection

SYNTHETIC = "synthetic"
_NUMBER = "{number}"


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
        self._workload = section.workload
        self._start = section.start.date()
        self._made: dict[tuple[int, int], Payload] = {}

    def problems(self) -> Iterator[Problem]:
        """Yield what keeps a question from being made, each at its place."""
        for place, section in enumerate(self._sections):
            at = ("workload", "questions", place)
            try:
                if section.statement not in {None, SYNTHETIC}:
                    self._file(str(section.statement))
                elif section.statement == SYNTHETIC and not Customers.available():
                    yield Problem((*at, "statement"), MISSING)
                    continue
                content = b"" if section.statement is not None else None
                self._validated(section, "c0", 1, content, "statement.csv")
            except InputError as error:
                yield Problem(at, str(error))

    def of(self, arrival: Arrival, customers: Customers) -> Payload:
        """Return what an arrival asks.

        Raises:
            InputError: The payload refuses a value.
        """
        section = self._sections[arrival.question]
        name = customers.name(arrival.customer)
        if section.statement is None:
            return self._validated(section, name, arrival.number, None, "")
        if section.statement != SYNTHETIC:
            known = self._made.get((arrival.question, 0))
            if known is None:
                content = self._file(section.statement)
                known = self._validated(section, name, arrival.number, content, section.statement)
                self._made[arrival.question, 0] = known
            return known
        content = customers.statement(arrival.customer)
        return self._validated(section, name, arrival.number, content, f"{name}.csv")

    def _file(self, path: str) -> bytes:
        return _read(self._folder / path)

    def _validated(
        self, section: QuestionSection, customer: str, number: int, content: bytes | None, filename: str
    ) -> Payload:
        kind = self._entry.payload
        try:
            if section.fields is not None:
                filled = _filled(section.fields, customer, number)
                return kind.model_validate_json(to_json(filled), strict=True)
            values = {
                name: value
                for name, source in self._entry.sources.items()
                if (value := self._value(section, source, kind, name, content, filename)) is not None
            }
            return kind.model_validate(values)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join((topic_of(kind).name, *(str(part) for part in first["loc"])))
            raise InputError(place, first["msg"][:1].lower() + first["msg"][1:]) from None

    @staticmethod
    def _value(
        section: QuestionSection, source: Source, kind: type[Payload], name: str, content: bytes | None, filename: str
    ) -> object:
        if source.origin == "value":
            return source.value
        if source.origin == "question":
            return section.question if section.question is not None else source.default
        if content is None:
            return None
        if source.each is not None:
            given = {"input": content, "filename": filename}
            return ({field: given[origin] for field, origin in source.each.items() if origin in given},)
        if source.origin == "input":
            return content.decode() if kind.model_fields[name].annotation is str else content
        return filename if source.origin == "filename" else None


@functools.lru_cache(maxsize=64)
def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {(error.strerror or 'no').lower()}", "check the path") from None


def _filled(value: Any, customer: str, number: int) -> Any:
    """Return a JSON value with ``{customer}`` and ``{number}`` filled in; ``{number}`` alone becomes the number."""
    if isinstance(value, str):
        return number if value == _NUMBER else value.replace("{customer}", customer).replace(_NUMBER, str(number))
    if isinstance(value, dict):
        return {key: _filled(item, customer, number) for key, item in value.items()}
    return [_filled(item, customer, number) for item in value] if isinstance(value, list) else value
