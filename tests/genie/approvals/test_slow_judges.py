"""Policies that are asked outside the loop: verdicts, failures, order, cancellation, answers, joins, taps, reloads."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any, ClassVar

import anyio
import pytest

from genie.config.loader import parse
from genie.config.plugins import Plugins
from genie.contracts.agent import Join, agent
from genie.contracts.card import AgentCard, Caller
from genie.contracts.context import Context
from genie.contracts.limits import Retry
from genie.contracts.message import Payload
from genie.errors import ConfigError, InputError, PolicyError, RunHeld, RunStalled
from genie.policy.policy import ALLOW, Allow, AsyncPolicy, AsyncSettings, Deny, Hold, PolicySet, Redact, Route, Verdict
from genie.runtime.runtime import Runtime
from tests.genie.policies_for_tests import Answer, Gate, Note, Opinion, Order, Question, answerer, denying, running

Judge = Callable[[Any, AgentCard], Awaitable[Verdict]]


class Slow(AsyncPolicy):
    """Asks a function of the test about one payload class for one recipient."""

    name: ClassVar[str] = "slow"
    version: ClassVar[str] = "1"

    def __init__(self, kind: type[Payload], recipient: str, judge: Judge, **settings: Any) -> None:
        self._kind, self._recipient, self._judge = kind, recipient, judge
        self._settings = AsyncSettings(**settings)

    @property
    def settings(self) -> AsyncSettings:
        return self._settings

    def judge_of(self, route: Route) -> Judge | None:
        asked = route.payload is self._kind and route.recipient.id == self._recipient
        return self._judge if asked else None


def saying(verdict: Verdict, after_s: float = 1.0) -> Judge:
    async def judge(_message: Any, _sender: AgentCard) -> Verdict:
        await anyio.sleep(after_s)
        return verdict

    return judge


def asked(judge: Judge, kind: type[Payload] = Question, recipient: str = "answerer", **settings: Any) -> PolicySet:
    settings.setdefault("deadline_s", 60)
    return PolicySet((Slow(kind, recipient, judge, **settings),))


async def raising(_message: Any, _sender: AgentCard) -> Verdict:
    raise ZeroDivisionError("4111 1111 1111 1111")


async def answering_nothing(_message: Any, _sender: AgentCard) -> Any:
    return "allow"


# --- verdicts ---


@pytest.mark.anyio
async def test_a_delivery_waits_for_its_verdict_and_goes_on() -> None:
    async with running(answerer, policies=asked(saying(ALLOW, 1.5))) as runtime:
        before = anyio.current_time()

        assert await runtime.ask(Question(text="x"), Answer) == Answer(text="x")

        assert anyio.current_time() - before == pytest.approx(1.5)


@pytest.mark.anyio
@pytest.mark.parametrize("verdict", [Allow(), Redact(frozenset({("text",)}))])
async def test_what_it_masks_is_masked(verdict: Verdict) -> None:
    async with running(answerer, policies=asked(saying(verdict))) as runtime:
        text = "[masked]" if isinstance(verdict, Redact) else "secret"
        assert await runtime.ask(Question(text="secret"), Answer) == Answer(text=text)


@pytest.mark.anyio
async def test_what_it_denies_ends_denied_with_its_code() -> None:
    async with running(answerer, policies=asked(saying(Deny("unsafe", "a model says so")))) as runtime:
        with pytest.raises(RunStalled) as stalled:
            await runtime.ask(Question(), Answer)

        assert "slow: unsafe" in str(stalled.value)
        assert runtime.statistics().totals.denied == 1


@pytest.mark.anyio
async def test_what_it_holds_waits_for_a_person_whose_approval_counts() -> None:
    async with running(answerer, policies=asked(saying(Hold("unsure")))) as runtime:
        run = runtime.start(Question(text="x"), Answer, caller=Caller(user="ann"))
        with pytest.raises(RunHeld):
            await run.result()
        (request,) = runtime.approvals.requests()

        runtime.approvals.approve(request.id, by="ben", reason="read it")

        assert await run.result() == Answer(text="x")


@pytest.mark.anyio
async def test_it_is_not_asked_where_another_policy_denies() -> None:
    calls: list[Any] = []

    async def judge(message: Any, _sender: AgentCard) -> Verdict:
        calls.append(message)
        return ALLOW

    policies = PolicySet((*denying("answerer", Question).policies, Slow(Question, "answerer", judge)))
    async with running(answerer, policies=policies) as runtime:
        with pytest.raises(RunStalled):
            await runtime.ask(Question(), Answer)

    assert calls == []


@pytest.mark.anyio
async def test_two_of_them_are_asked_one_after_the_other() -> None:
    class Second(Slow):
        name: ClassVar[str] = "second"

    policies = PolicySet(
        (Slow(Question, "answerer", saying(ALLOW)), Second(Question, "answerer", saying(Deny("no", "n"))))
    )
    async with running(answerer, policies=policies) as runtime:
        before = anyio.current_time()
        with pytest.raises(RunStalled):
            await runtime.ask(Question(), Answer)
        assert anyio.current_time() - before == pytest.approx(2.0)


# --- failures: nothing is ever allowed ---


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("judge", "why"), [(saying(ALLOW, 60), "late"), (raising, "ZeroDivisionError"), (answering_nothing, "no verdict")]
)
@pytest.mark.parametrize("on_failure", ["deny", "hold"])
async def test_without_a_verdict_it_does_what_it_states(judge: Judge, why: str, on_failure: str) -> None:
    async with running(answerer, policies=asked(judge, deadline_s=2, on_failure=on_failure)) as runtime:
        run = runtime.start(Question(), Answer)
        with pytest.raises(RunHeld if on_failure == "hold" else RunStalled) as ended:
            await run.result()

        assert "4111" not in str(ended.value)
        if on_failure == "hold":
            assert why in runtime.approvals.holds()[0].reason
            run.cancel()
        else:
            assert why in str(ended.value)


@pytest.mark.anyio
async def test_more_than_may_wait_fails_at_once() -> None:
    gate = Gate()

    async def judge(_message: Any, _sender: AgentCard) -> Verdict:
        await gate.wait()
        return ALLOW

    policies = asked(judge, at_once=1, most_waiting=1, deadline_s=60)
    async with running(answerer, policies=policies) as runtime:
        runs = [runtime.start(Question(number=number), Answer) for number in range(3)]
        with pytest.raises(RunStalled, match="busy"):
            await runs[2].result()
        gate.open.set()
        assert [(await run.result()).number for run in runs[:2]] == [0, 1]


@pytest.mark.anyio
async def test_no_more_are_asked_at_once_than_it_states() -> None:
    now, most = 0, 0

    async def judge(_message: Any, _sender: AgentCard) -> Verdict:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await anyio.sleep(1)
        now -= 1
        return ALLOW

    async with running(answerer, policies=asked(judge, at_once=3, deadline_s=60)) as runtime:
        runs = [runtime.start(Question(number=number), Answer) for number in range(10)]
        assert [(await run.result()).number for run in runs] == list(range(10))
        assert most == 3
        assert not len(runtime.bus.pending)


# --- order ---


@pytest.mark.anyio
@pytest.mark.parametrize("concurrency", [1, 4])
async def test_deliveries_of_one_key_keep_their_order_however_long_each_verdict_takes(concurrency: int) -> None:
    handled: list[tuple[str, int]] = []

    @agent("sender", publishes=(Order,))
    async def sender(question: Question, context: Context) -> Answer:
        for number in range(8):
            await context.publish(Order(account="ab"[number % 2], number=number))
        return Answer()

    @agent("clerk", concurrency=concurrency)
    async def clerk(order: Order) -> None:
        handled.append((order.account, order.number))

    async def judge(message: Any, _sender: AgentCard) -> Verdict:
        await anyio.sleep(8 - message.payload.number)
        return Deny("no", "no") if message.payload.number == 2 else ALLOW

    async with running(sender, clerk, policies=asked(judge, Order, "clerk", deadline_s=60)) as runtime:
        run = runtime.start(Question(), Answer)
        await run.settled()

    for account, numbers in (("a", [0, 4, 6]), ("b", [1, 3, 5, 7])):
        assert [number for key, number in handled if key == account] == numbers


@pytest.mark.anyio
async def test_another_run_does_not_wait_for_a_slow_verdict() -> None:
    async def judge(message: Any, _sender: AgentCard) -> Verdict:
        await anyio.sleep(50 if message.payload.number == 0 else 1)
        return ALLOW

    async with running(answerer, policies=asked(judge, deadline_s=60)) as runtime:
        before = anyio.current_time()
        slow, fast = runtime.start(Question(number=0), Answer), runtime.start(Question(number=1), Answer)
        await fast.result()
        assert anyio.current_time() - before == pytest.approx(1)
        await slow.result()
        assert anyio.current_time() - before == pytest.approx(50)


# --- what ends it early ---


@pytest.mark.anyio
@pytest.mark.parametrize("way", ["cancel", "deadline", "kill", "close"])
async def test_a_judge_is_cancelled_with_its_run(way: str) -> None:
    gate = Gate()

    async def judge(_message: Any, _sender: AgentCard) -> Verdict:
        await gate.wait()
        return ALLOW

    async with running(answerer, policies=asked(judge, deadline_s=600)) as runtime:
        run = runtime.start(Question(), Answer, deadline_s=5)
        await gate.reached.wait()
        if way == "cancel":
            run.cancel()
        elif way == "kill":
            runtime.operations.kill("answerer", by="ann", reason="x")
        if way != "close":
            await run.settled()
            assert not len(runtime.bus.pending)
            await anyio.sleep(0.1)
            assert gate.cancelled == 1
    assert gate.cancelled == 1


@pytest.mark.anyio
async def test_a_judge_that_refuses_to_be_cancelled_changes_nothing_later() -> None:
    gate = Gate()
    finished: list[int] = []

    async def judge(_message: Any, _sender: AgentCard) -> Verdict:
        with anyio.CancelScope(shield=True):
            await gate.wait()
        finished.append(1)
        return ALLOW

    async with running(answerer, policies=asked(judge, deadline_s=2)) as runtime:
        with pytest.raises(RunStalled, match="late"):
            await runtime.ask(Question(), Answer)
        gate.open.set()
        await anyio.sleep(1)
        assert finished == [1]
        assert runtime.statistics().totals.handled == 0


@pytest.mark.anyio
async def test_after_a_reload_the_new_policies_judge() -> None:
    gate = Gate()

    async def judge(_message: Any, _sender: AgentCard) -> Verdict:
        await gate.wait()
        return ALLOW

    async with running(answerer, policies=asked(judge, deadline_s=60)) as runtime:
        run = runtime.start(Question(), Answer)
        await gate.reached.wait()
        runtime.bus.replace_policies(asked(saying(Deny("late_no", "the new one"))), "ann", "stricter")
        gate.open.set()
        with pytest.raises(RunStalled, match="slow: late_no"):
            await run.result()


# --- answers, joins, taps ---


@pytest.mark.anyio
@pytest.mark.parametrize("verdict", [ALLOW, Redact(frozenset({("text",)})), Deny("no", "not this")])
async def test_an_answer_waits_for_its_verdict(verdict: Verdict) -> None:
    policies = asked(saying(verdict, 3), Answer, "caller:ann")
    async with running(answerer, policies=policies) as runtime:
        before = anyio.current_time()
        run = runtime.start(Question(text="secret"), Answer, caller=Caller(user="ann"))
        if isinstance(verdict, Deny):
            with pytest.raises(RunStalled, match="slow: no"):
                await run.result()
        else:
            assert (await run.result()).text == ("secret" if verdict is ALLOW else "[masked]")
        assert anyio.current_time() - before == pytest.approx(3)


@pytest.mark.anyio
async def test_an_answer_that_waits_is_cancelled_with_its_run() -> None:
    async with running(answerer, policies=asked(saying(ALLOW, 30), Answer, "caller:ann", deadline_s=60)) as runtime:
        run = runtime.start(Question(), Answer, caller=Caller(user="ann"))
        await anyio.sleep(1)
        run.cancel()
        await run.settled()
        assert not len(runtime.bus.pending)


class Both(Payload, topic="t.both"):
    answer: Answer | None = None
    opinion: Opinion | None = None


@agent("critic")
async def critic(question: Question) -> Opinion:
    """Have an opinion at once."""
    return Opinion(text=question.text)


JOIN = Join(id="both", parts={"answer": Answer, "opinion": Opinion}, into=Both)


@pytest.mark.anyio
@pytest.mark.parametrize("verdict", [ALLOW, Deny("no", "not this")])
async def test_a_part_of_a_join_waits_for_its_verdict(verdict: Verdict) -> None:
    async with running(answerer, critic, joins=(JOIN,), policies=asked(saying(verdict, 3), Answer, "both")) as runtime:
        if verdict is ALLOW:
            joined = await runtime.ask(Question(text="x"), Both)
            assert joined == Both(answer=Answer(text="x"), opinion=Opinion(text="x"))
        else:
            with pytest.raises(RunStalled, match="slow: no"):
                await runtime.ask(Question(text="x"), Both)


@pytest.mark.anyio
async def test_a_part_of_a_join_that_waits_is_cancelled_with_its_run() -> None:
    policies = asked(saying(ALLOW, 30), Answer, "both", deadline_s=60)
    async with running(answerer, critic, joins=(JOIN,), policies=policies) as runtime:
        run = runtime.start(Question(), Both)
        await anyio.sleep(1)
        run.cancel()
        await run.settled()
        assert not len(runtime.bus.pending)


@pytest.mark.anyio
async def test_a_tap_sees_nothing_of_what_a_slow_judge_would_have_to_judge_for_it() -> None:
    class Everybody(Slow):
        def judge_of(self, route: Route) -> Judge | None:
            return self._judge

    policies = PolicySet((Everybody(Question, "", saying(ALLOW)),))
    async with running(answerer, policies=policies) as runtime, runtime.observe() as tap:
        await runtime.ask(Question(text="secret"), Answer)
        assert (await anext(tap)).payload is None


# --- what else it must not disturb ---


@pytest.mark.anyio
async def test_a_judge_sees_no_context_variable_of_a_handler() -> None:
    leaked: ContextVar[str] = ContextVar("leaked", default="")
    seen: list[str] = []

    @agent("sender")
    async def sender(question: Question) -> Note:
        leaked.set("a secret of the sender")
        return Note(text="x")

    @agent("reader")
    async def reader(note: Note) -> Answer:
        return Answer(text=note.text)

    async def judge(_message: Any, _sender: AgentCard) -> Verdict:
        seen.append(leaked.get())
        return ALLOW

    async with running(sender, reader, policies=asked(judge, Note, "reader")) as runtime:
        await runtime.ask(Question(), Answer)
    assert seen == [""]


@pytest.mark.anyio
async def test_a_gather_gets_what_came_in_time_and_the_late_verdict_counts_as_late() -> None:
    got: list[Any] = []

    @agent("desk", asks={Question: (Answer,)})
    async def desk(note: Note, context: Context) -> Opinion:
        got.append(await context.gather(Question(), expect=(Answer,), within_s=2.0))
        return Opinion(text="done")

    async with running(desk, answerer, policies=asked(saying(ALLOW, 5), deadline_s=60)) as runtime:
        assert await runtime.ask(Note(), Opinion) == Opinion(text="done")
    assert got[0].missing


def test_shadow_mode_is_refused() -> None:
    with pytest.raises(PolicyError, match="slow"):
        PolicySet((Slow(Question, "answerer", saying(ALLOW)),), shadow=frozenset({"slow"}))


@pytest.mark.anyio
async def test_a_delivery_that_is_retried_is_not_judged_again() -> None:
    calls: list[int] = []
    attempts: list[int] = []

    async def judge(_message: Any, _sender: AgentCard) -> Verdict:
        calls.append(1)
        return ALLOW

    @agent("answerer", retry=Retry(attempts=3))
    async def flaky(question: Question) -> Answer:
        attempts.append(1)
        if len(attempts) < 3:
            raise ValueError
        return Answer()

    async with running(flaky, policies=asked(judge)) as runtime:
        await runtime.ask(Question(), Answer)
    assert (len(calls), len(attempts)) == (1, 3)


# --- holds of a slow judge ---


@pytest.mark.anyio
@pytest.mark.parametrize(("kind", "recipient"), [(Question, "answerer"), (Answer, "caller:ann")])
async def test_the_people_that_its_hold_asks_for_are_still_asked_for_and_it_is_asked_once(
    kind: type[Payload], recipient: str
) -> None:
    calls: list[int] = []

    async def judge(_message: Any, _sender: AgentCard) -> Verdict:
        calls.append(1)
        return Hold("unsure", approvers=frozenset({"chief"}), quorum=2)

    async with running(answerer, policies=asked(judge, kind, recipient)) as runtime:
        run = runtime.start(Question(text="x"), Answer, caller=Caller(user="ann"))
        with pytest.raises(RunHeld):
            await run.result()
        (request,) = runtime.approvals.requests()
        with pytest.raises(InputError):
            runtime.approvals.approve(request.id, by="ben", reason="no chief")
        for chief in ("ben", "cleo"):
            assert not run.at_rest
            runtime.approvals.approve(request.id, by=chief, roles=("chief",), reason="read it")

        assert await run.result() == Answer(text="x")
        assert calls == [1]


@pytest.mark.anyio
async def test_an_edited_payload_is_judged_before_it_is_delivered() -> None:
    async def judge(message: Any, _sender: AgentCard) -> Verdict:
        return Deny("unsafe", "slow: unsafe") if message.payload.text == "worse" else Hold("unsure")

    async with running(answerer, policies=asked(judge)) as runtime:
        run = runtime.start(Question(text="x"), Answer, caller=Caller(user="ann"))
        with pytest.raises(RunHeld):
            await run.result()
        (request,) = runtime.approvals.requests()
        runtime.approvals.approve(request.id, by="ben", reason="edit", edit=Question(text="worse"), seal=request.seal)
        for open_request in runtime.approvals.requests():
            runtime.approvals.approve(open_request.id, by="cleo", reason="fine", seal=open_request.seal)

        with pytest.raises(RunStalled, match="slow: unsafe"):
            await run.result()


# --- declared in YAML, simulated ---


class ModelSettings(AsyncSettings):
    """Settings of the policy of these tests."""

    forbidden: str = "bomb"


class Model(AsyncPolicy):
    """Stands for a model: it takes two seconds and dislikes a word."""

    name: ClassVar[str] = "model"
    version: ClassVar[str] = "1"
    Settings: ClassVar[type[ModelSettings]] = ModelSettings

    def __init__(self, chosen: ModelSettings = ModelSettings()) -> None:  # noqa: B008 - frozen
        self._settings = chosen

    @property
    def settings(self) -> ModelSettings:
        return self._settings

    def judge_of(self, route: Route) -> Judge | None:
        async def judge(message: Any, _sender: AgentCard) -> Verdict:
            await anyio.sleep(2)
            return Deny("unsafe", "forbidden") if self._settings.forbidden in message.payload.text else ALLOW

        return judge if route.recipient.id == "answerer" else None


PLUGINS = Plugins(agents={"answerer": answerer}, policies={"model": Model})
PIPELINE = """
version: 1
id: p
agents: [answerer]
policies: [{{ model: {settings} }}]
input: t.question
output: t.answer
"""


@pytest.mark.anyio
async def test_it_is_declared_in_a_pipeline() -> None:
    pipeline = parse(PIPELINE.format(settings="{deadline_s: 5, forbidden: gift}"), plugins=PLUGINS)

    assert pipeline.policies.acts
    async with Runtime.from_pipeline(pipeline) as runtime:
        assert await runtime.ask(Question(text="x"), Answer) == Answer(text="x")
        with pytest.raises(RunStalled):
            await runtime.ask(Question(text="a gift"), Answer)


@pytest.mark.parametrize("settings", ["{mode: shadow}", "{on_failure: allow}", "{deadline_s: 0}", "{deadlin_s: 1}"])
def test_settings_that_would_let_it_pass_or_mean_nothing_are_refused_with_their_line(settings: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse(PIPELINE.format(settings=settings), name="p.yaml", plugins=PLUGINS)

    assert all(line.startswith("p.yaml:5") for line in refused.value.problems)
