"""What whoever watches a run sees: names in order, bounded, and the end."""

from __future__ import annotations

import pytest

from genie import Context, Payload, Runtime, agent
from genie.inflight.events import Watcher

pytestmark = pytest.mark.anyio


class Question(Payload, topic="events.question"):
    text: str


class Answer(Payload, topic="events.answer"):
    text: str


@agent("talker")
async def talker(question: Question, context: Context) -> Answer:
    """Tells how far it is."""
    for number in range(int(question.text)):
        context.progress(f"step {number}")
    return Answer(text="secret")


async def test_a_run_tells_what_happens_until_it_is_at_rest() -> None:
    async with Runtime([talker]) as runtime:
        run = runtime.start(Question(text="2"), Answer)
        events = [event async for event in run.events()]
    assert [event.at for event in events] == sorted(event.at for event in events)
    kinds = [event.kind for event in events]
    assert kinds.index("accepted") < kinds.index("started") < kinds.index("handled")
    assert [event.reason for event in events if event.kind == "progress"] == ["step 0", "step 1"]
    assert {event.recipient for event in events if event.kind == "started"} == {"talker"}
    assert run.at_rest


async def test_events_never_hold_a_payload() -> None:
    async with Runtime([talker]) as runtime:
        run = runtime.start(Question(text="1"), Answer)
        assert not any("secret" in str(event) for event in [event async for event in run.events()])


async def test_who_reads_late_gets_the_latest() -> None:
    more = Watcher.CAPACITY + 100
    async with Runtime([talker]) as runtime:
        run = runtime.start(Question(text=str(more)), Answer)
        await run.settled()
        events = [event async for event in run.events()]
    assert len(events) == Watcher.CAPACITY
    assert f"step {more - 1}" in {event.reason for event in events}
    assert "step 0" not in {event.reason for event in events}
