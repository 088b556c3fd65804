"""Attack: an agent passes headers of a class of its own, or roles and names of classes that compare as it likes."""

from __future__ import annotations

from typing import Any

import pytest

from genie import Caller, Context, Headers, agent
from genie.contracts.classification import Classification
from genie.errors import HeadersWidenedError
from tests.genie.policies_for_tests import Answer, Note, Question, running

pytestmark = pytest.mark.anyio


class LyingHeaders(Headers):
    """Says that it gives no more than others, and meets them by itself."""

    __slots__ = ()

    def widened_beyond(self, given: Headers) -> tuple[str, ...]:
        return ()

    def met(self, other: Headers) -> Headers:
        return self


class LyingSet(frozenset[str]):
    """Is a part of everything, and stays as it is when it is cut."""

    def __le__(self, other: object) -> bool:
        return True

    def __and__(self, other: object) -> Any:
        return self

    __rand__ = __and__

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = frozenset.__hash__


class LyingName(str):
    """Equals everything."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    __hash__ = str.__hash__


class LyingLevel(int):
    """Is as high as it must be."""

    def __lt__(self, other: object) -> bool:
        return False

    def __gt__(self, other: object) -> bool:
        return True


LIES: dict[str, Any] = {
    "a class of headers": lambda own: LyingHeaders(tenant="globex", user="ceo", roles=frozenset({"admin"})),
    "a set of roles": lambda own: Headers(tenant=own.tenant, user=own.user, roles=LyingSet({"admin"})),
    "a set of consents": lambda own: Headers(tenant=own.tenant, user=own.user, consent=LyingSet({"sell"})),
    "a tenant": lambda own: Headers(tenant=LyingName("globex"), user=own.user),
    "a user": lambda own: Headers(tenant=own.tenant, user=LyingName("ceo")),
    "a role": lambda own: Headers(tenant=own.tenant, user=own.user, roles=frozenset({LyingName("clerk")})),
    "a trace": lambda own: Headers(tenant=own.tenant, user=own.user, traceparent=LyingName("00-1-1-01")),
    "a trace that carries text": lambda own: Headers(tenant=own.tenant, user=own.user, traceparent="4111 1111 1111"),
    "a level": lambda own: Headers(tenant=own.tenant, user=own.user, classification=LyingLevel(0)),  # type: ignore[arg-type]  # the lie
    "no headers": lambda own: "headers",
}  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
async def test_headers_are_exactly_headers_of_exact_values(lie: str) -> None:
    refused: list[str] = []
    got: list[Any] = []

    @agent("liar", publishes=(Note,))
    async def liar(question: Question, context: Context) -> Answer:
        try:
            await context.publish(Note(), headers=LIES[lie](context.headers))
        except HeadersWidenedError as error:
            refused.append(error.code)
        return Answer()

    class Reader:
        from genie import AgentCard

        card = AgentCard(id="reader", consumes=(Note,))

        async def handle(self, message: Any, context: Context) -> None:
            got.append(message.headers)

    caller = Caller(user="ann", tenant="acme", roles=frozenset({"clerk"}), clearance=Classification.RESTRICTED)
    async with running(liar, Reader()) as runtime:
        await runtime.ask(Question(), Answer, caller=caller)
        await runtime.drain(5)
        assert runtime.statistics().agents["liar"].refused == 1
    assert refused == ["headers_widened"]
    assert got == []


async def test_headers_that_were_passed_are_not_the_bus_s_own() -> None:
    """What the agent keeps a reference to is not what travels."""
    kept: list[Headers] = []
    got: list[Any] = []

    @agent("keeper", publishes=(Note,))
    async def keeper(question: Question, context: Context) -> Answer:
        kept.append(context.headers.narrowed(roles=frozenset()))
        await context.publish(Note(), headers=kept[0])
        object.__setattr__(kept[0], "roles", frozenset({"admin"}))
        return Answer()

    class Reader:
        from genie import AgentCard

        card = AgentCard(id="reader", consumes=(Note,))

        async def handle(self, message: Any, context: Context) -> None:
            got.append(message.headers.roles)

    async with running(keeper, Reader()) as runtime:
        await runtime.ask(Question(), Answer, caller=Caller(user="ann", roles=frozenset({"clerk"})))
        await runtime.drain(5)
    assert got == [frozenset()]
