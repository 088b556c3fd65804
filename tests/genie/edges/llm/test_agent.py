"""A model agent: retries, breaker, rates, cache, fallback, and the account of what it used."""

from decimal import Decimal

import anyio
import pytest

from genie import Admission, Budget, Caller, Classification, PolicySet, Runtime
from genie.contracts.model_call import (
    FailureClass,
    ModelDelta,
    ModelFailed,
    ModelReply,
    ModelRestarted,
    Stop,
    Text,
    Thought,
    Turn,
    Usage,
)
from genie.contracts.ports.provider import ProviderError, WireDelta, WireEnd
from genie.edges.llm.agent import Calls
from genie.edges.llm.failures import TRAITS
from genie.errors import RunCancelledError, RunStalled
from genie.policies.clearance import Clearance
from genie.policies.pii import Pii
from genie.testing import assert_at_rest, settled, turns
from genie.testing.providers import Rule, calls, fails, rates, says, used
from tests.genie.edges.llm.models_for_tests import PRICE, model, request, text_of

pytestmark = pytest.mark.anyio
ENDS = (ModelReply, ModelFailed)


async def test_a_reply_says_who_answered_and_what_it_cost():
    desk = model(price=PRICE)
    async with Runtime([desk]) as runtime:
        reply = await runtime.ask(request(), ModelReply, to="desk")
    assert text_of(reply) == "the answer"
    assert (reply.stop, reply.attempts, reply.provider) == (Stop.ANSWERED, 1, "scripted/scripted")
    assert reply.cost == PRICE.cost(reply.usage)
    assert reply.total_s is not None


async def test_a_stream_brings_the_text_in_pieces_and_the_reply_last():
    text = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
    async with Runtime([model(Rule("", text))]) as runtime:
        got = [part async for part in runtime.stream(request(), parts=ModelDelta, end=ENDS, to="desk")]
    assert isinstance(got[-1], ModelReply)
    assert "".join(part.text for part in got[:-1]) == text == text_of(got[-1])
    assert len(got) - 1 < len(text.split())


@pytest.mark.parametrize("failure", FailureClass)
async def test_every_failure_is_retried_counted_and_named_as_its_class_says(failure):
    trait = TRAITS[failure]
    desk = model(Rule("", fails(failure), times=1), Rule("", "later"))
    async with Runtime([desk], seed=1) as runtime:
        answer = await runtime.ask(request(), ENDS, to="desk")
    again = trait.retry == "before_output" or failure in {FailureClass.MALFORMED, FailureClass.CONTEXT_TOO_LONG}
    assert desk.provider.calls == (2 if again else 1)
    assert isinstance(answer, ModelReply if again else ModelFailed)
    if not again:
        assert answer.failure is failure
        assert (desk.breaker.opened == 1) is (trait.breaker == "opens")


async def test_an_empty_wallet_is_called_once_and_then_not_at_all():
    desk = model(Rule("", fails(FailureClass.OUT_OF_MONEY)))
    async with Runtime([desk]) as runtime:
        first = await runtime.ask(request(), ENDS, to="desk")
        second = await runtime.ask(request(), ENDS, to="desk")
    assert (first.failure, second.failure) == (FailureClass.OUT_OF_MONEY, FailureClass.CIRCUIT_OPEN)
    assert desk.provider.calls == 1


async def test_a_retry_after_beyond_the_deadline_fails_now():
    desk = model(Rule("", fails(FailureClass.RATE_LIMITED, retry_after_s=3)), max_wait_s=30)
    async with Runtime([desk]) as runtime:
        answer = await runtime.ask(request(), ENDS, to="desk", within_s=2)
    assert (answer.failure, answer.retry_after_s) == (FailureClass.RATE_LIMITED, 3)
    assert desk.provider.calls == 1


async def test_after_the_first_piece_nothing_is_tried_again():
    desk = model(Rule("", fails(FailureClass.OVERLOADED, after=["some words"])))
    async with Runtime([desk]) as runtime:
        got = [part async for part in runtime.stream(request(), parts=ModelDelta, end=ENDS, to="desk")]
    assert got[0].text == "some words"
    assert got[-1].failure is FailureClass.OVERLOADED
    assert got[-1].usage.estimated
    assert desk.provider.calls == 1


async def test_a_breaker_opens_after_failures_in_a_row_and_lets_one_call_try():
    desk = model(
        Rule("", fails(FailureClass.OVERLOADED), times=2), Rule("", "back"), attempts=1,
        breaker={"failures": 2, "open_s": 20},
    )  # fmt: skip
    async with Runtime([desk]) as runtime:
        for _ in range(2):
            assert (await runtime.ask(request(), ENDS, to="desk")).failure is FailureClass.OVERLOADED
        assert (await runtime.ask(request(), ENDS, to="desk")).failure is FailureClass.CIRCUIT_OPEN
        assert desk.provider.calls == 2
        await anyio.sleep(20)
        answer = await runtime.ask(request(), ENDS, to="desk")
    assert text_of(answer) == "back"


