"""Each kind of trouble does what it says, to whom it says, when it says, and nothing else."""

from __future__ import annotations

import datetime
import enum
import random
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie.contracts.agent import Handlers, agent, handles
from genie.contracts.card import AgentCard
from genie.contracts.context import Context
from genie.contracts.limits import Retry
from genie.contracts.message import Message, Payload, Value
from genie.errors import ConfigError
from genie.simulation.fault_injection import corrupted, with_text
from genie.simulation.invariants import invariant
from genie.simulation.record import Record
from genie.simulation.runner import NO_TROUBLE, Subset, simulate
from tests.genie.simulation.conftest import Made


class Ask(Payload, topic="tr.ask"):
    number: int


class Part1(Payload, topic="tr.part"):
    number: int
    text: str = "hello"


class Told(Payload, topic="tr.told"):
    number: int
    text: str
    count: int = 1
    missing: tuple[str, ...] = ()


class Front(Handlers, id="front", asks={}, concurrency=64):
    """Hands on what it is told."""

    @handles
    async def told(self, part: Part1) -> Told:
        return Told(number=part.number, text=part.text)


@agent("worker", concurrency=64, retry=Retry(attempts=2, first_s=1.0))
async def worker(ask: Ask) -> Part1:
    """Tell."""
    return Part1(number=ask.number)


@invariant(topics=(Part1, Told))
def kept(_evidence: Record) -> tuple[str, ...]:
    """Keep payloads for the tests."""
    return ()


AGENTS = {"worker": worker, "front": Front}
WORK = """
duration: 1h
within: 10m
workload:
  arrivals: [{every: 6m}]
  questions: [{fields: {number: "{number}"}}]
invariants: [kept]
"""


def troubled(made: Made, trouble: str, *, seed: int = 1, part: Subset | None = None) -> Record:
    scenario = made(AGENTS, "tr.ask -> tr.told", f"{WORK}trouble: [{trouble}]\n", rules={"kept": kept})
    return simulate(scenario, seed, **({} if part is None else {"part": part}))


def texts(record: Record) -> list[str]:
    return [payload.text for _, payload in record.payloads["tr.told"]]  # type: ignore[attr-defined] - of that class


def test_without_trouble_all_is_well(made: Made) -> None:
    record = troubled(made, "{kind: raise, agent: worker}", part=NO_TROUBLE)
    assert record.outcomes() == {"answered": 10}
    assert record.violations == []


@pytest.mark.parametrize(
    ("kind", "outcomes"),
    [
        ("kind: raise", {"failed": 10}),
        ("kind: hang", {"expired": 10}),
        ("kind: drop", {"failed": 10}),
        ("kind: wrong_type", {"failed": 10}),
        ("kind: slow, takes: 30", {"answered": 10}),
        ("kind: duplicate", {"answered": 10}),
        ("kind: flood, times: 20", {"answered": 10}),
        ("kind: corrupt", {"answered": 10}),
        ("kind: inject", {"answered": 10}),
        ("kind: reorder, takes: {uniform: [1, 20m]}", None),
    ],
)
def test_a_kind_does_what_it_says_and_the_account_balances(
    kind: str, outcomes: dict[str, int] | None, made: Made
) -> None:
    record = troubled(made, f"{{{kind}, agent: worker}}")
    assert outcomes is None or record.outcomes() == outcomes
    assert record.violations == []
    assert record.injected.total() >= 10


def test_slow_is_seen_in_the_latency(made: Made) -> None:
    record = troubled(made, "{kind: slow, agent: worker, takes: 30}")
    assert record.latencies() == pytest.approx([30.0] * 10)


def test_copies_arrive(made: Made) -> None:
    assert len(texts(troubled(made, "{kind: duplicate, agent: worker}"))) == 20
    assert len(texts(troubled(made, "{kind: flood, times: 4, agent: worker}"))) == 50


def test_what_is_changed_says_something_else(made: Made) -> None:
    injected = texts(troubled(made, "{kind: inject, agent: worker, text: Obey}"))
    assert set(injected) == {"Obey hello"}
    record = troubled(made, "{kind: corrupt, topic: tr.part}")
    numbers = [payload.number for _, payload in record.payloads["tr.told"]]  # type: ignore[attr-defined] - of that class
    assert [numbers, texts(record)] != [list(range(1, 11)), ["hello"] * 10]


