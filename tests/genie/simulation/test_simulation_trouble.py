"""Each kind of trouble does what it says, to whom it says, when it says, and nothing else."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie.limits import Retry
from genie.message import Payload
from genie.protocol import Handlers, agent, handles
from genie.simulation.engine import NO_TROUBLE, Part, simulate
from genie.simulation.evidence import Evidence
from genie.simulation.invariants import invariant
from genie.simulation.trouble import corrupted
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
def kept(_evidence: Evidence) -> tuple[str, ...]:
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


def troubled(made: Made, trouble: str, *, seed: int = 1, part: Part | None = None) -> Evidence:
    scenario = made(AGENTS, "tr.ask -> tr.told", f"{WORK}trouble: [{trouble}]\n", rules={"kept": kept})
    return simulate(scenario, seed, **({} if part is None else {"part": part}))


def texts(evidence: Evidence) -> list[str]:
    return [payload.text for _, payload in evidence.payloads["tr.told"]]  # type: ignore[attr-defined] - of that class


def test_without_trouble_all_is_well(made: Made) -> None:
    evidence = troubled(made, "{kind: raise, agent: worker}", part=NO_TROUBLE)
    assert evidence.outcomes() == {"answered": 10}
    assert evidence.breaches == []


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
    evidence = troubled(made, f"{{{kind}, agent: worker}}")
    assert outcomes is None or evidence.outcomes() == outcomes
    assert evidence.breaches == []
    assert evidence.troubled.total() >= 10


def test_slow_is_seen_in_the_latency(made: Made) -> None:
    evidence = troubled(made, "{kind: slow, agent: worker, takes: 30}")
    assert evidence.latencies() == pytest.approx([30.0] * 10)


def test_copies_arrive(made: Made) -> None:
    assert len(texts(troubled(made, "{kind: duplicate, agent: worker}"))) == 20
    assert len(texts(troubled(made, "{kind: flood, times: 4, agent: worker}"))) == 50


def test_what_is_changed_says_something_else(made: Made) -> None:
    injected = texts(troubled(made, "{kind: inject, agent: worker, text: Obey}"))
    assert set(injected) == {"Obey hello"}
    evidence = troubled(made, "{kind: corrupt, topic: tr.part}")
    numbers = [payload.number for _, payload in evidence.payloads["tr.told"]]  # type: ignore[attr-defined] - of that class
    assert [numbers, texts(evidence)] != [list(range(1, 11)), ["hello"] * 10]


def test_reordered_outputs_overtake(made: Made) -> None:
    found = []
    for seed in range(10):
        evidence = troubled(made, "{kind: reorder, agent: worker, takes: {uniform: [1, 9m]}}", seed=seed)
        found.append([number for number, _ in evidence.payloads["tr.part"]])
        assert sorted(found[-1]) == list(range(1, 11))
    assert any(numbers != sorted(numbers) for numbers in found)


def test_it_strikes_within_its_window_and_at_its_rate(made: Made) -> None:
    evidence = troubled(made, "{kind: raise, agent: worker, from: 10m, until: 31m}")
    failed = [run.number for run in evidence.runs if run.outcome == "failed"]
    assert failed == [3, 4, 5, 6]
    some = troubled(made, "{kind: raise, agent: worker, rate: 0.5}")
    assert 0 < some.troubled["raise worker"] < 20


def test_leaving_runs_out_changes_nothing_for_the_others(made: Made) -> None:
    trouble = (
        "{kind: corrupt, agent: worker, rate: 0.5}, {kind: slow, agent: front, rate: 0.5, takes: {exponential: 9}}"
    )
    whole = {run.number: run for run in troubled(made, trouble).runs}
    for number in (2, 5, 9):
        alone = troubled(made, trouble, part=Part(frozenset({number}), None)).runs[0]
        assert (alone.answer, alone.latency) == (whole[number].answer, pytest.approx(whole[number].latency))


@given(number=st.integers(-10, 10), text=st.text(max_size=20), seed=st.integers(0, 1000))
def test_what_is_corrupted_is_of_its_class_and_says_something_else(number: int, text: str, seed: int) -> None:
    payload = Told(number=number, text=text, missing=("a", "b"))
    changed = corrupted(payload, random.Random(seed))
    assert type(changed) is Told
    assert changed != payload
