"""Attack: a recipient calls the constructor of a payload that it shares with others, so that they read other values."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import pytest
from pydantic import ValidationError

from genie import agent
from genie.contracts.message import Payload, Value
from genie.testing import settled
from tests.genie.policies_for_tests import running


class Line(Value):
    text: str


class Note(Payload, topic="twice.note"):
    text: str
    line: Line = Line(text="first")


WAYS: dict[str, Callable[[Note], object]] = {
    "the constructor": lambda note: note.__init__(text="forged"),  # type: ignore[misc]  # what the attack does
    "the constructor of the class": lambda note: type(note).__init__(note, text="forged"),
    "the constructor of a base": lambda note: Value.__init__(note, text="forged"),  # type: ignore[call-arg]  # as above
    "the constructor of a part": lambda note: note.line.__init__(text="forged"),  # type: ignore[misc]  # as above
    "the state of a copy": lambda note: note.__setstate__(pickle.loads(pickle.dumps(note)).__getstate__()),  # noqa: S301 - made here
}


@pytest.mark.parametrize("way", WAYS)
def test_a_payload_is_made_once(way: str) -> None:
    note = Note(text="as it was sent")
    with pytest.raises(ValidationError) as refused:
        WAYS[way](note)
    assert refused.value.errors()[0]["type"] == "frozen_instance"
    assert (note.text, note.line.text) == ("as it was sent", "first")


def test_what_is_made_past_the_constructor_can_still_be_made_by_it() -> None:
    note = Note.__new__(Note)
    note.__init__(text="later")  # type: ignore[misc]  # what some libraries do
    assert note.text == "later"
    assert pickle.loads(pickle.dumps(note)) == note  # noqa: S301 - made here


@pytest.mark.anyio
@pytest.mark.parametrize("way", WAYS)
async def test_the_other_recipient_reads_what_was_sent(way: str) -> None:
    read: list[tuple[str, str]] = []

    @agent("first")
    async def first(note: Note) -> None:
        WAYS[way](note)

    @agent("second")
    async def second(note: Note) -> None:
        read.append((note.text, note.line.text))

    async with running(first, second) as runtime:
        await runtime.publish(Note(text="as it was sent"))
        await settled(runtime)
    assert read == [("as it was sent", "first")]
