"""A second process shows what no guard can refuse: its journal differs, and the first differing record is named."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from genie.simulation.replay import simulate_twice
from genie.simulation.runner import Subset, simulate
from genie.simulation.scenario import load

AGENT = """
import numpy
from genie.contracts.agent import agent
from genie.contracts.context import Context
from genie.contracts.message import Payload


class Ask(Payload, topic="apart.ask"):
    number: int


class Told(Payload, topic="apart.told"):
    text: str


@agent("apart")
async def apart(ask: Ask, context: Context) -> Told:
    if ask.number < 3:
        return Told(text="the same")
    return Told(text=str({read}))


AGENTS = {{"apart": apart}}
"""
BUSY = """

def busy() -> None:
    import sys

    print("busy", file=sys.stderr, flush=True)
    while True:
        pass
"""
FOUR = """
duration: 4h
workload:
  arrivals: [{every: 1h}]
  questions: [{fields: {number: "{number}"}}]
"""
READS = {
    "an address": "id(object())",
    "a hash": "hash('text')",
    "the order of a set": "list({'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'})",
    "a clock by its class": "type(context.now()).now()",
    "a clock of an extension": "numpy.datetime64('now')",
}


@pytest.mark.parametrize("what", READS)
def test_a_difference_names_the_first_record_that_differs(what: str, installed: Callable[[str, str], Path]) -> None:
    scenario = load(installed(AGENT.format(read=READS[what]), FOUR))
    journal = io.StringIO()
    record = simulate_twice(scenario, journal=journal)
    assert record.difference is not None
    lines = journal.getvalue().splitlines()
    answers = [n for n, line in enumerate(lines, 1) if '"kind":"accepted"' in line and '"apart.told"' in line]
    number = answers[2]  # the first two are the same
    assert record.difference.startswith(f"two processes differ at record {number}: ")
    assert lines[number - 1] in record.difference
    assert [one.invariant for one in record.violations] == ["repeatable"]
    assert hashlib.sha256(journal.getvalue().encode()).hexdigest() == record.journal_sha256


def test_what_a_seed_repeats_is_the_same_in_both(installed: Callable[[str, str], Path]) -> None:
    scenario = load(installed(AGENT.format(read="(context.now(), context.random.random())"), FOUR))
    record = simulate_twice(scenario, 5, part=Subset(frozenset({1, 4})))
    assert record.difference is None
    assert record.violations == []
    assert record.journal_sha256 == simulate(scenario, 5, part=Subset(frozenset({1, 4}))).journal_sha256


def test_a_second_process_that_fails_is_a_difference(installed: Callable[[str, str], Path]) -> None:
    path = installed(AGENT.format(read="ask.number"), FOUR)
    scenario = load(path)
    path.write_text("not a scenario")
    record = simulate_twice(scenario)
    assert record.difference is not None
    assert record.difference.startswith("the second process failed: ")
    assert "ConfigError" in record.difference


def test_the_second_process_ends_when_its_pipe_closes(installed: Callable[[str, str], Path]) -> None:
    """The first process may end at once, and an agent of the second may never stop."""
    path = installed(AGENT.format(read="busy()"), FOUR)
    source = path.parent / "apart_agents.py"
    source.write_text(f"{source.read_text()}{BUSY}")
    request = {"path": str(path), "seed": 1, "begun": 0, "arrivals": None, "trouble": None}
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    reading, writing = os.pipe()
    with os.fdopen(reading), subprocess.Popen(
        [sys.executable, "-m", "genie.simulation.replay", str(writing)],
        stdin=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=(writing,), env=environment, text=True,
    ) as process:  # fmt: skip
        os.close(writing)
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(f"{json.dumps(request)}\n")
        process.stdin.flush()
        assert process.stderr.readline() == "busy\n"
        process.stdin.close()
        assert process.wait(timeout=60) == 1
