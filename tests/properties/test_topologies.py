"""The laws that hold in every topology: random agents, policies and operations, in virtual time.

Each example builds a small world: agents whose handlers follow random programs, a policy whose verdicts are random,
and a script of operations that pause, kill, cancel, release and replace while runs are under way. Whatever happens,
the account adds up at every step, nothing that may not be handled is handled, and everything comes to rest.
"""

from __future__ import annotations

import contextlib
import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import anyio
import anyio.lowlevel
import trio.testing  # noqa: TID251 - virtual time makes sleeping free and repeatable
from hypothesis import given, settings
from hypothesis import strategies as st

from genie.contracts.agent import FunctionAgent, Join, Signature
from genie.contracts.card import AgentCard, Caller
from genie.contracts.gather import Each
from genie.contracts.limits import Mailbox, Overflow, RestartBudget, Retry, RunLimits
from genie.contracts.message import Payload
from genie.contracts.outcome import Counts
from genie.errors import GenieError, InputError
from genie.execution.context import handling_of
from genie.journal.memory import MemoryJournal
from genie.operations.statistics import agent_statistics
from genie.policy.policy import ALLOW, Deny, Hold, PolicySet, PolicySettings, Redact
from genie.runtime.runtime import Runtime

if TYPE_CHECKING:
    from collections.abc import Callable

    from genie.contracts.message import Message
    from genie.policy.policy import Judge, Verdict
    from genie.policy.policy import Route as PolicyRoute

FOR_EVER_S = 5_000.0
"""Virtual seconds after which a world that has not come to rest never will."""


class K0(Payload):
    n: int
    secret: str = "secret"


class K1(Payload):
    n: int
    secret: str = "secret"


class K2(Payload, classification="confidential", key="n"):
    n: int
    secret: str = "secret"


class K3(Payload):
    n: int
    secret: str = "secret"


class Joined(Payload):
    one: K1 | None = None
    three: tuple[K3, ...] = ()


KINDS: tuple[type[Payload], ...] = (K0, K1, K2, K3, Joined)
CALLER = Caller(consent=frozenset({"all"}), tenant="t")


def make(kind: type[Payload], n: int) -> Payload:
    return Joined() if kind is Joined else kind(n=n)  # type: ignore[call-arg]  # every other kind has a number


def number(payload: Payload) -> int:
    return getattr(payload, "n", 0)


# --- what agents do ---


@dataclass(frozen=True)
class Step:
    """One thing that a handler does."""

    verb: str
    kind: int = 0
    other: int = 0
    time: int = 0
    need: Any = "all"


kinds = st.integers(0, len(KINDS) - 2)
times = st.integers(0, 6)
steps = st.one_of(
    st.builds(Step, st.sampled_from(["sleep", "swallow", "shield", "group", "move_on", "checkpoint"]), time=times),
    st.builds(Step, st.just("publish"), kinds, st.integers(0, 5), times),
    st.builds(Step, st.just("after"), kinds, time=times),
    st.builds(
        Step, st.sampled_from(["gather", "each", "ask", "rest"]), kinds, kinds, st.integers(1, 8),
        st.sampled_from(["all", "first", 1, 2]),
    ),
    st.builds(Step, st.sampled_from(["two", "raise"]), kinds, kinds, times),
)  # fmt: skip


@dataclass(frozen=True)
class Program:
    """What a handler does for one message, and how it ends."""

    steps: tuple[Step, ...]
    end: str
    kind: int


programs = st.builds(
    Program,
    st.lists(steps, max_size=2).map(tuple),
    st.sampled_from(["return", "return", "none", "none", "raise", "wrong", "tuple"]),
    kinds,
)


@dataclass(frozen=True)
class Spec:
    """One agent."""

    consumes: frozenset[int]
    programs: tuple[Program, ...]
    shape: str
    concurrency: int
    capacity: int
    overflow: Overflow
    attempts: int
    budget: int
    fallback: int | None
    timeout: int | None


