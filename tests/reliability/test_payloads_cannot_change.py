"""No payload that agents share can change: neither by its class, nor because it was not validated."""

from __future__ import annotations

import enum
import functools
from typing import Generic, TypeVar

import pytest

from genie import Context, Payload, Value, agent
from genie.errors import PayloadDefinitionError, RunStalled
from tests.genie.policies_for_tests import Answer, Question, running

V = TypeVar("V")


class Level(enum.Enum):
    """Its one value is a list."""

    LOW = [1]  # noqa: RUF012 - a mutable value is the point


def test_an_enum_of_mutable_values_is_refused() -> None:
    with pytest.raises(PayloadDefinitionError):

        class Levelled(Payload, topic="r.levelled"):
            level: Level = Level.LOW


def test_a_field_of_a_type_variable_is_refused() -> None:
    with pytest.raises(PayloadDefinitionError):

        class Open(Payload, Generic[V], topic="r.open"):
            value: V


def test_a_cached_property_is_refused() -> None:
    with pytest.raises(PayloadDefinitionError):

        class Cached(Payload, topic="r.cached"):
            number: int = 0

            @functools.cached_property
            def rows(self) -> list[int]:
                return [self.number]


class Row(Value):
    """A part of a payload."""

    number: int


class Table(Payload, topic="r.table"):
    """A payload of parts."""

    rows: tuple[Row, ...] = ()


@pytest.mark.anyio
async def test_a_payload_that_was_made_without_validation_is_not_delivered() -> None:
    came: list[Table] = []

    @agent("makes")
    async def makes(question: Question, context: Context) -> Table:
        return Table.model_construct(rows=["a list, and no rows"])

    @agent("reads")
    async def reads(table: Table) -> Answer:
        came.append(table)
        return Answer()

    async with running(makes, reads) as runtime:
        with pytest.raises(RunStalled):
            await runtime.ask(Question(), Answer)
    assert came == []