async def test_what_headers_say_is_left_is_heeded():
    desk = model(Rule("", lambda asked: [rates(requests=0, reset_s=1_000), *says("one", request=asked)]))
    async with Runtime([desk]) as runtime:
        assert isinstance(await runtime.ask(request(), ENDS, to="desk"), ModelReply)
        answer = await runtime.ask(request(), ENDS, to="desk")
    assert (answer.failure, answer.code) == (FailureClass.RATE_LIMITED, "rates")
    assert desk.provider.calls == 1


# --- the cache ---


async def test_equal_questions_of_one_tenant_cost_one_call():
    desk = model(price=PRICE)
    one, other = Caller(tenant="a"), Caller(tenant="b")
    async with Runtime([desk]) as runtime:
        first = await runtime.ask(request(cache=True), ModelReply, to="desk", caller=one)
        again = await runtime.ask(request(cache=True), ModelReply, to="desk", caller=one)
        await runtime.ask(request(cache=True), ModelReply, to="desk", caller=other)
        await runtime.ask(request(), ModelReply, to="desk", caller=one)
    assert (first.cached, again.cached, again.cost) == (False, True, 0)
    assert desk.provider.calls == 3


async def test_a_kept_reply_has_used_nothing():
    desk = model(price=PRICE)
    async with Runtime([desk]) as runtime:
        first = await runtime.ask(request(cache=True), ModelReply, to="desk")
        again = await runtime.ask(request(cache=True), ModelReply, to="desk")
    assert first.usage.input > 0
    assert (again.cached, again.cost, again.usage) == (True, 0, Usage())


async def test_a_reply_tells_what_the_attempts_before_it_were_charged():
    cut = ProviderError(FailureClass.TRUNCATED, usage=Usage(input=300, output=7))
    desk = model(Rule("", [cut], times=2), Rule("", says("yes", usage=Usage(input=9, output=1))), price=PRICE)
    async with Runtime([desk], admission=Admission(budgets=(Budget(id="run", tokens=10**6),))) as runtime:
        reply = await runtime.ask(request(), ModelReply, to="desk")
        spent = runtime.statistics().budgets["run", "tokens"].spent
    assert (reply.attempts, reply.usage) == (3, Usage(input=609, output=15))
    assert (spent, reply.cost) == (624, PRICE.cost(reply.usage))


async def test_equal_questions_at_once_are_one_call_and_a_failure_is_not_kept():
    desk = model(Rule("", [0.01, *fails(FailureClass.FILTERED)], times=1), Rule("", [0.01, *says("yes")]))
    answers: list[object] = []
    async with Runtime([desk]) as runtime, anyio.create_task_group() as tasks:

        async def ask() -> None:
            answers.append(await runtime.ask(request(cache=True), ENDS, to="desk"))

        for _ in range(5):
            tasks.start_soon(ask)
    assert sum(isinstance(answer, ModelFailed) for answer in answers) == 1
    assert desk.provider.calls == 2


# --- budgets ---


def estimate_of(desk: object, asked: object) -> Decimal:
    return desk.estimate(asked).cost


async def test_a_hundred_at_once_with_money_for_ten_are_ten_calls():
    desk = model(Rule("", [0.02, *says("yes")]), price=PRICE, limits={"concurrency": 100, "queue": 100})
    asked = request(max_output=1_000)
    cap = 10 * estimate_of(desk, asked)
    budget = Budget(id="day", per="tenant_day", cost=cap, agents=frozenset({"desk"}))
    outcomes: list[object] = []
    async with Runtime([desk], admission=Admission(budgets=(budget,))) as runtime:

        async def ask() -> None:
            try:
                outcomes.append(await runtime.ask(asked, ENDS, to="desk"))
            except RunStalled:
                outcomes.append(None)

        async with anyio.create_task_group() as tasks:
            for _ in range(100):
                tasks.start_soon(ask)
        statistics = runtime.statistics()
    replies = [reply for reply in outcomes if isinstance(reply, ModelReply)]
    assert (len(replies), desk.provider.calls, outcomes.count(None)) == (10, 10, 90)
    spent = statistics.budgets["day", "cost"]
    assert spent.spent == sum(reply.cost for reply in replies) <= cap
    assert (spent.reserved, spent.overrun) == (0, 0)