def test_reordered_outputs_overtake(made: Made) -> None:
    found = []
    for seed in range(10):
        record = troubled(made, "{kind: reorder, agent: worker, takes: {uniform: [1, 9m]}}", seed=seed)
        found.append([number for number, _ in record.payloads["tr.part"]])
        assert sorted(found[-1]) == list(range(1, 11))
    assert any(numbers != sorted(numbers) for numbers in found)


def test_it_strikes_within_its_window_and_at_its_rate(made: Made) -> None:
    record = troubled(made, "{kind: raise, agent: worker, from: 10m, until: 31m}")
    failed = [run.number for run in record.runs if run.outcome == "failed"]
    assert failed == [3, 4, 5, 6]
    some = troubled(made, "{kind: raise, agent: worker, rate: 0.5}")
    assert 0 < some.injected["raise worker"] < 20


def test_leaving_runs_out_changes_nothing_for_the_others(made: Made) -> None:
    trouble = (
        "{kind: corrupt, agent: worker, rate: 0.5}, {kind: slow, agent: front, rate: 0.5, takes: {exponential: 9}}"
    )
    whole = {run.number: run for run in troubled(made, trouble).runs}
    for number in (2, 5, 9):
        alone = troubled(made, trouble, part=Subset(frozenset({number}), None)).runs[0]
        assert (alone.answer, alone.latency) == (whole[number].answer, pytest.approx(whole[number].latency))


@agent("worker", concurrency=64)
async def streaming(ask: Ask) -> AsyncIterator[Part1]:
    """Tell bit by bit."""
    yield Part1(number=ask.number)


@agent("worker", concurrency=64, publishes=(Part1,))
async def publishing(ask: Ask, context: Context) -> None:
    """Tell on the way."""
    await context.publish(Part1(number=ask.number))


@agent("worker", concurrency=64, publishes=(Part1,))
async def telling_later(ask: Ask, context: Context) -> None:
    """Tell a little later."""
    context.after(0.5, Part1(number=ask.number))


@agent("worker", concurrency=64, executor="thread")
def threaded(ask: Ask) -> Part1:
    """Tell from a thread."""
    return Part1(number=ask.number)


@agent("worker", concurrency=64, executor="process")
def processed(ask: Ask) -> Part1:
    """Tell from a process."""
    return Part1(number=ask.number)


class Stranger:
    """An agent by its protocol alone."""

    card = AgentCard(id="worker", concurrency=64, consumes=frozenset({Ask}), produces=frozenset({Part1}))

    async def handle(self, message: Message[Ask], context: Context) -> Part1:
        return Part1(number=message.payload.number)


SHAPES = {
    "streaming": streaming, "publishing": publishing, "telling_later": telling_later, "threaded": threaded,
    "processed": processed, "stranger": Stranger(),
}  # fmt: skip
CHANGING = (
    "raise", "hang", "slow, takes: 30", "drop", "duplicate", "reorder, takes: {uniform: [1, 9m]}", "corrupt",
    "wrong_type", "flood, times: 3", "inject",
)  # fmt: skip


def what_came(record: Record) -> tuple[object, ...]:
    told = [(number, payload.number, payload.text) for number, payload in record.payloads["tr.told"]]  # type: ignore[attr-defined] - of that class
    return record.outcomes(), [round(one, 3) for one in record.latencies()], told


@pytest.mark.parametrize("shape", SHAPES)
def test_every_kind_strikes_every_shape_of_agent(shape: str, made: Made) -> None:
    agents = {"worker": SHAPES[shape], "front": Front}
    undisturbed = what_came(simulate(made(agents, "tr.ask -> tr.told", WORK, rules={"kept": kept})))
    assert undisturbed[0] == {"answered": 10}
    for kind in CHANGING:
        text = f"{WORK}trouble: [{{kind: {kind}, agent: worker}}]\n"
        record = simulate(made(agents, "tr.ask -> tr.told", text, rules={"kept": kept}))
        assert record.violations == []
        assert record.injected.total() >= 10, kind
        assert what_came(record) != undisturbed, kind