specs = st.builds(
    Spec,
    st.frozensets(kinds, min_size=1, max_size=2),
    st.lists(programs, min_size=1, max_size=3).map(tuple),
    st.sampled_from(["coroutine", "coroutine", "stream", "message"]),
    st.sampled_from([1, 1, 2, 3]),
    st.sampled_from([1, 2, 4, 100]),
    st.sampled_from(list(Overflow)),
    st.sampled_from([1, 1, 2, 3]),
    st.sampled_from([0, 0, 0, 4]),
    st.one_of(st.none(), st.integers(0, 4)),
    st.sampled_from([None, None, None, 3]),
)

operations = st.tuples(
    times,
    st.sampled_from(
        ["ask", "ask", "ask", "gather", "start", "publish", "cancel", "leave", "pause", "resume", "kill", "policies",
         "revoke", "release", "release", "refuse", "remove", "add", "redrive", "look"]
    ),
    st.integers(0, 9),
    kinds,
)  # fmt: skip


def sends(spec: Spec) -> tuple[set[int], set[int], set[int]]:
    """Return what an agent returns, publishes and asks, by number of the kind."""
    returns, publishes, asks = set(), set(), set()
    for program in spec.programs:
        if program.end in {"return", "tuple"}:
            returns.add(program.kind)
        for step in program.steps:
            if step.verb in {"publish", "after"}:
                publishes.add(step.kind)
            elif step.verb in {"gather", "each", "ask", "two", "rest"}:
                asks |= {step.kind, step.other} if step.verb == "two" else {step.kind}
    return returns, publishes, asks


# --- the policy ---


class _Settings(PolicySettings):
    offset: int = 0


class Mixed:
    """Denies, redacts, holds or raises by the number of the message, the recipient and its version."""

    name: ClassVar[str] = "mixed"
    inspectors: ClassVar[tuple[()]] = ()

    def __init__(self, offset: int, harshness: int) -> None:
        self.settings = _Settings(offset=offset)
        self.version: Any = str(offset)
        self.offset = offset
        self.harshness = harshness

    def verdict(self, recipient: str, payload: Payload) -> Verdict:
        if isinstance(payload, Joined):
            return ALLOW
        x = (number(payload) * 7 + len(recipient) + sum(map(ord, recipient)) + self.offset) % 11
        if x >= self.harshness:
            return ALLOW
        return (Deny("no", "no"), Hold("ask", 40.0), Redact(frozenset({("secret",)})), Hold("ask"))[x % 4]

    def compile(self, route: PolicyRoute) -> Judge:
        recipient = route.recipient.id

        def judge(message: Message[Any], _sender: AgentCard) -> Verdict:
            if (number(message.payload) + self.offset) % 13 == self.harshness + 5:
                raise RuntimeError("policy")
            return self.verdict(recipient, message.payload)

        return judge


# --- the world ---


