"""Cases that once went wrong, each found by a law that did not hold."""

from __future__ import annotations

import pytest

from genie.message import Payload
from genie.protocol import Caller, agent
from tests.genie.policies_for_tests import (
    Answer,
    Note,
    Opinion,
    masking,
    running,
    turns,
)

pytestmark = pytest.mark.anyio


class Other(Payload, topic="t.other"):
    text: str = ""


class Both(Payload, topic="t.both"):
    answer: Answer | None = None
    opinion: Opinion | None = None


class All(Payload, topic="t.all"):
    both: Both | None = None
    other: Other | None = None


# --- masking ---


async def test_a_masked_copy_is_of_its_own_message_when_nothing_was_found() -> None:
    seen: list[tuple[str, int]] = []

    @agent("reader")
    async def reader(note: Note) -> None:
        seen.append((note.text, note.number))

    async with running(reader, policies=masking("reader", Note)) as runtime:
        for number in (1, 2):  # of the same size
            await runtime.publish(Note(text="abc", number=number), caller=Caller(tenant=str(number)))
        await turns()
    assert seen == [("[masked]", 1), ("[masked]", 2)]


# --- mailboxes ---


# --- deadlines and holds ---


# --- what handlers end with ---


class Exit(BaseException):
    pass


# --- gathers ---


# --- joins ---


class WithNote(Payload, topic="t.with_note"):
    note: Note | None = None
    other: Other | None = None


# --- consents ---


# --- waits that cannot end ---


# --- what is kept ---
