"""Attack: a handler assigns a label, headers or a sender on its context, by any name that could be the bus's own."""

from __future__ import annotations

from typing import Any

import pytest

from genie import Caller, Classification, Context, Headers, Payload, agent
from genie.errors import ImmutableMessageError
from tests.genie.policies_for_tests import Answer, Question, running

pytestmark = pytest.mark.anyio
MALLORY = Caller(user="mallory", tenant="acme", roles=frozenset({"clerk"}), clearance=Classification.RESTRICTED)
FORGED = Headers(tenant="globex", user="ceo", roles=frozenset({"admin"}))
NAMES = (
    "label", "_label", "onward", "headers", "_headers", "taint", "delivery", "message", "_message", "sender", "run",
    "bus", "handling", "_handling", "worker", "scope", "_state", "__class__", "__dict__",
)  # fmt: skip


class Secret(Payload, topic="attack.secret", classification="restricted"):
    """What the attacker wants to lower."""

    text: str = "s"


async def seen_of(attack: Any) -> Any:
    """Return the message that an attacker's answer travels in."""
    got: list[Any] = []

    class Reader:
        from genie import AgentCard

        card = AgentCard(id="reader", consumes=(Answer,), clearance=Classification.RESTRICTED)

        async def handle(self, message: Any, context: Context) -> None:
            got.append(message)

    @agent("attacker", clearance="restricted")
    async def attacker(question: Secret, context: Context) -> Answer:
        await attack(context)
        return Answer()

    async with running(attacker, Reader()) as runtime:
        await runtime.ask(Secret(), Answer, caller=MALLORY)
        await runtime.drain(5)
    [message] = got
    return message


def unchanged(message: Any) -> None:
    assert (message.label, message.sender) == (Classification.RESTRICTED, "attacker")
    headers = message.headers
    assert (headers.tenant, headers.user, headers.roles) == ("acme", "mallory", frozenset({"clerk"}))


@pytest.mark.parametrize("name", NAMES)
async def test_no_name_of_the_context_can_be_assigned(name: str) -> None:
    refused: list[bool] = []

    async def attack(context: Any) -> None:
        for value in (Classification.PUBLIC, FORGED, type("Other", (), {})):
            try:
                setattr(context, name, value)
            except (AttributeError, TypeError, ImmutableMessageError):
                refused.append(True)
            else:
                refused.append(False)

    unchanged(await seen_of(attack))
    assert refused == [True] * 3


async def test_nothing_that_the_context_shows_leads_to_what_the_bus_trusts() -> None:
    """Every attribute is followed three steps deep: no envelope, no run, no record of what was read is among them."""
    reached: set[str] = set()

    async def attack(context: Any) -> None:
        todo, known = [(context, 0)], {id(context)}
        while todo:
            found, depth = todo.pop()
            for name in dir(found):
                if name.startswith("__") or name in {"random", "logger"}:
                    continue
                try:
                    value = getattr(found, name)
                except Exception:  # noqa: BLE001, S112 - what cannot be read leads nowhere
                    continue
                reached.add(type(value).__name__)
                if depth < 3 and id(value) not in known and type(value).__module__.startswith("genie"):
                    known.add(id(value))
                    todo.append((value, depth + 1))

    unchanged(await seen_of(attack))
    assert "Message" in reached
    assert not reached & {"Envelope", "Handling", "Delivery", "Scope", "RunState", "Bus", "Worker", "Taint", "Extra"}


async def test_the_headers_and_the_message_that_a_handler_holds_are_its_own_copies() -> None:
    async def attack(context: Any) -> None:
        for held in (context.headers, context.message.headers):
            object.__setattr__(held, "tenant", "globex")
            object.__setattr__(held, "user", "ceo")
            object.__setattr__(held, "roles", frozenset({"admin"}))
        object.__setattr__(context.message, "label", Classification.PUBLIC)
        object.__setattr__(context.message, "headers", FORGED)
        object.__setattr__(context.message, "sender", "caller:ceo")

    unchanged(await seen_of(attack))


async def test_two_runs_share_no_headers() -> None:
    held: list[Headers] = []

    class Keeper:
        from genie import AgentCard

        card = AgentCard(id="keeper", consumes=(Question,), produces=(Answer,))

        async def handle(self, message: Any, context: Context) -> Answer:
            if held:
                object.__setattr__(held[0], "tenant", "globex")
            held.append(message.headers)
            return Answer(text=str(context.headers.tenant))

    async with running(Keeper()) as runtime:
        first = await runtime.ask(Question(), Answer, caller=MALLORY)
        second = await runtime.ask(Question(), Answer, caller=MALLORY)
    assert (first.text, second.text) == ("acme", "acme")
    assert held[0] is not held[1]
