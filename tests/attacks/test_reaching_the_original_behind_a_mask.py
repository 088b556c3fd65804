"""Attack: a recipient of a masked copy looks for the original in everything that it was given, three steps deep."""

from __future__ import annotations

from typing import Any

import pytest

from genie import Caller, Classification, Context, Payload, PolicySet, Value, agent
from tests.genie.policies_for_tests import CARDS, Answer, running

pytestmark = pytest.mark.anyio
CARD = "4111111111111111"


class Line(Value):
    text: str


class Statement(Value):
    lines: tuple[Line, ...] = ()


class Sent(Payload, topic="attack.sent"):
    """Its findings lie at the top, in a tuple, and in a part whose findings are kept with it."""

    text: str
    lines: tuple[Line, ...]
    statement: Statement


def reached(*roots: Any) -> str:
    """Return the text form of everything that attributes, items and slots lead to, private names included."""
    told: list[str] = []
    todo: list[tuple[Any, int]] = [(root, 0) for root in roots]
    known: set[int] = set()
    while todo:
        found, depth = todo.pop()
        if id(found) in known or depth > 6:
            continue
        known.add(id(found))
        told.append(repr(found)[:10_000])
        if isinstance(found, (tuple, list, set, frozenset)):
            todo += [(item, depth + 1) for item in found]
        elif isinstance(found, dict):
            todo += [(item, depth + 1) for pair in found.items() for item in pair]
        elif type(found).__module__.startswith(("genie", "tests")):
            for name in dir(found):
                if name not in {"__class__", "__dir__", "random", "logger"} and "abstract" not in name:
                    try:
                        todo.append((getattr(found, name), depth + 1))
                    except Exception:  # noqa: BLE001, S112 - what cannot be read leads nowhere
                        continue
    return "\n".join(told)


async def test_nothing_leads_to_the_original() -> None:
    told: list[str] = []

    @agent("reader", clearance="internal")
    async def reader(sent: Sent, context: Context) -> Answer:
        told.append(reached(sent, context, context.message, context.headers, context.state))
        return Answer(text=sent.text)

    class Third:
        from genie import AgentCard

        card = AgentCard(id="third", consumes=(Sent,), clearance=Classification.INTERNAL)

        async def handle(self, message: Any, context: Context) -> None:
            told.append(reached(message, context))

    seen: list[Any] = []

    @agent("cleared", clearance="restricted")
    async def cleared(sent: Sent) -> None:
        seen.append(sent)

    sent = Sent(text=f"card {CARD}", lines=(Line(text=CARD),), statement=Statement(lines=(Line(text=CARD),)))
    caller = Caller(user="ann", clearance=Classification.RESTRICTED)
    async with running(reader, Third(), cleared, policies=PolicySet((CARDS,))) as runtime:
        assert (await runtime.ask(sent, Answer, caller=caller)).text == "card [card]"
        await runtime.drain(5)
    assert CARD in repr(seen)  # who may see it got the original, from the same message
    assert len(told) == 2
    for one in told:
        assert "[card]" in one
        assert CARD not in one