@dataclass
class World:
    """A runtime with random agents, and what was seen in it."""

    specs: tuple[Spec, ...]
    harshness: int
    wrong: list[str] = field(default_factory=list)
    started: list[Any] = field(default_factory=list)
    scopes: list[anyio.CancelScope] = field(default_factory=list)
    everyone: list[Any] = field(default_factory=list)
    released: set[tuple[int, str]] = field(default_factory=set)
    seen: Counter[tuple[int, str]] = field(default_factory=Counter)
    counter: int = 0
    offset: int = 0

    def __post_init__(self) -> None:
        self.policy = Mixed(0, self.harshness)
        self.journal = MemoryJournal()
        self.runtime = Runtime(
            [self.agent(index) for index in range(len(self.specs))],
            policies=PolicySet((self.policy,)),
            joins=(
                Join(id="joiner", into=Joined, parts={"one": K1, "three": K3}, partial="publish", within_s=3.0),
            ),
            limits=RunLimits(max_hops=5, max_messages=60, hold_s=60.0),
            journal=self.journal, caller=CALLER, seed=1, wall=0.0, prefix="x",
        )  # fmt: skip

    def card(self, index: int) -> AgentCard:
        spec = self.specs[index]
        returns, publishes, asks = sends(spec)
        fallback = None if spec.fallback is None or spec.fallback % len(self.specs) == index else spec.fallback
        return AgentCard(
            id=f"a{index}",
            consumes=tuple(KINDS[k] for k in sorted(spec.consumes)),
            produces=tuple(KINDS[k] for k in sorted(returns)),
            publishes=tuple(KINDS[k] for k in sorted(publishes)),
            asks={KINDS[k]: () for k in sorted(asks)},
            concurrency=spec.concurrency,
            mailbox=Mailbox(spec.capacity, spec.overflow, 4.0 if index % 2 else math.inf),
            retry=Retry(spec.attempts, first_s=1.0),
            restarts=RestartBudget(spec.budget, within_s=5.0),
            fallback=None if fallback is None else f"a{fallback % len(self.specs)}",
            timeout_s=spec.timeout,
        )

    def agent(self, index: int) -> Any:
        spec, card, world = self.specs[index], self.card(index), self
        shape = spec.shape

        def chosen(payload: Payload) -> Program:
            return spec.programs[number(payload) % len(spec.programs)]

        async def coroutine(payload: Payload, context: Any) -> object:
            world.entered(context, card.id, payload)
            program = chosen(payload)
            for step in program.steps:
                await world.take(step, context, payload)
            return world.end(program, payload)

        async def stream(payload: Payload, context: Any) -> Any:
            world.entered(context, card.id, payload)
            program = chosen(payload)
            for step in program.steps:
                await world.take(step, context, payload)
                if card.produces:
                    yield make(card.produces[0], number(payload) + 1)
            if program.end == "raise":
                raise ValueError("planned")

        if shape == "message":
            return _Third(card, coroutine)
        function: Callable[..., Any] = stream if shape == "stream" else coroutine
        signature = Signature(card.consumes, card.produces, True, shape == "stream", False)
        return FunctionAgent(function, card, signature)

    # --- inside a handler ---

    def entered(self, context: Any, agent: str, payload: Payload) -> None:
        """A handler begins: is it allowed to?"""
        bus = self.runtime._bus
        subscriber = bus.subscribers.get(agent)
        message = handling_of(context).delivery.message
        if subscriber is None or subscriber.suspended is not None:
            self.wrong.append(f"{agent} handled {message} while suspended")
        run = message.scope.run
        if not run.alive:
            self.wrong.append(f"{agent} handled {message} of an ended run")
        verdict = self.policy.verdict(agent, payload)
        stamp = (message.number, f"{agent}@{self.policy.version}")
        if isinstance(verdict, Deny) or (isinstance(verdict, Hold) and stamp not in self.released):
            self.wrong.append(f"{agent} handled {message} in spite of {verdict}")
        if isinstance(verdict, Redact) and payload.secret != "[masked]":  # type: ignore[attr-defined]  # all have it
            self.wrong.append(f"{agent} saw the secret of {message}")
        if (number(payload) + self.policy.offset) % 13 == self.harshness + 5 and not isinstance(payload, Joined):
            self.wrong.append(f"{agent} handled {message} although its policy raised")
        if bus.judging.narrowed(message.headers) is not message.headers:
            self.wrong.append(f"{agent} got a consent that was revoked")
        self.look()

    async def take(self, step: Step, context: Any, payload: Payload) -> None:
        kind, other, n = KINDS[step.kind], KINDS[step.other % len(KINDS)], number(payload)
        question = make(kind, n + 1)
        match step.verb:
            case "sleep":
                await anyio.sleep(step.time)
            case "checkpoint":
                await anyio.lowlevel.checkpoint()
            case "swallow":
                with contextlib.suppress(BaseException):
                    await anyio.sleep(step.time)
            case "shield":
                with anyio.CancelScope(shield=True):
                    await anyio.sleep(step.time)
            case "group":
                async with anyio.create_task_group() as group:
                    group.start_soon(anyio.sleep, step.time)
                    group.start_soon(anyio.sleep, 1)
            case "move_on":
                with anyio.move_on_after(1):
                    await anyio.sleep(step.time)
            case "publish":
                to = f"a{step.other}" if step.time == 0 else None
                with contextlib.suppress(GenieError):
                    await context.publish(question, to=to)
            case "after":
                context.after(float(step.time), question)
            case "ask":
                with contextlib.suppress(GenieError):
                    await context.ask(question, other, within_s=None if step.time > 4 else float(step.time))
            case "gather" | "rest":
                expect = (other,) if other is K3 else (other, K3)
                within_s = None if step.time > 4 else float(step.time)
                gathered = await context.gather(
                    question, expect=expect, need=step.need, within_s=within_s, cancel_rest=step.verb == "rest"
                )
                self.gathered(gathered, expect, step.need)
            case "each":
                gathered = await context.gather(question, expect=Each(other), within_s=None if step.time > 4 else 2.0)
                self.gathered(gathered, (Each(other),), "all")
            case "two":
                async with anyio.create_task_group() as group:
                    for one in (kind, other):
                        group.start_soon(self.quietly, context, make(one, n + 1))
            case "raise":
                raise ValueError("planned")

    @staticmethod
    async def quietly(context: Any, question: Payload) -> None:
        with contextlib.suppress(GenieError):
            await context.ask(question, K3, within_s=3.0)

    def gathered(self, gathered: Any, expect: tuple[Any, ...], need: Any) -> None:
        """What came and what is missing are what was expected, each missing part with its reason."""
        came = 0
        for part in expect:
            if isinstance(part, Each):
                came += len(gathered[part])
            elif gathered.get(part) is not None:
                came += 1
        plain = sum(not isinstance(part, Each) for part in expect)
        if plain == len(expect) and came + len(gathered.missing) != len(expect):
            self.wrong.append(f"{came} came and {gathered.missing} missing of {expect}")
        if not all(missing.reason for missing in gathered.missing.values()):
            self.wrong.append(f"no reason in {gathered.missing}")
        if isinstance(need, int) and plain == len(expect) and came < min(need, plain) and not gathered.missing:
            self.wrong.append(f"{need} needed, {came} came, nothing missing")

    @staticmethod
    def end(program: Program, payload: Payload) -> object:
        match program.end:
            case "return":
                return make(KINDS[program.kind], number(payload) + 1)
            case "tuple":
                return (make(KINDS[program.kind], number(payload) + 1), make(KINDS[program.kind], number(payload) + 2))
            case "raise":
                raise ValueError("planned")
            case "wrong":
                return 1
        return None

    # --- the laws ---

    def look(self) -> None:
        """The account adds up at this moment."""
        bus = self.runtime._bus
        for subscriber in bus.subscribers.values():
            if subscriber not in self.everyone:
                self.everyone.append(subscriber)
        for subscriber in self.everyone:
            self.look_at(subscriber)
        if not self.runtime.statistics().totals.balanced:
            self.wrong.append(f"totals: {self.runtime.statistics().totals}")
        lying = Counter(delivery.message.scope for delivery in self.deliveries())
        lying.update(parked.scope for parked in bus.pending if parked.delivery is None)
        for run in bus.runs.open_runs.values():
            if not run.counts().balanced:
                self.wrong.append(f"run: {run.counts()}")
            for scope in run.root.tree():
                if scope.in_flight != lying.pop(scope, 0):
                    self.wrong.append(f"scope {scope.id} counts {scope.in_flight}")
        if lying:
            self.wrong.append(f"in flight in a forgotten scope: {lying}")

    def look_at(self, subscriber: Any) -> None:
        """One agent's account adds up, and its mailbox keeps its bound."""
        bus = self.runtime._bus
        parked = [one for one in bus.pending if one.delivery and one.delivery.subscription.subscriber is subscriber]
        kinds = Counter(one.kind for one in parked)
        one = agent_statistics(subscriber, kinds["hold"], kinds["rate"])
        if one.retrying != kinds["retry"]:
            self.wrong.append(f"{subscriber.card.id}: retrying")
        ended = one.handled + one.denied + one.expired + one.cancelled + one.dead_lettered
        if one.accepted != ended + one.in_flight:
            self.wrong.append(f"{subscriber.card.id}: {one}")
        if len(subscriber.queue) - subscriber.dead + subscriber.behind_keys > subscriber.capacity:
            self.wrong.append(
                f"{subscriber.card.id} holds {len(subscriber.queue)}+{subscriber.behind_keys} > {subscriber.capacity}"
            )
        if subscriber.behind_keys != sum(map(len, subscriber.keyed_queues.values())):
            self.wrong.append(f"{subscriber.card.id}: laned")

    def deliveries(self) -> Any:
        """Every delivery in flight, from where each lies, not from the index that the bus keeps."""
        bus = self.runtime._bus
        for subscriber in self.everyone:
            yield from subscriber.mail()
        yield from (parked.delivery for parked in bus.pending if parked.delivery is not None)
        yield from (
            worker.delivery for worker in bus.workers.all if worker.delivery is not None and worker.ended is None
        )

    def at_rest(self) -> None:
        """Nothing is left of anything."""
        bus = self.runtime._bus
        left = {
            "runs": bus.runs.open_runs, "pending": tuple(bus.pending), "holds": self.runtime.approvals.holds(),
            "dirty": bus.correlator._dirty, "timers": bus.timers.pending,
        }  # fmt: skip
        for name, what in left.items():
            if what:
                self.wrong.append(f"left {name}: {what}")
        for subscriber in self.everyone:
            mail = len(subscriber.queue) - subscriber.dead or subscriber.due or subscriber.waiters
            if mail or subscriber.holders or subscriber.behind_keys or subscriber.keyed_queues:
                self.wrong.append(f"left in the mailbox of {subscriber.card.id}: {list(subscriber.mail())}")
            if subscriber.limit != subscriber.capacity + subscriber.dead or subscriber.waiting or subscriber.running:
                self.wrong.append(f"{subscriber.card.id}: limit {subscriber.limit}, waiting {subscriber.waiting}")
        workers = bus.workers
        for worker in workers.all:
            if worker.delivery or worker.waits or worker.ended or worker.handling:
                self.wrong.append(f"a worker is not idle: {worker.delivery}")
        if len(workers.idle) != len(workers.all):
            self.wrong.append("there are idle workers that are gone")
        sent = {entry.message.number: entry.message for entry in self.journal if entry.message is not None}
        for message in sent.values():
            cause = sent.get(message.cause)
            if cause is not None and message.label < cause.label:
                self.wrong.append(f"{message} carries {message.label}, below its cause")
            if cause is not None and message.headers.widened_beyond(cause.headers):
                self.wrong.append(f"{message} is given more than its cause was")
        totals = sum((run.messages() for run in self.started), Counts())
        if totals.in_flight:
            self.wrong.append(f"runs at rest with {totals}")

    # --- outside ---

    async def operate(  # noqa: PLR0912 - one case a verb
        self, verb: str, pick: int, kind: int, group: Any
    ) -> None:
        runtime, agent = self.runtime, f"a{pick % len(self.specs)}"
        self.counter += 10
        question = make(KINDS[kind], self.counter)
        answer = KINDS[(kind + pick) % 4]
        match verb:
            case "ask":
                group.start_soon(self.ask, question, answer, None if pick > 3 else 6.0)
            case "gather":
                group.start_soon(self.gather, question, answer, ["all", "first", 1, 2][pick % 4], pick)
            case "start":
                with contextlib.suppress(GenieError):
                    self.started.append(runtime.start(question, answer, deadline_s=None if pick > 3 else 9.0))
            case "publish":
                group.start_soon(self.publish, question)
            case "cancel":
                if self.started:
                    self.started[pick % len(self.started)].cancel()
            case "leave":
                if self.scopes:
                    self.scopes[pick % len(self.scopes)].cancel()
            case "policies":
                self.offset += 1
                self.policy = Mixed(self.offset, self.harshness)
                runtime.operations.replace_policies(PolicySet((self.policy,)))
            case "revoke":
                runtime.operations.revoke("all")
            case "release" | "refuse":
                self.decide(verb, pick)
            case "redrive":
                for letter in runtime.operations.dead_letters()[-1:]:
                    with contextlib.suppress(GenieError):
                        await runtime.redrive(letter.id)
            case "add":
                with contextlib.suppress(GenieError):
                    await runtime.add(self.agent(pick % len(self.specs)))
            case "remove":
                with contextlib.suppress(GenieError):
                    await runtime.remove(agent)
            case "pause" | "resume" | "kill":
                with contextlib.suppress(GenieError):
                    getattr(runtime.operations, verb)(agent)

    def decide(self, verb: str, pick: int) -> None:
        holds = self.runtime.approvals.holds()
        if not holds:
            return
        held = holds[pick % len(holds)]
        try:
            if verb == "release":
                for stamp in held.decision.holds:
                    self.released.add((held.message.number, f"{held.recipient}@{stamp.rpartition('@')[2]}"))
                self.runtime.approvals.release(held.id)
            else:
                self.runtime.approvals.refuse(held.id)
        except InputError as error:
            self.wrong.append(str(error))

    async def ask(self, question: Payload, answer: type[Payload], within_s: float | None) -> None:
        with anyio.CancelScope() as scope, contextlib.suppress(GenieError):
            self.scopes.append(scope)
            await self.runtime.ask(question, answer, within_s=within_s)

    async def gather(self, question: Payload, answer: type[Payload], need: Any, pick: int) -> None:
        expect = (Each(answer),) if pick % 3 == 0 else (answer, Joined)
        with anyio.CancelScope() as scope, contextlib.suppress(GenieError):
            self.scopes.append(scope)
            gathered = await self.runtime.gather(
                question, expect=expect, need=need, within_s=None if pick > 4 else 3.0, cancel_rest=pick % 2 == 0
            )
            self.gathered(gathered, expect, need)

    async def publish(self, question: Payload) -> None:
        with anyio.CancelScope() as scope, contextlib.suppress(GenieError):
            self.scopes.append(scope)
            await self.runtime.publish(question)

    async def live(self, script: list[tuple[int, str, int, int]]) -> None:
        with anyio.fail_after(FOR_EVER_S):
            async with self.runtime, anyio.create_task_group() as group:
                for wait, verb, pick, kind in script:
                    await anyio.sleep(wait / 2)
                    await self.operate(verb, pick, kind, group)
                    self.look()
                await anyio.sleep(1)
                while self.runtime.statistics().runs:
                    if anyio.current_time() > FOR_EVER_S / 2:
                        self.wrong.append(f"never at rest: {self.runtime.statistics()}")
                        group.cancel_scope.cancel()
                        return
                    await anyio.sleep(1)
                    self.look()
                await anyio.sleep(100)  # handlers that shield themselves, and deadlines of what is over
                self.look()
                self.at_rest()


class _Third:
    """An agent that knows nothing of Genie but the protocol."""

    def __init__(self, card: AgentCard, function: Callable[..., Any]) -> None:
        self.card = card
        self._function = function

    async def handle(self, message: Message[Any], context: Any) -> object:
        return await self._function(message.payload, context)


def run(world: World, script: list[tuple[int, str, int, int]]) -> None:
    trio._core._run._r.seed(0)  # type: ignore[attr-defined]  # the order of tasks that are ready together
    clock = trio.testing.MockClock(autojump_threshold=0)
    anyio.run(world.live, script, backend="trio", backend_options={"clock": clock})
    assert not world.wrong, "\n".join(world.wrong[:5])


@settings(max_examples=100)
@given(
    st.lists(specs, min_size=1, max_size=5).map(tuple),
    st.integers(0, 5),
    st.lists(operations, min_size=1, max_size=14),
)
def test_laws_hold_in_every_topology(
    agents: tuple[Spec, ...], harshness: int, script: list[tuple[int, str, int, int]]
) -> None:
    run(World(agents, harshness), script)
