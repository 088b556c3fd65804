"""Notices: what leaves carries them, whoever cannot carry them is denied, and agents inside are given none."""

from __future__ import annotations

import io
import json
from typing import Any

import anyio
import httpx
import pytest

from genie.contracts.agent import Join, agent
from genie.contracts.card import AgentCard, Caller
from genie.contracts.classification import Classification
from genie.contracts.context import Context
from genie.contracts.gather import Each
from genie.contracts.message import Payload
from genie.edges.http.webhook import Webhook, WebhookSettings, posting
from genie.errors import RunStalled
from genie.journal.jsonl import JournalFile, JournalLines
from genie.journal.memory import MemoryJournal
from genie.policies.clearance import Clearance
from genie.policies.disclosure import Disclosure, DisclosureSettings
from genie.policies.pii import Pii
from genie.policy.policy import Allow, Hold, PolicySet
from tests.genie.policies_for_tests import Answer, Note, Question, Rule, running, verdict_for

pytestmark = pytest.mark.anyio

BANNER = "Made by a machine; check it before you act on it."
SECOND = "Not investment advice; ask somebody who is licensed."
SHOWN = PolicySet((Disclosure(DisclosureSettings(topics={"t.answer": BANNER})),))
ANN = Caller(user="ann")


@agent("answerer", clearance="restricted")
async def answerer(question: Question) -> Answer:
    return Answer(text=question.text)


def always(*notices: str, name: str = "always") -> Rule:
    return Rule(lambda _route: lambda _message, _sender: Allow(notices), name=name)


# --- askers ---


async def test_an_answer_comes_with_its_notice_where_the_asker_has_a_place_for_it() -> None:
    async with running(answerer, policies=SHOWN) as runtime:
        notices: list[str] = []
        assert await runtime.ask(Question(), Answer, caller=ANN, notices=notices) == Answer(text="?")
        assert notices == [BANNER]
        run = runtime.start(Question(), Answer, caller=ANN)
        await run.result()
        assert run.notices() == (BANNER,)
        views = await runtime.gather(Question(), expect=Each(Answer), caller=ANN)
        assert views.notices == (BANNER,)


async def test_an_asker_without_a_place_for_a_notice_is_denied_the_answer() -> None:
    async with running(answerer, policies=SHOWN) as runtime:
        with pytest.raises(RunStalled, match="it needs a notice, which 'caller:ann' cannot attach"):
            await runtime.ask(Question(), Answer, caller=ANN)


async def test_without_a_notice_nothing_is_needed() -> None:
    async with running(answerer, policies=PolicySet((Disclosure(),))) as runtime:
        notices: list[str] = []
        await runtime.ask(Question(), Answer, caller=ANN, notices=notices)
        assert notices == []
        assert await runtime.ask(Question(), Answer, caller=ANN) == Answer(text="?")


async def test_each_notice_is_shown_once_in_the_order_of_the_policies() -> None:
    policies = PolicySet((always(SECOND, BANNER), *SHOWN.policies))
    async with running(answerer, policies=policies) as runtime:
        run = runtime.start(Question(), Answer, caller=ANN)
        await run.result()
        assert run.notices() == (SECOND, BANNER)


async def test_a_masked_answer_carries_its_notice_too() -> None:
    policies = PolicySet((*SHOWN.policies, Clearance(), Pii()))
    async with running(answerer, policies=policies) as runtime:
        notices: list[str] = []
        question = Question(text="4111 1111 1111 1111")
        answer = await runtime.ask(question, Answer, caller=ANN, notices=notices)
        assert (answer.text, notices) == ("[card]", [BANNER])


async def test_an_answer_that_a_person_released_carries_its_notice() -> None:
    hold = verdict_for("caller:ann", Answer, Hold("look"))
    async with running(answerer, policies=PolicySet((*SHOWN.policies, hold))) as runtime:
        run = runtime.start(Question(), Answer, caller=ANN)
        await run.settled()
        [held] = runtime.approvals.holds()
        runtime.approvals.release(held.id)
        await run.result()
        assert run.notices() == (BANNER,)


async def test_staff_with_an_exempt_role_are_given_none() -> None:
    settings = DisclosureSettings(topics={"*": BANNER}, exempt_roles=("reviewer",))
    async with running(answerer, policies=PolicySet((Disclosure(settings),))) as runtime:
        reviewer = Caller(user="ann", roles=frozenset({"reviewer"}))
        assert await runtime.ask(Question(), Answer, caller=reviewer) == Answer(text="?")


# --- inside ---


