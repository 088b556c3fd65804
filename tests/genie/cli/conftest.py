"""A distribution of toys, installed for the length of one test, and pipelines made of them."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

TOYS = '''
from __future__ import annotations

import os
import signal

import anyio

from genie.errors import InputError
from genie.message import Payload, Value
from genie.policy import Hold, PolicySettings
from genie.protocol import Context, agent


class Question(Payload, topic="toys.question"):
    text: str = "hello"
    filename: str = "none"
    content: bytes = b""


class Part(Value):
    agent: str
    reason: str


class Reply(Payload, topic="toys.reply"):
    text: str
    missing: tuple[Part, ...] = ()
    notices: tuple[str, ...] = ()


class Side(Payload, topic="toys.side"):
    text: str


class Secret(Payload, topic="toys.secret", classification="restricted"):
    text: str


@agent("parrot", clearance="restricted", tier="production")
async def parrot(question: Question) -> Reply:
    """Says what it is asked."""
    return Reply(text=question.text)


@agent("gapped")
async def gapped(question: Question) -> Reply:
    """Says that a part is missing."""
    return Reply(text=question.text, missing=(Part(agent="sleeper", reason="late"),), notices=("a notice",))


@agent("broken")
async def broken(question: Question) -> Reply:
    """Raises."""
    raise ZeroDivisionError(question.text)


@agent("beside")
async def beside(question: Question) -> Side:
    """Raises beside an answer that comes."""
    raise KeyError(question.text)


@agent("picky")
async def picky(question: Question) -> Reply:
    """Cannot read its input."""
    raise InputError(question.filename, "is a photograph", "export a list")


@agent("interrupted")
async def interrupted(question: Question, context: Context) -> Reply:
    """Is stopped by a person."""
    os.kill(os.getpid(), signal.SIGINT)
    await anyio.sleep_forever()
    return Reply(text="never")


@agent("secretive", clearance="restricted")
async def secretive(question: Question) -> Secret:
    """Answers what not everybody may see."""
    return Secret(text=question.text)


class Lonely(Payload, topic="toys.lonely"):
    text: str


class Company(Payload, topic="toys.company"):
    text: str


@agent("friend")
async def friend(lonely: Lonely) -> Company:
    """Keeps company."""
    return Company(text=f"{lonely.text}, too")


class HoldAll:
    name = "hold_all"
    version = "1"
    settings = PolicySettings()
    inspectors = ()

    def compile(self, route):
        return (lambda message, sender: Hold("a person decides")) if route.recipient.roles else None


class HoldAnswers(HoldAll):
    name = "hold_answers"

    def compile(self, route):
        return (lambda message, sender: Hold("a person decides")) if route.payload is Reply else None


AGENTS = {
    name: f"toys:{name}"
    for name in ("parrot", "gapped", "broken", "beside", "picky", "interrupted", "secretive", "friend")
} | {"lacking": "toys_of_another_box:lacking"}
POLICIES = {"hold_answers": "toys:HoldAnswers"}
'''

ENTRY_POINTS = """
[genie.agents]
toys = toys:AGENTS

[genie.policies]
toys = toys:POLICIES
genie = genie.governance.catalogue:POLICIES
"""


@pytest.fixture(scope="session")
def toys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that holds the module and the metadata of an installed distribution."""
    folder = tmp_path_factory.mktemp("toys")
    (folder / "toys.py").write_text(TOYS)
    metadata = folder / "toys-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: toys\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text(ENTRY_POINTS)
    return folder


@pytest.fixture
def installed(toys: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Install the toys and work in an empty folder."""
    monkeypatch.syspath_prepend(str(toys))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def pipeline(installed: Path) -> Callable[..., str]:
    """Return a maker of pipeline files."""

    def make(*agents: str, output: str = "toys.reply", more: str = "") -> str:
        text = f"""
            version: 1
            id: toys
            title: A pipeline of toys
            agents: [{", ".join(agents)}]
            input:
              payload: toys.question
              fields:
                text: {{from: question, default: hello}}
                content: {{from: input}}
                filename: {{from: filename}}
            output: {output}
        """
        path = installed / "toys.yaml"
        path.write_text(textwrap.dedent(text).lstrip() + textwrap.dedent(more))
        return str(path)

    return make


@pytest.fixture
def genie() -> Callable[..., Result]:
    """Return the command: called with words, it gives exit code, stdout and stderr."""
    from genie.cli import main

    def call(*words: str, input: str | bytes | None = None) -> Result:
        return CliRunner().invoke(main, list(words), input=input)

    return call
