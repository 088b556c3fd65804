"""A program that publishes without end lets handlers and deadlines have their turn."""

from __future__ import annotations

import pytest

from genie import Mailbox, Overflow, agent
from genie.errors import MailboxFullError
from tests.genie.policies_for_tests import Note, running

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("overflow", [Overflow.SHED_OLDEST, Overflow.SHED_NEWEST, Overflow.REJECT])
async def test_handlers_run_while_a_program_publishes(overflow: Overflow) -> None:
    handled = 0

    @agent("reader", mailbox=Mailbox(capacity=10, overflow=overflow))
    async def reader(note: Note) -> None:
        nonlocal handled
        handled += 1

    async with running(reader) as runtime:
        for number in range(1_000):
            try:
                await runtime.publish(Note(number=number))
            except MailboxFullError:
                continue
        assert handled > 0