class Asked(Payload, topic="tr.asked"):
    text: str


class Heard(Payload, topic="tr.heard"):
    text: str


@agent("desk", asks={Asked: (Heard,)})
async def desk(ask: Ask, context: Context) -> Told:
    """Asks somebody else."""
    heard = await context.ask(Asked(text="why"), Heard)
    return Told(number=ask.number, text=heard.text)


@agent("hearer")
async def hearer(asked: Asked) -> Heard:
    """Says what it was asked."""
    return Heard(text=asked.text)


def test_questions_on_the_way_are_reworded(made: Made) -> None:
    text = f"{WORK}trouble: [{{kind: inject, agent: desk, topic: tr.asked, text: Obey}}]\n"
    agents = {"desk": desk, "hearer": hearer}
    record = simulate(made(agents, "tr.ask -> tr.told", text, rules={"kept": kept_told}))
    assert set(texts(record)) == {"Obey why"}
    assert record.injected == {"inject desk": 10}


@invariant(topics=(Told,))
def kept_told(_evidence: Record) -> tuple[str, ...]:
    """Keep answers for the tests."""
    return ()


@pytest.mark.parametrize("kind", ["raise", "hang", "slow, takes: 1", "duplicate", "raise, late: true, rate: 0.5"])
def test_trouble_that_could_never_strike_is_refused(kind: str, made: Made) -> None:
    late = "late" in kind
    topic = "tr.told" if late else "tr.part"
    with pytest.raises(ConfigError, match=f"never affects worker with '{topic}'"):
        made(AGENTS, "tr.ask -> tr.told", f"{WORK}trouble: [{{kind: {kind}, agent: worker, topic: {topic}}}]\n",
             rules={"kept": kept})  # fmt: skip


class Dumb(Payload, topic="tr.dumb"):
    number: int


@agent("mute")
async def mute(ask: Ask) -> Dumb:
    """Answers with a number."""
    return Dumb(number=ask.number)


def test_what_changes_nothing_is_not_counted(made: Made) -> None:
    text = WORK.replace("invariants: [kept]", "trouble: [{kind: inject, agent: mute}]")
    record = simulate(made({"mute": mute}, "tr.ask -> tr.dumb", text))
    assert record.outcomes() == {"answered": 10}
    assert not record.injected  # there is no text to put one before


class Level(enum.Enum):
    LOW = "low"
    HIGH = "high"


class Sum(Value):
    kind: Literal["in", "out"]
    minor: Decimal
    note: str


class Deep(Payload, topic="tr.deep"):
    level: Level
    label: Literal["a", "b"] = "a"
    on: datetime.date = datetime.date(2026, 1, 5)
    sums: tuple[Sum, ...] = ()
    best: Sum | None = None


DEEP = Deep(level=Level.LOW, best=Sum(kind="in", minor=Decimal("1.50"), note="rent"))


def test_a_text_is_put_before_the_first_one_however_deep() -> None:
    assert with_text(DEEP, "Obey").best == Sum(kind="in", minor=Decimal("1.50"), note="Obey rent")
    listed = Deep(level=Level.LOW, sums=(Sum(kind="in", minor=Decimal(1), note="a"),))
    assert with_text(listed, "Obey").sums[0].note == "Obey a"
    assert with_text(Deep(level=Level.LOW), "Obey") == Deep(level=Level.LOW)


@given(seed=st.integers(0, 1000))
def test_what_is_deep_is_corrupted_too(seed: int) -> None:
    changed = corrupted(DEEP, random.Random(seed))
    assert type(changed) is Deep
    assert changed != DEEP
    assert Deep.model_validate(changed.model_dump()) == changed


@given(number=st.integers(-10, 10), text=st.text(max_size=20), seed=st.integers(0, 1000))
def test_what_is_corrupted_is_of_its_class_and_says_something_else(number: int, text: str, seed: int) -> None:
    payload = Told(number=number, text=text, missing=("a", "b"))
    changed = corrupted(payload, random.Random(seed))
    assert type(changed) is Told
    assert changed != payload
