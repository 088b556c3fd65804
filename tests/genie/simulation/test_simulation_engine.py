"""A scenario under a seed: unmodified agents, people who decide, plain functions, deadlocks, and many seeds."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest

from genie.contracts.agent import Handlers, agent, handles
from genie.contracts.context import Context
from genie.contracts.message import Payload
from genie.errors import AgentDefinitionError, ConfigError
from genie.policy.policy import ALLOW, Hold, Judge, PolicySet, PolicySettings, Route
from genie.simulation.runner import simulate
from genie.simulation.scenario import Scenario
from genie.simulation.seed_search import forks, search
from genie.simulation.shrinking import shrink
from tests.genie.simulation.conftest import Made


class Ask(Payload, topic="eng.ask"):
    number: int


class Told(Payload, topic="eng.told"):
    number: int


class Letter(Payload, topic="eng.letter"):
    text: str


TEN = """
duration: 100s
workload:
  arrivals: [{every: 10s}]
  questions: [{fields: {number: "{number}"}}]
"""
WAY = "eng.ask -> eng.told"


@agent("double")
async def double(ask: Ask) -> Told:
    """Double it."""
    return Told(number=2 * ask.number)


@agent("reader")
async def reader(letter: Letter) -> Told:
    """Count the letters."""
    return Told(number=len(letter.text))


def test_the_clock_of_an_agent_is_the_scenarios(made: Made) -> None:
    seen: list[str] = []

    @agent("clock")
    async def clock(ask: Ask, context: Context) -> Told:
        await anyio.sleep(3600)
        seen.append(context.now().isoformat())
        return Told(number=ask.number)

    rest = TEN.replace("10s", "50s") + "start: 2026-03-01T12:00:00Z\n"
    record = simulate(made({"clock": clock}, WAY, rest))
    assert seen == ["2026-03-01T13:00:00+00:00", "2026-03-01T14:00:00+00:00"]
    assert record.latencies() == [3600.0, 7150.0]  # one at a time


@agent("threaded", executor="thread")
def threaded(ask: Ask) -> Told:
    """Answer from a thread."""
    return Told(number=ask.number)


@agent("apart", executor="process")
def apart(ask: Ask) -> Told:
    """Answer from a process."""
    return Told(number=ask.number)


@pytest.mark.parametrize("plain", [threaded, apart])
def test_plain_functions_take_their_declared_time(plain: Any, made: Made) -> None:
    record = simulate(made({plain.card.id: plain}, WAY, f"{TEN}work: {{{plain.card.id}: 2}}\n"))
    assert record.violations == []
    assert record.latencies() == pytest.approx([2.0] * 10)


def test_work_and_trouble_strike_plain_functions_too(made: Made) -> None:
    record = simulate(made({"threaded": threaded}, WAY, f"{TEN}trouble: [{{kind: raise, agent: threaded}}]\n"))
    assert record.outcomes() == {"failed": 10}


def test_each_simulation_begins_with_a_fresh_agent(made: Made) -> None:
    class Counter(Handlers, id="counter"):
        """Counts."""

        def __init__(self) -> None:
            self.seen: list[int] = []

        @handles
        async def count(self, ask: Ask) -> Told:
            self.seen.append(ask.number)
            return Told(number=len(self.seen))

    scenario = made({"counter": Counter}, WAY, TEN)
    assert simulate(scenario).journal_sha256 == simulate(scenario).journal_sha256


def test_an_agent_that_cannot_be_copied_is_named(made: Made) -> None:
    class Keeper(Handlers, id="keeper"):
        """Keeps something open."""

        def __init__(self) -> None:
            self.lines = (line for line in ())

        @handles
        async def keep(self, ask: Ask) -> Told:
            return Told(number=ask.number)

    with pytest.raises(AgentDefinitionError, match=r"'keeper'.*in open\(\)"):
        simulate(made({"keeper": Keeper}, WAY, TEN))


class TenHold:
    """Holds every message of one topic."""

    name = "ten_hold"
    version = "1"
    settings = PolicySettings()
    inspectors = ()

    def compile(self, route: Route) -> Judge | None:
        return (lambda *_: Hold("a person")) if route.payload is Ask else (lambda *_: ALLOW)


def held(made: Made, more: str) -> Scenario:
    scenario = made({"double": double}, WAY, TEN + more)
    return replace(scenario, pipeline=replace(scenario.pipeline, policies=PolicySet((TenHold(),))))


def test_people_decide_on_what_is_held(made: Made) -> None:
    record = simulate(held(made, "approvals: {after: 1h}\n"))
    assert record.outcomes() == {"answered": 10}
    assert record.latencies() == pytest.approx([3600.0] * 10)
    assert record.violations == []
    refused = simulate(held(made, "approvals: {after: 1h, approve: 0}\n"))
    assert refused.outcomes() == {"denied": 10}
    nobody = simulate(held(made, ""))
    assert nobody.outcomes() == {"held": 10}


def test_a_deadlock_names_who_waits_for_whom(made: Made) -> None:
    class Sub(Payload, topic="eng.sub"):
        number: int

    class Done(Payload, topic="eng.done"):
        number: int

    @agent("asker", asks={Sub: Done}, concurrency=4)
    async def asker(ask: Ask, context: Context) -> Told:
        found = await context.ask(Sub(number=ask.number), Done)
        return Told(number=found.number)

    @agent("stuck", concurrency=4)
    async def stuck(_sub: Sub) -> Done:
        await anyio.sleep_forever()
        raise AssertionError

    record = simulate(made({"asker": asker, "stuck": stuck}, WAY, TEN.replace("10s", "60s")))
    assert record.deadlock is not None
    assert "asker, handling eng.ask (sim-1), waits for stuck" in record.deadlock.replace("sim-2", "sim-1")
    assert "stuck, handling eng.sub" in record.deadlock
    assert "test_simulation_engine.py:" in record.deadlock
    assert {one.invariant for one in record.violations} == {"runs_end"}


def test_a_flood_is_broken_off(made: Made) -> None:
    rest = f"{TEN}trouble: [{{kind: flood, agent: double, times: 1000}}]\nlimits: {{messages: 50}}\n"
    record = simulate(made({"double": double}, WAY, rest))
    assert record.deadlock == "stopped after 50 messages, the limit of the scenario"


@pytest.mark.slow
def test_seeds_are_tried_in_their_order_with_the_same_result_in_any_process(made: Made) -> None:
    scenario = made({"double": double}, WAY, f"{TEN}work: {{double: {{exponential: 20}}}}\n")
    alone = search(scenario, range(1, 9), processes=1)
    masks: set[int] = set()
    others = {task.name for task in Path("/proc/self/task").iterdir()}  # the main thread, and those of the test run

    def told(_done: int, _all: int) -> None:
        for task in Path("/proc/self/task").glob("*/status"):
            if task.parent.name not in others:
                masks.update(int(line.split()[1], 16) for line in task.read_text().splitlines() if "SigBlk" in line)

    assert search(scenario, range(1, 9), processes=2, told=told) == alone
    # A signal that another thread got would not wake the main thread, which waits for results.
    blocked = {signal.SIGINT, signal.SIGTERM}
    assert masks
    assert all(mask >> (number - 1) & 1 for mask in masks for number in blocked)
    assert [one.seed for one in alone] == list(range(1, 9))
    assert len({one.journal_sha256 for one in alone}) == 8


def _writes_for_nobody() -> None:
    raise BrokenPipeError


def test_a_worker_whose_results_nobody_reads_ends_without_a_traceback(capfd: pytest.CaptureFixture[str]) -> None:
    """Was: the traceback of a worker behind "interrupted", where an interrupt met a result on its way."""
    worker = forks().Process(target=_writes_for_nobody)
    worker.start()
    worker.join()
    assert (worker.exitcode, capfd.readouterr().err) == (0, "")


def test_agents_that_are_ready_together_run_in_any_order(made: Made) -> None:
    orders: list[list[str]] = []

    def listener(name: str) -> Any:
        @agent(name)
        async def listen(ask: Ask) -> None:
            orders[-1].append(name)

        return listen

    names = ("double", "one", "two", "three")
    scenario = made({name: double if name == "double" else listener(name) for name in names}, WAY, TEN)
    for seed in range(1, 21):
        orders.append([])
        assert simulate(scenario, seed).violations == []
    assert len({tuple(order) for order in orders}) > 15
    orders.append([])
    simulate(scenario, 1)
    assert orders[-1] == orders[0]


def test_shrinking_says_when_a_failure_does_not_come_again(made: Made) -> None:
    assert shrink(made({"double": double}, WAY, TEN), 1, {"runs_end"}) is None


def test_a_compared_policy_set_judges_and_decides_nothing(made: Made) -> None:
    rest = f"{TEN}compare: {{id: tight, policies: [{{payload_size: {{max_bytes: 1}}}}]}}\ninvariants: [not_stricter]\n"
    record = simulate(made({"double": double}, WAY, rest))
    assert record.outcomes() == {"answered": 10}
    assert (record.compared_of, record.stricter) == (10, 10)
    assert "payload_size deny 10" in record.violations[0].text


def test_a_compared_policy_set_sees_what_its_own_inspectors_find(made: Made) -> None:
    ten = TEN.replace('number: "{number}"', "text: 4111 1111 1111 1111")
    rest = f"{ten}compare: {{id: pii, policies: [pii]}}\n"
    record = simulate(made({"reader": reader}, "eng.letter -> eng.told", rest))
    assert (record.compared_of, record.compared) == (10, {("pii", "redact"): 10})


def test_an_invariant_that_the_registry_lacks_is_not_loaded(made: Made) -> None:
    """Was: the pipeline of the scenario was missing too, so the test passed for that."""
    rest = f"{TEN}invariants: [ours]\n"
    assert made({"double": double}, WAY, rest, rules={"ours": lambda _record: ()})
    with pytest.raises(ConfigError) as refused:
        made({"double": double}, WAY, rest)
    [problem] = refused.value.problems
    assert "unknown invariant 'ours'" in problem


def test_the_load_is_sampled(made: Made) -> None:
    rest = f"{TEN.replace('{every: 10s}', '{every: 1s}')}work: {{double: 3}}\nlimits: {{drain: 1h}}\n"
    record = simulate(made({"double": double}, WAY, rest))
    assert record.outcomes() == {"answered": 100}
    deepest = max(sample.queued.get("double", 0) for sample in record.samples)
    assert 60 <= deepest <= 70  # a third is handled while they arrive
    assert max(sample.runs for sample in record.samples) >= deepest