async def test_a_stream_without_end_is_cut_where_its_budget_ends():
    def forever(_asked: object) -> object:
        while True:
            yield WireDelta(0, "text", "word " * 20)
            yield 0.0

    desk = model(Rule("", forever), price=PRICE, attempts=1)
    cap = estimate_of(desk, request(max_output=200)) + Decimal("0.01")
    budget = Budget(id="run", cost=cap)
    got: list[ModelDelta] = []
    async with Runtime([desk], admission=Admission(budgets=(budget,))) as runtime:
        with pytest.raises(RunStalled):
            async for part in runtime.stream(request(max_output=200), parts=ModelDelta, end=ENDS, to="desk"):
                got.append(part)
        await settled(runtime)
        statistics = runtime.statistics()
        assert_at_rest(runtime)
    assert got
    assert desk.provider.ended == 1
    account = statistics.budgets["run", "cost"]
    assert 0 < account.spent <= cap
    assert account.overrun == 0  # what comes next is reserved before it is read


@pytest.mark.parametrize("piece", ["a ", "word " * 4, "0123456789"])
@pytest.mark.parametrize("read", [False, True])
async def test_a_reply_beyond_its_limit_is_paid_for_before_it_comes(piece: str, read: bool) -> None:
    """A loop over such a model ends ``budget``, and the account is never below zero."""

    def forever(_asked: object) -> object:
        while True:
            yield WireDelta(0, "text", piece)
            yield 0.0

    desk = model(Rule("", forever), price=PRICE, attempts=1)
    asked = request(max_output=100)
    budget = Budget(id="run", cost=estimate_of(desk, asked) + PRICE.most(0, 30))
    async with Runtime([desk], admission=Admission(budgets=(budget,))) as runtime:
        with pytest.raises(RunStalled, match="budget"):
            if read:
                async for _ in runtime.stream(asked, parts=ModelDelta, end=ENDS, to="desk"):
                    pass
            else:
                await runtime.ask(asked, ENDS, to="desk")
        await settled(runtime)
        account = runtime.statistics().budgets["run", "cost"]
    assert account.overrun == 0
    assert account.spent > PRICE.most(0, 80)


async def test_a_stream_that_drips_for_ever_ends_in_its_time_and_is_charged():
    def dripping(_asked: object) -> object:
        while True:
            yield WireDelta(0, "text", ".")
            yield 10.0

    desk = model(Rule("", dripping), price=PRICE, attempts=1, idle_s=15, timeout_s=60)
    async with Runtime([desk], admission=Admission(budgets=(Budget(id="run", tokens=10**6),))) as runtime:
        began = anyio.current_time()
        with pytest.raises(RunStalled):
            await runtime.ask(request(), ENDS, to="desk")
        assert anyio.current_time() - began < 70
        await settled(runtime)
        assert desk.provider.ended == 1
        assert runtime.statistics().budgets["run", "tokens"].spent > 0
        assert_at_rest(runtime)


async def test_what_the_provider_says_of_the_input_is_held_at_once():
    desk = model(Rule("", [used(input=1_000_000), WireDelta(0, "text", "never"), *says("never")]), price=PRICE)
    budget = Budget(id="run", cost=Decimal(1))
    async with Runtime([desk], admission=Admission(budgets=(budget,))) as runtime:
        with pytest.raises(RunStalled):
            await runtime.ask(request(max_output=10), ENDS, to="desk")
    assert desk.provider.sent == 1


async def test_an_estimate_that_raises_denies():
    desk = model()
    desk.card = __import__("dataclasses").replace(desk.card, estimate=lambda _payload: 1 / 0)
    async with Runtime([desk], admission=Admission(budgets=(Budget(id="run", cost=Decimal(1)),))) as runtime:
        with pytest.raises(RunStalled):
            await runtime.ask(request(), ENDS, to="desk")
    assert desk.provider.calls == 0


async def test_a_reply_without_usage_is_charged_by_our_own_bound():
    desk = model(
        Rule("", [WireDelta(0, "text", "x"), WireEnd((Text(text="x"),), Stop.ANSWERED, None, "m")]), price=PRICE
    )
    async with Runtime([desk]) as runtime:
        reply = await runtime.ask(request(), ModelReply, to="desk")
    assert reply.usage.estimated
    assert reply.usage.input >= 1
    assert reply.cost == PRICE.cost(reply.usage) > 0


async def test_a_kill_closes_every_open_stream():
    desk = model(
        Rule("", [WireDelta(0, "text", "begun"), 1_000.0]), limits={"concurrency": 50, "queue": 50}, idle_s=5_000
    )
    ended: list[str] = []
    async with Runtime([desk]) as runtime:

        async def read() -> None:
            try:
                async for _ in runtime.stream(request(), parts=ModelDelta, end=ENDS, to="desk"):
                    pass
            except (RunStalled, RunCancelledError) as error:
                ended.append(error.code)

        async with anyio.create_task_group() as tasks:
            for _ in range(50):
                tasks.start_soon(read)
            await anyio.wait_all_tasks_blocked()
            assert desk.provider.calls == 50
            runtime.operations.kill("desk", by="operator", reason="test")
        await settled(runtime)
        assert_at_rest(runtime)
    assert (len(ended), desk.provider.ended) == (50, 50)