async def test_agents_and_joins_inside_are_given_no_notice_and_are_not_denied_for_it() -> None:
    seen: list[tuple[str, ...]] = []

    class Pair(Payload, topic="t.pair"):
        answer: Answer

    @agent("desk", asks={Question: Answer})
    async def desk(note: Note, context: Context) -> None:
        seen.append(context.notices)
        seen.append((await context.gather(Question(), expect=Answer)).notices)

    @agent("taker")
    async def taker(pair: Pair) -> None:
        pass

    join = Join(id="pair", into=Pair, parts={"answer": Answer})
    async with running(desk, answerer, taker, joins=[join], policies=PolicySet((always(BANNER),))) as runtime:
        await runtime.publish(Note(), caller=ANN)
        await anyio.sleep(1)
        assert seen == [(), ()]
        assert runtime.statistics().agents["taker"].handled == 1


# --- observers, receivers, records ---


async def test_an_observer_is_told_what_to_show_beside_the_payload() -> None:
    async with running(answerer, policies=SHOWN) as runtime:
        async with runtime.observe(Answer, clearance=Classification.INTERNAL) as observed:
            await runtime.ask(Question(), Answer, caller=ANN, notices=[])
            seen = await anext(observed)
        assert (seen.payload, seen.notices) == (Answer(text="?"), (BANNER,))


class Receiver(httpx.AsyncBaseTransport):
    def __init__(self) -> None:
        self.sent: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        return httpx.Response(200, stream=httpx.ByteStream(b"taken"))


async def posted(policies: PolicySet) -> list[httpx.Request]:
    receiver = Receiver()

    async def resolve(host: str, port: int) -> list[Any]:
        return ["93.184.216.34"]

    hook = posting(
        "hook", Answer, settings=WebhookSettings(url="https://hooks.example.org/in", secret="a key of sixteen"),
        clearance="internal", webhook=Webhook(resolver=resolve, transport=receiver),
    )  # fmt: skip
    async with running(answerer, hook, policies=policies) as runtime:
        await runtime.publish(Question(), caller=ANN)
        await anyio.sleep(10)
    return receiver.sent


async def test_a_receiver_gets_the_notice_in_the_signed_body_and_in_a_header() -> None:
    [request] = await posted(SHOWN)
    assert json.loads(request.content)["notices"] == [BANNER]
    assert json.loads(request.headers["genie-notice"]) == [BANNER]


async def test_a_receiver_gets_no_header_where_no_notice_is_due() -> None:
    [request] = await posted(PolicySet())
    assert "notices" not in json.loads(request.content)
    assert "genie-notice" not in request.headers


async def test_an_egress_that_cannot_carry_a_notice_is_denied_what_needs_one() -> None:
    taken: list[Payload] = []

    class Fax:
        card = AgentCard(id="fax", consumes=(Answer,), clearance=Classification.RESTRICTED, egress=True)

        async def handle(self, message: Any, context: Context) -> None:
            taken.append(message.payload)

    async with running(answerer, Fax(), policies=SHOWN) as runtime:
        await runtime.publish(Question(), caller=ANN)
        await anyio.sleep(1)
        assert taken == []
        assert runtime.statistics().agents["fax"].denied == 1


async def test_a_notice_that_is_due_no_more_is_not_carried_by_mail_that_waited() -> None:
    seen: list[tuple[str, ...]] = []
    opened = anyio.Event()

    class Printer:
        card = AgentCard(
            id="printer", consumes=(Answer,), clearance=Classification.RESTRICTED, egress=True, notices=True
        )

        async def handle(self, message: Any, context: Context) -> None:
            seen.append(context.notices)
            await opened.wait()

    async with running(answerer, Printer(), policies=SHOWN) as runtime:
        await runtime.publish(Question(), caller=ANN)
        await runtime.publish(Question(), caller=ANN)
        await anyio.sleep(1)
        runtime.operations.replace_policies(PolicySet())
        opened.set()
        await anyio.sleep(1)
    assert seen == [(BANNER,), ()]


async def test_the_journal_that_is_written_out_says_what_belongs_beside_each_payload() -> None:
    journal = MemoryJournal()
    async with running(answerer, policies=SHOWN, journal=journal) as runtime:
        await runtime.ask(Question(), Answer, caller=ANN, notices=[])
    out = io.StringIO()
    reader = ANN.card()
    file = JournalFile(
        out, JournalLines(policies=SHOWN, reader=reader, senders={"answerer": answerer.card, reader.id: reader})
    )
    for record in journal:
        file.record(record)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    noticed = {line["topic"]: line.get("notices") for line in lines if line["kind"] == "accepted"}
    assert noticed == {"t.question": None, "t.answer": [BANNER]}
    [judged] = [line for line in lines if line["kind"] == "judged"]
    assert judged["detail"]["obligations"] == [BANNER]
