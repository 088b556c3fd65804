"""Contracts read from annotations, for plain functions and others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from genie.contracts.card import AgentCard
from genie.contracts.context import Context
from genie.contracts.signature import read_signature, unfit
from genie.errors import AgentDefinitionError
from tests.genie.policies_for_tests import Answer, Note, Question


def plain(question: Question | Note) -> Answer | None:
    return None


async def awaiting(question: Question, context: Context) -> tuple[Answer, Note]:
    return Answer(), Note()


def read(function: Any, executor: Any = "loop") -> Any:
    return read_signature(function, method=False, names={}, context=Context, executor=executor)


def test_a_contract_is_what_the_annotations_say() -> None:
    found = read(plain, "thread")
    assert (found.consumes, found.produces) == ((Question, Note), (Answer,))
    assert (found.plain, found.certain, found.takes_context, found.streams) == (True, False, False, False)
    found = read(awaiting)
    assert (found.plain, found.takes_context, found.produces) == (False, True, (Answer, Note))


def test_a_plain_function_never_reads_as_one_for_the_loop() -> None:
    with pytest.raises(AgentDefinitionError, match="must be `async def`"):
        read(plain)
    with pytest.raises(AgentDefinitionError, match="must be a plain `def`"):
        read(awaiting, "process")


def test_where_a_handler_fits() -> None:
    card = AgentCard(id="a")
    contract = read(plain, "thread")
    assert unfit(plain, contract, "thread", card) is None
    assert unfit(plain, contract, "process", card) is None
    assert "would block the loop" in str(unfit(plain, contract, "loop", card))
    assert "runs on the loop" in str(unfit(awaiting, read(awaiting), "thread", card))
    assert unfit(awaiting, read(awaiting), "loop", card) is None
    assert "ports cannot be used" in str(unfit(plain, contract, "thread", AgentCard(id="a", ports=(int,))))


def test_an_annotation_that_cannot_be_resolved_names_its_handler() -> None:
    async def broken(question: Question) -> Answer:
        return Answer()

    for text in ("list[", "Question.missing", "1/0", "Absent"):
        broken.__annotations__["question"] = text
        with pytest.raises(AgentDefinitionError, match=r"broken: annotation cannot be resolved"):
            read(broken)


def test_a_handler_takes_its_payload_by_position() -> None:
    async def many(*questions: Question) -> Answer:
        return Answer()

    async def named(*, question: Question) -> Answer:
        return Answer()

    for function in (many, named):
        with pytest.raises(AgentDefinitionError, match="one payload"):
            read(function)


def test_a_stream_without_a_return_annotation_is_told_what_to_write() -> None:
    async def stream(question: Question) -> AsyncIterator[Answer]:
        yield Answer()

    del stream.__annotations__["return"]

    with pytest.raises(AgentDefinitionError, match="AsyncIterator"):
        read(stream)
