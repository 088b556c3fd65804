"""A distribution of toys, installed for the length of one test, and pipelines made of them."""

from __future__ import annotations

import fcntl
import os
import pty
import selectors
import struct
import subprocess
import sys
import termios
import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

TOYS = '''
from __future__ import annotations

import os
import signal

import anyio

from genie.errors import InputError
from genie.contracts.message import Payload, Value
from genie.policy.policy import Hold, PolicySettings
from genie.contracts.agent import Context, agent


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


@agent("broken", tier="production")
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


@agent("sleeper")
async def sleeper(question: Question, context: Context) -> Reply:
    """Says that it waits, and waits until it is stopped."""
    context.progress("waiting for ever")
    await anyio.sleep_forever()
    return Reply(text="never")


@agent("stubborn")
async def stubborn(question: Question, context: Context) -> Reply:
    """Says that it waits, and does not let itself be stopped."""
    context.progress("waiting for ever")
    with anyio.CancelScope(shield=True):
        await anyio.sleep_forever()
    return Reply(text="never")


@agent("deaf")
async def deaf(question: Question, context: Context) -> Reply:
    """Says that it blocks the loop, and blocks it."""
    print("blocked", flush=True)
    while True:
        pass
    return Reply(text="never")


@agent("obstinate")
async def obstinate(question: Question, context: Context) -> Reply:
    """Says that it waits, and waits again whatever stops it."""
    context.progress("waiting for ever")
    while True:
        try:
            await anyio.sleep_forever()
        except BaseException:
            pass
    return Reply(text="never")


@agent("quitter")
async def quitter(question: Question) -> Reply:
    """Ends the process, and says that all is well."""
    raise SystemExit(0)


@agent("interrupter")
async def interrupter(question: Question) -> Reply:
    """Raises what Ctrl-C raises."""
    raise KeyboardInterrupt


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
    texts = {"hold": "a person decides"}  # noqa: RUF012 - a constant

    def compile(self, route):
        return (lambda message, sender: Hold("a person decides")) if route.recipient.roles else None


class HoldAnswers(HoldAll):
    name = "hold_answers"

    def compile(self, route):
        return (lambda message, sender: Hold("a person decides")) if route.payload is Reply else None


AGENTS = {
    name: f"toys:{name}"
    for name in ("parrot", "gapped", "broken", "beside", "picky", "interrupted", "sleeper", "stubborn", "deaf",
                 "obstinate", "secretive", "friend", "quitter", "interrupter")
} | {"lacking": "toys_of_another_box:lacking"}
POLICIES = {"hold_answers": "toys:HoldAnswers"}
'''

ENTRY_POINTS = """
[genie.agents]
toys = toys:AGENTS

[genie.policies]
toys = toys:POLICIES
genie = genie.policies.index:POLICIES
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
        acting = "" if "policies:" in more else "policies: [payload_size]\n"
        path.write_text(f"{textwrap.dedent(text).lstrip()}{textwrap.dedent(more).rstrip()}\n{acting}")
        return str(path)

    return make


@pytest.fixture
def genie() -> Callable[..., Result]:
    """Return the command: called with words, it gives exit code, stdout and stderr."""
    from genie.cli import main

    def call(*words: str, input: str | bytes | None = None) -> Result:
        return CliRunner().invoke(main, list(words), input=input)

    return call


ROOT = Path(__file__).parents[3]
PATIENCE_S = 60.0
"""What a loaded machine may take for one step; nothing waits so long but a test that fails."""


class Terminal:
    """The command in a terminal of its own: it is the foreground job, and Ctrl-C reaches it as a person's would."""

    def __init__(self, words: tuple[str, ...], *, columns: int, environ: Mapping[str, str], path: str) -> None:
        self.screen = ""
        self._own, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        kept = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "COLUMNS", "LINES"}}
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from genie.cli import main; main()", *words],
            stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - nothing here runs threads
            env={**kept, "TERM": "xterm-256color", "PYTHONPATH": f"{path}{os.pathsep}{ROOT}", **environ},
        )  # fmt: skip
        os.close(theirs)

    def until(self, text: str) -> str:
        """Read until a text has appeared since the last call; return what came."""
        came = ""
        with selectors.DefaultSelector() as ready:
            ready.register(self._own, selectors.EVENT_READ)
            while text not in came:
                assert ready.select(PATIENCE_S), f"{text!r} did not come: {came!r}"
                came += self._read() or pytest.fail(f"ended without {text!r}: {self.screen!r}")
        return came

    def ended(self) -> int:
        """Read to the end and return the exit code."""
        while self._read():
            pass
        return self.process.wait(PATIENCE_S)

    def press(self, key: bytes) -> None:
        """Type a key; the terminal makes a signal of Ctrl-C."""
        os.write(self._own, key)

    def _read(self) -> str:
        try:
            text = os.read(self._own, 1 << 16).decode("utf-8", errors="replace")
        except OSError:  # Linux says so when the other side has gone
            return ""
        self.screen += text
        return text

    def close(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE_S)
        os.close(self._own)


@pytest.fixture
def terminal(toys: Path) -> Iterator[Callable[..., Terminal]]:
    """Return an opener of terminals in which the command runs."""
    opened: list[Terminal] = []

    def start(*words: str, columns: int = 100, **environ: str) -> Terminal:
        opened.append(Terminal(words, columns=columns, environ=environ, path=str(toys)))
        return opened[-1]

    yield start
    for one in opened:
        one.close()