# --- fallback ---


def pair(*rules: Rule, **more: object):
    shared = Calls()
    desk = model(*rules, calls=shared, fallback=("house",), family="a/one", **more)
    house = model(Rule("", "from the house"), id="house", calls=shared, takes_over=True, family="b/two")
    return desk, house


@pytest.mark.parametrize("failure", [FailureClass.OUT_OF_MONEY, FailureClass.OVERLOADED, FailureClass.RATE_LIMITED])
async def test_another_model_takes_over_as_a_new_delivery(failure):
    desk, house = pair(Rule("", fails(failure)))
    async with Runtime([desk, house], seed=3) as runtime:
        reply = await runtime.ask(request(), ModelReply, to="desk")
        counts = runtime.statistics().totals
    assert text_of(reply) == "from the house"
    assert reply.attempts <= 3
    assert counts.dead_lettered == 1


async def test_a_take_over_in_mid_stream_says_that_it_begins_again():
    desk, house = pair(Rule("", fails(FailureClass.OVERLOADED, after=["half an ans"])))
    async with Runtime([desk, house]) as runtime:
        stream = runtime.stream(request(), parts=(ModelDelta, ModelRestarted), end=ENDS, to="desk")
        got = [part async for part in stream]
    kinds = [type(part) for part in got]
    assert kinds.index(ModelRestarted) == 1
    assert "".join(part.text for part in got[2:-1]) == "from the house" == text_of(got[-1])


async def test_opaque_parts_go_to_their_own_family_alone():
    desk, house = pair(Rule("", fails(FailureClass.OUT_OF_MONEY)))
    thought = Thought(text="hm", opaque='{"signature":"x"}', made_by="a/one")
    asked = request()
    asked = asked.model_copy(
        update={"turns": (*asked.turns, Turn(role="assistant", parts=(thought, Text(text="well"))), *asked.turns)}
    )
    async with Runtime([desk, house]) as runtime:
        await runtime.ask(asked, ModelReply, to="desk")
    assert thought in desk.provider.requests[0].turns[1].parts
    assert house.provider.requests[0].turns[1].parts == (Text(text="well"),)


async def test_one_request_is_denied_masked_and_whole_by_the_card_of_each_model():
    card = "4111 1111 1111 1111"
    models = [
        model(id="abroad", clearance="public", internal=False),
        model(id="near", clearance="confidential"),
        model(id="inside", clearance="restricted"),
    ]
    policies = PolicySet((Clearance(), Pii()))
    async with Runtime(models, policies=policies, caller=Caller(clearance=Classification.RESTRICTED)) as runtime:
        with pytest.raises(RunStalled):
            await runtime.ask(request(f"card {card}"), ENDS, to="abroad")
        await runtime.ask(request(f"card {card}"), ENDS, to="near")
        await runtime.ask(request(f"card {card}"), ENDS, to="inside")
    abroad, near, inside = (one.provider.requests for one in models)
    assert not abroad
    assert card not in near[0].model_dump_json()
    assert card in inside[0].model_dump_json()


async def test_tool_calls_stream_as_pieces_and_come_whole():
    desk = model(Rule("", calls(("look", '{"for":"x"}'))))
    async with Runtime([desk]) as runtime:
        got = [part async for part in runtime.stream(request(), parts=ModelDelta, end=ENDS, to="desk")]
    assert [(part.kind, part.text) for part in got[:-1]] == [("call", '{"for":"x"}')]
    assert got[-1].stop is Stop.TOOL_CALLS


async def test_a_call_that_is_cancelled_is_charged_by_our_own_bound():
    desk = model(Rule("", [WireDelta(0, "text", "begun"), 1_000.0]), price=PRICE, idle_s=5_000)
    budget = Budget(id="day", per="tenant_day", cost=Decimal(1))
    async with Runtime([desk], admission=Admission(budgets=(budget,))) as runtime:
        async with runtime.stream(request(), parts=ModelDelta, end=ENDS, to="desk") as stream:
            await anext(stream)
        await turns()
        await settled(runtime)
        account = runtime.statistics().budgets["day", "cost"]
    assert account.spent > 0
    assert account.reserved == 0


def test_usage_is_priced_by_what_it_is():
    usage = Usage(input=15_400, cache_read=12_000, output=900)
    assert PRICE.cost(usage) == Decimal("0.034")
