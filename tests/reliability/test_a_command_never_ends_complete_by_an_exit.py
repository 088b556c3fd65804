"""An agent that ends its process does not make ``genie run`` say that it was complete."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[2]
AGENTS = """
import sys

from genie import Payload, agent


class Question(Payload, topic="leavers.question"):
    text: str = "hello"


class Reply(Payload, topic="leavers.reply"):
    text: str


@agent("leaver", tier="production")
async def leaver(question: Question) -> Reply:
    sys.exit(0)


AGENTS = {"leaver": "leavers:leaver"}
"""
PIPELINE = """
version: 1
id: leavers
title: A pipeline of an agent that leaves
agents: [leaver]
input:
  payload: leavers.question
  fields:
    text: {from: question, default: hello}
output: leavers.reply
"""


def test_a_run_whose_agent_exits_is_a_failure_that_is_told(tmp_path: Path) -> None:
    (tmp_path / "leavers.py").write_text(AGENTS)
    about = tmp_path / "leavers-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: leavers\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[genie.agents]\nleavers = leavers:AGENTS\n")
    (tmp_path / "p.yaml").write_text(textwrap.dedent(PIPELINE))
    ended = subprocess.run(
        [sys.executable, "-c", "from genie.cli import main; main()", "run", "p.yaml", "--json"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"}, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    assert ended.returncode == 4, (ended.returncode, ended.stdout, ended.stderr)
    assert json.loads(ended.stdout)["status"] != "complete"
