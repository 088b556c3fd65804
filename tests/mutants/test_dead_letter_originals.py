"""Dead letters: what is kept is the original message, whatever its recipient was shown of it."""

from __future__ import annotations

import pytest

from genie import PolicySet, Retry, agent
from tests.genie.policies_for_tests import Note, assert_at_rest, masking, running, turns

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("attempts", [1, 2])
async def test_a_redriven_letter_delivers_the_original_not_the_copy_that_was_masked(attempts: int) -> None:
    fail = True
    seen: list[str] = []

    @agent("fragile", retry=Retry(attempts=attempts, first_s=0))
    async def fragile(note: Note) -> None:
        seen.append(note.text)
        if fail:
            raise ValueError

    async with running(fragile, policies=masking("fragile", Note)) as runtime:
        await runtime.publish(Note(text="whole"))
        await turns()
        assert seen == ["[masked]"] * attempts
        [letter] = runtime.operations.dead_letters()
        assert letter.message.payload == Note(text="whole")
        fail = False
        runtime.operations.replace_policies(PolicySet())
        await runtime.redrive(letter.id)
        await turns()
        assert seen[attempts:] == ["whole"]
        assert_at_rest(runtime)


async def test_a_redriven_letter_is_masked_anew_while_the_policy_is_in_force() -> None:
    fail = True
    seen: list[str] = []

    @agent("fragile")
    async def fragile(note: Note) -> None:
        seen.append(note.text)
        if fail:
            raise ValueError

    async with running(fragile, policies=masking("fragile", Note)) as runtime:
        await runtime.publish(Note(text="whole"))
        await turns()
        fail = False
        await runtime.redrive(runtime.operations.dead_letters()[0].id)
        await turns()
        assert seen == ["[masked]", "[masked]"]
        assert_at_rest(runtime)
