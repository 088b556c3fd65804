"""Ctrl-C ends `genie simulate` each time: an agent that swallows it cannot keep the command alive."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

AGENT = """
import sys

import anyio
from genie.contracts.agent import agent
from genie.contracts.message import Payload


class Ask(Payload, topic="apart.ask"):
    number: int


class Told(Payload, topic="apart.told"):
    text: str


@agent("apart", timeout_s=None)
async def apart(ask: Ask) -> Told:
    told = False
    while True:
        try:
            if not told:
                told = True
                print("ready", file=sys.stderr, flush=True)
            for _ in range(5_000_000):
                pass
        except BaseException:
            pass
        {rest}


AGENTS = {{"apart": apart}}
"""
ONE = """
duration: 1h
workload:
  arrivals: [{every: 1h}]
  questions: [{fields: {number: 1}}]
"""


@pytest.mark.parametrize("rest", ["await anyio.sleep(1)", "pass"])
def test_an_agent_that_swallows_an_interrupt_does_not_keep_it(rest: str, installed: Callable[[str, str], Path]) -> None:
    scenario = installed(AGENT.format(rest=rest), ONE)
    command = [sys.executable, "-m", "genie", "simulate", str(scenario), "--json", "--once", "--no-shrink"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as ran:
        assert ran.stderr is not None
        assert ran.stderr.readline() == "ready\n"
        ran.send_signal(signal.SIGINT)
        _, told = ran.communicate(timeout=60)
    assert ran.returncode == 130
    assert told.splitlines()[-1] == "interrupted"
